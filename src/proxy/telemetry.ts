/**
 * Telemetry (grpc-contract 3): answers settings at once, whatever the state of the cluster, and keeps the
 * stream only to push other settings later. Nothing else depends on it: a client without a stream is served.
 */
import type { GroupPolicy } from '../broker/machine/index.ts'
import { BrokerError } from '../base/errors.ts'
import type { GroupView } from '../broker/machine/view.ts'
import type { Settings, Subscription } from '../rpc/apache-definition.ts'
import type { TelemetryCommand } from '../rpc/apache-service.ts'
import { type BidiMethod, type BidiStream, type CallContext, GrpcCode, GrpcFailure } from '../rpc/service.ts'
import { type Caller, callerOf } from './caller.ts'
import { telemetryCommands } from './codecs.ts'
import { checkGroup, checkTopic } from './names.ts'
import { filterOf } from './filter-expression.ts'
import { Refusal } from './refusal.ts'
import { mergeSettings } from './settings.ts'
import { OK } from './status.ts'

/** Settings are kept as long as their stream, so they may not be endless. */
const SETTINGS_BYTES_MAX = 128 * 1024

/** What the streams need of the rest of the facade. */
export interface TelemetryOptions {
  group(name: string): GroupView | undefined
  /** A consumer announced itself. Must not throw, and nothing waits for it. */
  announced(caller: Caller, subscription: Subscription): void
  /** A producer announced itself. */
  seen(caller: Caller): void
}

/** What is known of a stream: enough to push settings that have changed. */
interface Session {
  readonly stream: BidiStream
  settings: Settings
  policy: GroupPolicy | undefined
}

/** All telemetry streams of one node. */
export class Telemetry {
  readonly #options: TelemetryOptions
  /** The latest stream of each client id that has sent settings. */
  readonly #sessions = new Map<string, Session>()

  constructor(options: TelemetryOptions) {
    this.#options = options
  }

  /** Clients with a stream on this node. */
  get sessions(): number {
    return this.#sessions.size
  }

  /** Pushes settings to the clients whose group has changed since they were told. */
  groupsChanged(): void {
    for (const session of this.#sessions.values()) {
      if (this.#policy(session.settings) !== session.policy) this.#answer(session)
    }
  }

  /** The method. Ends with OK when the client half-closes; fails with INVALID_ARGUMENT for illegal settings. */
  readonly handle: BidiMethod = async (context, stream) => {
    const caller = this.#callerOf(context, stream)
    let session: Session | undefined
    try {
      for await (const bytes of stream) {
        if (caller === undefined) continue
        const settings = settingsOf(bytes)
        if (settings === undefined) continue
        session = { stream, settings, policy: undefined }
        this.#sessions.set(caller.clientId, session)
        this.#answer(session)
        if (settings.subscription === undefined) this.#options.seen(caller)
        else this.#options.announced(caller, settings.subscription)
      }
    } finally {
      const last = caller === undefined ? undefined : this.#sessions.get(caller.clientId)
      if (caller !== undefined && last !== undefined && last === session) {
        this.#sessions.delete(caller.clientId)
      }
    }
  }

  /** A client without an id is told so and its stream stays open, as RocketMQ does. */
  #callerOf(context: CallContext, stream: BidiStream): Caller | undefined {
    try {
      return callerOf(context)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      stream.send(telemetryCommands.encode({ status: { code: error.code, message: error.message } }))
      return undefined
    }
  }

  #answer(session: Session): void {
    session.policy = this.#policy(session.settings)
    const settings = mergeSettings(session.settings, session.policy)
    session.stream.send(telemetryCommands.encode({ status: OK, command: 'settings', settings }))
  }

  #policy(settings: Settings): GroupPolicy | undefined {
    const name = settings.subscription?.group?.name
    return name === undefined ? undefined : this.#options.group(name)?.policy
  }
}

/** The settings in a command; `undefined` for every other command: those answer what we never ask. */
function settingsOf(bytes: Uint8Array): Settings | undefined {
  try {
    const { settings }: TelemetryCommand = telemetryCommands.decode(bytes)
    if (settings === undefined) return undefined
    if (bytes.byteLength > SETTINGS_BYTES_MAX) {
      throw new BrokerError('BAD_REQUEST', `settings have at most ${SETTINGS_BYTES_MAX} bytes`)
    }
    return checked(settings)
  } catch (error) {
    if (error instanceof Refusal || error instanceof BrokerError) {
      throw new GrpcFailure(
        GrpcCode.INVALID_ARGUMENT,
        `process client telemetryCommand failed. ${error.message}`,
        { cause: error },
      )
    }
    throw error
  }
}

/** Throws for settings that RocketMQ refuses, but passes blank topics over: old Node clients send one. */
function checked(settings: Settings): Settings {
  const { publishing, subscription } = settings
  if (subscription !== undefined) {
    checkGroup(subscription.group?.name)
    for (const { topic, expression } of subscription.subscriptions) {
      checkTopic(topic?.name)
      filterOf(expression)
    }
  } else if (publishing !== undefined) {
    for (const { name } of publishing.topics) if (name.trim() !== '') checkTopic(name)
  } else {
    throw new BrokerError('BAD_REQUEST', 'the settings are neither of a producer nor of a consumer')
  }
  return settings
}
