/**
 * The door of the gRPC facade: every method of apache.rocketmq.v2.MessagingService on one node. It serves any
 * client without having seen it before; what matters is known from the request, the group and the log.
 */
import { RECEIVERS_PARKED_MAX, REQUEST_BYTES_WAITING_MAX, REQUESTS_WAITING_MAX } from '../base/limits.ts'
import { broken } from '../base/assert.ts'
import type { Logger } from '../base/ports.ts'
import type { CallContext, Method, ServerStreamMethod, UnaryMethod } from '../rpc/service.ts'
import { Admission } from './admission.ts'
import type { CallHead, LeaderMethod } from './call-head.ts'
import { type Caller, callerOf, dueMonoOf, headOf } from './caller.ts'
import type { ClientCommands } from './client-commands.ts'
import type { ClientSessions } from './client-sessions.ts'
import type { Cluster } from './cluster.ts'
import { ackRequests, subscriptions } from './codecs.ts'
import { HandedOver } from './handed-over.ts'
import { refusalReply, runLeaderCall } from './leader-calls.ts'
import type { LeaderContext } from './leader-context.ts'
import { metricsExportMethod } from './metrics-export.ts'
import { notImplementedMethods } from './not-implemented.ts'
import { Patience } from './patience.ts'
import { pullMethod } from './pull.ts'
import { assignmentHere } from './query-assignment.ts'
import { routeHere } from './query-route.ts'
import { receiveMethod } from './receive.ts'
import { RequestKeys } from './request-keys.ts'
import { Router } from './router.ts'
import { messageGroupsOf, SendOrder } from './send-order.ts'
import { SignsOfLife } from './signs-of-life.ts'
import { isPassing, OK, statusOf } from './status.ts'
import { statusReply } from './status-reply.ts'
import { Tasks } from './tasks.ts'
import { Telemetry } from './telemetry.ts'

const PREFIX = '/apache.rocketmq.v2.MessagingService'
/** How long the facade goes on to tell the leader what no client waits for. */
const BACKGROUND_MS = 30_000
const BACKGROUND_CALLS_MAX = 10_000
const NOTHING = new Uint8Array(0)
/** Who calls when the node itself has something to tell. */
const NOBODY: Caller = { clientId: '', language: '', clientVersion: '', userAgent: '' }
const OK_REPLY = statusReply(OK)

/** What a facade stands on. The limits are those of `base/limits.ts` unless a test sets others. */
export interface ProxyOptions {
  readonly cluster: Cluster
  /** This node's own: used while it leads, and to answer from what it knows. */
  readonly context: LeaderContext
  readonly logger: Logger
  readonly requestsMax?: number
  readonly requestBytesMax?: number
  readonly receiversMax?: number
}

/** Answers from this node's own state; `undefined` when only the leader can. Throws `Refusal`. */
type AnswerHere = (context: LeaderContext, request: Uint8Array) => Uint8Array | undefined

/** The facade of one node. Closed by its maker, after the server that calls its methods. */
export class Proxy {
  /** For the server of `src/rpc`. */
  readonly methods: readonly Method[]
  readonly #options: ProxyOptions
  readonly #router: Router
  readonly #telemetry: Telemetry
  readonly #life: SignsOfLife
  readonly #tasks: Tasks
  readonly #handedOver: HandedOver
  readonly #requestKeys = new RequestKeys()
  readonly #sendOrder = new SendOrder()
  readonly #calls: Admission
  readonly #receives: Admission
  /** The time of each call that no client waits for. */
  readonly #untold = new Set<Patience>()
  readonly #background = new Admission(BACKGROUND_CALLS_MAX, REQUEST_BYTES_WAITING_MAX)

  constructor(options: ProxyOptions) {
    const { cluster, context, logger } = options
    this.#options = options
    this.#tasks = new Tasks(logger)
    this.#calls = new Admission(
      options.requestsMax ?? REQUESTS_WAITING_MAX,
      options.requestBytesMax ?? REQUEST_BYTES_WAITING_MAX,
    )
    this.#receives = new Admission(options.receiversMax ?? RECEIVERS_PARKED_MAX, REQUEST_BYTES_WAITING_MAX)
    this.#router = new Router({
      cluster,
      clock: context.clock,
      runHere: (head, request, signal) => runLeaderCall(context, head, request, signal),
    })
    this.#life = new SignsOfLife(context.clock, (caller) => {
      this.#tell(headOf(caller, 'clientSeen', this.#requestKeys.next()), NOTHING, true)
    })
    this.#handedOver = new HandedOver(context.clock, (handles) => {
      const entries = handles.map((receiptHandle) => ({ receiptHandle }))
      const head = headOf(NOBODY, 'handedOver', this.#requestKeys.next())
      this.#tell(head, ackRequests.encode({ entries }), true)
    })
    this.#telemetry = new Telemetry({
      clock: context.clock,
      storeHost: context.storeHost,
      group: (name) => context.view.group(name),
      seen: (caller) => this.#life.seen(caller),
      announced: (caller, subscription) => {
        const head = headOf(caller, 'contact', this.#requestKeys.next())
        this.#tell(head, subscriptions.encode(subscription), true)
      },
    })
    this.methods = this.#methods()
  }

  /** What the facade is busy with, for metrics and tests. */
  get load(): { readonly calls: number; readonly receives: number; readonly telemetrySessions: number } {
    return {
      calls: this.#calls.count,
      receives: this.#receives.count,
      telemetrySessions: this.#telemetry.sessions.count,
    }
  }

  /** The clients with a stream on this node. */
  get sessions(): ClientSessions {
    return this.#telemetry.sessions
  }

  /** What can be asked of them. */
  get commands(): ClientCommands {
    return this.#telemetry.commands
  }

  /** Topics or groups changed on this node: clients whose settings depend on it are told. */
  catalogChanged(): void {
    this.#telemetry.groupsChanged()
  }

  /** Gives up what no client waits for. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#handedOver.flush()
    for (const patience of this.#untold) patience.abandon()
    await this.#tasks.idle()
  }

  #methods(): readonly Method[] {
    const unary = (name: string, handle: UnaryMethod): Method => ({
      type: 'unary',
      path: `${PREFIX}/${name}`,
      handle,
    })
    return [
      unary('SendMessage', this.#atLeader('sendMessage')),
      unary('AckMessage', this.#atLeader('ackMessage')),
      unary('ChangeInvisibleDuration', this.#atLeader('changeInvisible')),
      unary('RecallMessage', this.#atLeader('recallMessage')),
      unary('EndTransaction', this.#atLeader('endTransaction')),
      unary('QueryRoute', this.#hereOrAtLeader('queryRoute', routeHere)),
      unary('QueryAssignment', this.#hereOrAtLeader('queryAssignment', assignmentHere)),
      unary('ForwardMessageToDeadLetterQueue', this.#atLeader('forwardDead')),
      unary('UpdateOffset', this.#atLeader('updateOffset')),
      unary('GetOffset', this.#atLeader('getOffset')),
      unary('QueryOffset', this.#atLeader('queryOffset')),
      // No client gains anything from an error here, and some leave a node that gives one.
      unary('Heartbeat', this.#atLeader('heartbeat', OK_REPLY)),
      unary('NotifyClientTermination', this.#atLeader('notifyTermination', OK_REPLY)),
      { type: 'serverStream', path: `${PREFIX}/ReceiveMessage`, handle: this.#receive() },
      { type: 'serverStream', path: `${PREFIX}/PullMessage`, handle: this.#pull() },
      { type: 'bidi', path: `${PREFIX}/Telemetry`, handle: this.#telemetry.handle },
      ...notImplementedMethods(),
      metricsExportMethod(),
    ]
  }

  #receive(): ServerStreamMethod {
    return receiveMethod({
      router: this.#router,
      clock: this.#options.context.clock,
      admission: this.#receives,
      requestKeys: this.#requestKeys,
      // Not repeated: meanwhile the message may be with another consumer under the same attempt.
      release: (head, request) => this.#tell(head, request, false),
      handedOver: (handles) => this.#handedOver.add(handles),
    })
  }

  #pull(): ServerStreamMethod {
    return pullMethod({
      router: this.#router,
      clock: this.#options.context.clock,
      admission: this.#receives,
      requestKeys: this.#requestKeys,
    })
  }

  /** Answers with what the leader says; with `unreached`, if given, when no leader can be asked in time. */
  #atLeader(method: LeaderMethod, unreached?: Uint8Array): UnaryMethod {
    return async (context, request) => {
      try {
        const caller = callerOf(context)
        if (method === 'heartbeat') this.#heard(caller)
        return await this.#ask(context, caller, method, request)
      } catch (error) {
        if (unreached !== undefined && isPassing(error)) return unreached
        return this.#refusal(method, request, error)
      }
    }
  }

  /** Answers from this node's state, or asks the leader about what it does not know. */
  #hereOrAtLeader(method: LeaderMethod, answer: AnswerHere): UnaryMethod {
    return async (context, request) => {
      try {
        const caller = callerOf(context)
        const reply = answer(this.#options.context, request)
        if (reply === undefined) return await this.#ask(context, caller, method, request)
        this.#life.seen(caller)
        return reply
      } catch (error) {
        return this.#refusal(method, request, error)
      }
    }
  }

  async #ask(
    context: CallContext,
    caller: Caller,
    method: LeaderMethod,
    request: Uint8Array,
  ): Promise<Uint8Array> {
    const { clock } = this.#options.context
    const patience = new Patience(clock, dueMonoOf(context.deadlineMono, clock.mono()))
    const head = headOf(caller, method, this.#requestKeys.next())
    try {
      const call = { head, request, patience, reserveMs: 0, repeatable: true, abortable: false }
      const ask = async (): Promise<Uint8Array> =>
        firstOf(await this.#router.call({ ...call, admission: this.#calls }))
      const groups = method === 'sendMessage' ? messageGroupsOf(request, caller.clientId) : []
      return groups.length === 0 ? await ask() : await this.#inOrder(groups, request, patience, ask)
    } finally {
      patience.close()
    }
  }

  /** Sends after those of the same message groups that are under way. What waits counts as what is under way. */
  async #inOrder(
    groups: readonly string[],
    request: Uint8Array,
    patience: Patience,
    send: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const bytes = request.byteLength
    let isWaiting = true
    const leave = (): void => {
      if (isWaiting) this.#calls.leave(bytes)
      isWaiting = false
    }
    this.#calls.enter(bytes)
    try {
      return await this.#sendOrder.run(groups, patience, () => {
        leave()
        return send()
      })
    } finally {
      leave()
    }
  }

  #heard({ clientId }: Caller): void {
    this.#telemetry.sessions.heard(clientId, this.#options.context.clock.mono())
  }

  #refusal(method: LeaderMethod, request: Uint8Array, error: unknown): Uint8Array {
    return firstOf(refusalReply(method, request, statusOf(error), this.#options.context.clock.wall()))
  }

  /** Tells the leader something that no client waits for. */
  #tell(head: CallHead, request: Uint8Array, repeatable: boolean): void {
    const { clock } = this.#options.context
    const patience = new Patience(clock, clock.mono() + BACKGROUND_MS)
    this.#untold.add(patience)
    const call = { head, request, patience, reserveMs: 0, repeatable, abortable: false }
    const told = this.#router.call({ ...call, admission: this.#background }).finally(() => {
      patience.close()
      this.#untold.delete(patience)
    })
    this.#tasks.add(told, 'the leader could not be told')
  }
}

/** A unary call has one response message. */
function firstOf(messages: readonly Uint8Array[]): Uint8Array {
  return messages[0] ?? broken('the leader part of a unary call answers')
}
