/**
 * Telemetry (grpc-contract 3): answers settings at once, whatever the state of the cluster, and keeps the
 * stream only to push other settings later. Nothing else depends on it: a client without a stream is served.
 */
import type { GroupPolicy } from '../broker/machine/index.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import type { GroupView } from '../broker/machine/view.ts'
import type { Settings, Subscription } from '../rpc/apache-definition.ts'
import type { TelemetryCommand } from '../rpc/apache-service.ts'
import { type BidiMethod, type BidiStream, type CallContext, GrpcCode, GrpcFailure } from '../rpc/service.ts'
import { type Caller, callerOf } from './caller.ts'
import { ClientCommands } from './client-commands.ts'
import { ClientSessions, type Session } from './client-sessions.ts'
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
  readonly clock: Clock
  /** Where this member serves clients, `host:port`. */
  readonly storeHost: string
}

/** All telemetry streams of one node. */
export class Telemetry {
  readonly #options: TelemetryOptions
  readonly sessions = new ClientSessions()
  readonly commands: ClientCommands

  constructor(options: TelemetryOptions) {
    this.#options = options
    this.commands = new ClientCommands(this.sessions, options.clock, options.storeHost)
  }

  /** Pushes settings to the clients whose group has changed since they were told. */
  groupsChanged(): void {
    for (const session of this.sessions.all()) {
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
        const command = decoded(bytes)
        const settings = settingsOf(command, bytes.byteLength)
        if (settings === undefined) {
          this.commands.answered(caller.clientId, command)
          continue
        }
        const mono = this.#options.clock.mono()
        const { peer } = context
        session ??= {
          caller,
          stream,
          peer,
          connectedMono: mono,
          heardMono: mono,
          settings,
          policy: undefined,
        }
        session.heardMono = mono
        this.sessions.put(session, settings)
        this.#answer(session)
        if (settings.subscription === undefined) this.#options.seen(caller)
        else this.#options.announced(caller, settings.subscription)
      }
    } finally {
      if (session !== undefined) this.sessions.remove(session)
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

function decoded(bytes: Uint8Array): TelemetryCommand {
  return orInvalid(() => telemetryCommands.decode(bytes))
}

/** The settings in a command, which has so many bytes; `undefined` for every other command. */
function settingsOf({ settings }: TelemetryCommand, bytes: number): Settings | undefined {
  return orInvalid(() => {
    if (settings === undefined) return undefined
    if (bytes > SETTINGS_BYTES_MAX) {
      throw new BrokerError('BAD_REQUEST', `settings have at most ${SETTINGS_BYTES_MAX} bytes`)
    }
    return checked(settings)
  })
}

/** What a client does wrong here ends its stream. */
function orInvalid<T>(read: () => T): T {
  try {
    return read()
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
