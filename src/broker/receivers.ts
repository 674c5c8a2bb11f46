/**
 * Receivers on the leader: those that wait for messages, and the claims that are made for them. Nothing
 * polls: a receiver is looked at when it comes, when messages arrive in its topic, when a claim on its queues
 * ends, and when a message becomes visible again.
 *
 * A queue has at most one round of claims of a group under way; the receivers of one round are planned
 * together, and all their claims of a turn stand in one entry of the log.
 */
import { randomBytes } from 'node:crypto'
import type { Millis, QueueOffset } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { RECEIVERS_PARKED_MAX } from '../base/limits.ts'
import type { Clock } from '../base/ports.ts'
import type { Chosen } from './claim-planner.ts'
import { clientHash } from './client-liveness.ts'
import type { Missing } from './filter-reads.ts'
import { expectReply } from './known-names.ts'
import type { ReceivedMessage, ReceiveRequest } from './leader-port.ts'
import type { ClaimedMessage, GroupId, Pointer, QueueNumber, TopicId } from './machine/commands.ts'
import { encodeCommand } from './machine/index.ts'
import { attemptOf } from './machine/delivery-number.ts'
import { isDeadLetterTopic } from './machine/topics.ts'
import type { MachineView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import type { ReplicatedLog } from './replicated-log.ts'
import { type RoundPlan, roundPlanner } from './round.ts'

const NOTHING: ReadonlyMap<number, Uint8Array> = new Map()

export interface ReceiversOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly reader: MessageReader
  readonly clock: Clock
  /** Log time now. */
  readonly now: () => Millis
}

/** Rooms whose place in their queues is remembered. */
const ROTATIONS_MAX = 10_000

/** One waiting call. */
interface Waiting {
  readonly request: ReceiveRequest
  readonly resolve: (messages: readonly ReceivedMessage[]) => void
  readonly reject: (error: unknown) => void
  /** The request's key, until a claim under it was answered empty: then one that is used for nothing else. */
  key: Uint8Array
  /** A claim for it is under way: its end decides. */
  claiming: boolean
  ended: boolean
  cancelTimer: () => void
}

/** The receivers of one group and topic. */
interface Room {
  readonly groupId: GroupId
  readonly topicId: TopicId
  readonly waiting: Set<Waiting>
  readonly busy: Set<QueueNumber>
  rotation: number
  loading: boolean
  /** Messages that were read for filters, by their position: until they were planned with. */
  fetched: ReadonlyMap<number, Uint8Array>
}

export class Receivers {
  readonly #options: ReceiversOptions
  readonly #rooms = new Map<string, Room>()
  /** Where rooms that nobody waits in stood in their queues: who comes again goes on there. */
  readonly #rotations = new Map<string, number>()
  #parked = 0

  constructor(options: ReceiversOptions) {
    this.#options = options
  }

  /** Calls that wait now. */
  get parked(): number {
    return this.#parked
  }

  /** Hands out messages of the topic to a group; empty when none came until the polling time. */
  async receive(
    groupId: GroupId,
    topicId: TopicId,
    request: ReceiveRequest,
  ): Promise<readonly ReceivedMessage[]> {
    if (this.#parked >= RECEIVERS_PARKED_MAX) throw new BrokerError('BUSY', 'too many receivers are waiting')
    const room = this.#room(groupId, topicId)
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        request,
        resolve,
        reject,
        key: request.requestKey,
        claiming: false,
        ended: false,
        cancelTimer: () => undefined,
      }
      const giveUp = (): void => {
        if (!waiting.claiming) this.#end(room, waiting, [])
      }
      const left = Math.max(0, request.pollUntilMono - this.#options.clock.mono())
      waiting.cancelTimer = this.#options.clock.timer(left, giveUp)
      request.signal.addEventListener('abort', giveUp, { once: true })
      room.waiting.add(waiting)
      this.#parked++
      const held = this.#options.view.claimsOfRequest(request.requestKey)
      if (held.length > 0) void this.#repeat(room, waiting)
      else this.#pump(room)
    })
  }

  /** A receive that was answered before gets the same messages, for another time from now on. */
  async #repeat(room: Room, waiting: Waiting): Promise<void> {
    const { requestKey: request, invisibleMs } = waiting.request
    waiting.claiming = true
    try {
      const { reply } = await this.#options.log.propose(
        encodeCommand({ type: 'claimRepeat', request, invisibleMs: invisibleMs as Millis }),
      )
      waiting.claiming = false
      const { messages } = expectReply(reply, 'claimed')
      if (messages.length > 0) void this.#hand(room, waiting, messages, [])
      else this.#pump(room)
    } catch (error) {
      waiting.claiming = false
      this.#fail(room, waiting, error)
    }
  }

  /** Messages arrived in these topics, or may have become visible in them. */
  arrived(topicIds: ReadonlySet<TopicId>): void {
    for (const room of this.#rooms.values()) {
      const retry = this.#options.view.retryTopic(room.groupId, room.topicId)
      const concerns = topicIds.has(room.topicId) || (retry !== undefined && topicIds.has(retry.id))
      if (concerns) this.#pump(room)
    }
  }

  /** A deadline has passed: looks at every room. */
  pumpAll(): void {
    for (const room of this.#rooms.values()) this.#pump(room)
  }

  /** This member leads no more: everyone who waits hears so and asks the new leader. */
  leadershipLost(): void {
    const error = new BrokerError('NOT_LEADER', 'this member does not lead')
    for (const room of this.#rooms.values()) {
      for (const waiting of room.waiting) {
        if (!waiting.claiming) this.#fail(room, waiting, error)
      }
    }
  }

  #room(groupId: GroupId, topicId: TopicId): Room {
    const key = `${groupId}:${topicId}`
    let room = this.#rooms.get(key)
    if (room === undefined) {
      room = {
        groupId,
        topicId,
        waiting: new Set(),
        busy: new Set(),
        rotation: this.#rotations.get(key) ?? 0,
        loading: false,
        fetched: NOTHING,
      }
      this.#rooms.set(key, room)
    }
    return room
  }

  /** Plans and proposes claims for everyone in the room who has none under way. */
  #pump(room: Room): void {
    const { view, log, reader } = this.#options
    if (room.waiting.size === 0 || !log.leading) return
    const group = view.groupById(room.groupId)
    const topic = view.topicById(room.topicId)
    if (group === undefined || topic === undefined) {
      this.#failRoom(room, group === undefined ? 'GROUP_NOT_FOUND' : 'TOPIC_NOT_FOUND')
      return
    }
    const planFor = roundPlanner({
      view,
      reader,
      group,
      topic,
      now: this.#options.now(),
      stored: (pointer) => room.fetched.get(pointer.position) ?? reader.cachedMessage(pointer),
      busy: room.busy,
    })
    const plans: { readonly waiting: Waiting; readonly plan: RoundPlan }[] = []
    for (const waiting of room.waiting) {
      if (waiting.claiming) continue
      const plan = planFor(waiting.request, room.rotation)
      if (plan.missing.length > 0) void this.#load(room, plan.missing)
      if (plan.queues.length > 0) {
        plans.push({ waiting, plan })
        room.rotation++
      } else if (plan.missing.length === 0) break
    }
    if (plans.length > 0) void this.#claim(room, plans)
  }

  /** Reads what a plan lacked, then plans again. */
  async #load(room: Room, missing: readonly Missing[]): Promise<void> {
    if (room.loading) return
    room.loading = true
    const fetched = new Map<number, Uint8Array>()
    try {
      await Promise.all(missing.map((one) => this.#fetch(one, fetched)))
    } catch (error) {
      for (const waiting of room.waiting) if (!waiting.claiming) this.#fail(room, waiting, error)
    }
    room.loading = false
    room.fetched = fetched
    this.#pump(room)
    room.fetched = NOTHING
  }

  /** What retention has taken meanwhile is not there any more: the cursor has moved, too. */
  async #fetch({ queue, offset, pointer }: Missing, into: Map<number, Uint8Array>): Promise<void> {
    const { reader } = this.#options
    const stored = pointer === undefined ? undefined : await reader.read(queue, offset, pointer)
    if (pointer === undefined) await reader.pointer(queue, offset)
    else if (stored !== undefined) into.set(pointer.position, stored)
  }

  /** Proposes the claims of one round; the queues are busy until all of them were applied. */
  async #claim(
    room: Room,
    plans: readonly { readonly waiting: Waiting; readonly plan: RoundPlan }[],
  ): Promise<void> {
    const queues = new Set(plans.flatMap(({ plan }) => plan.queues))
    for (const queue of queues) room.busy.add(queue)
    await Promise.all(plans.map(async ({ waiting, plan }) => this.#claimOne(room, waiting, plan)))
    for (const queue of queues) room.busy.delete(queue)
    this.#pump(room)
  }

  async #claimOne(room: Room, waiting: Waiting, plan: RoundPlan): Promise<void> {
    const { request } = waiting
    waiting.claiming = true
    try {
      const { reply } = await this.#options.log.propose(
        encodeCommand(
          plan.command({
            // A plan that only passes over messages must not use up the request's key.
            request: plan.chosen.length > 0 ? waiting.key : randomBytes(16),
            client: clientHash(request.clientId),
            invisibleMs: request.invisibleMs as Millis,
            autoRenew: request.autoRenew,
          }),
        ),
      )
      if (reply.type === 'refused') throw new BrokerError(reply.code, reply.message)
      const claimed = reply.type === 'claimed' ? reply.messages : []
      waiting.claiming = false
      if (claimed.length === 0 && plan.chosen.length > 0) waiting.key = randomBytes(16)
      if (claimed.length > 0) void this.#hand(room, waiting, claimed, plan.chosen)
      else if (this.#isOver(waiting)) this.#end(room, waiting, [])
    } catch (error) {
      waiting.claiming = false
      this.#fail(room, waiting, error)
    }
  }

  #isOver(waiting: Waiting): boolean {
    return waiting.request.signal.aborted || this.#options.clock.mono() >= waiting.request.pollUntilMono
  }

  /** Reads what was claimed and answers; what the client can no longer get is given back. */
  async #hand(
    room: Room,
    waiting: Waiting,
    claimed: readonly ClaimedMessage[],
    chosen: readonly Chosen[],
  ): Promise<void> {
    waiting.claiming = true
    try {
      if (waiting.request.signal.aborted) throw new BrokerError('CANCELLED', 'the receiver is gone')
      const messages: ReceivedMessage[] = []
      const passedOver: ReceivedMessage[] = []
      for (const message of claimed) {
        const received = await this.#read(room, message, pointerOf(chosen, message))
        // Retention ended the claim meanwhile.
        if (received === undefined) continue
        const matches = waiting.request.filter.matches(received.stored)
        ;(matches ? messages : passedOver).push(received)
      }
      if (passedOver.length > 0) this.#passOver(passedOver)
      if (waiting.request.signal.aborted) throw new BrokerError('CANCELLED', 'the receiver is gone')
      waiting.claiming = false
      if (messages.length > 0 || this.#isOver(waiting)) this.#end(room, waiting, messages)
      else this.#pump(room)
    } catch (error) {
      waiting.claiming = false
      this.release(claimed.map((message) => ({ groupId: room.groupId, ...message })))
      this.#fail(room, waiting, error)
    }
  }

  async #read(
    room: Room,
    message: ClaimedMessage,
    known: Pointer | undefined,
  ): Promise<ReceivedMessage | undefined> {
    const { view, reader } = this.#options
    const stored = await reader.read(message.queue, message.offset, known)
    if (stored === undefined) return undefined
    const queue = view.queue(message.queue)
    const topic = view.topicById(room.topicId)?.name ?? ''
    return {
      stored,
      queueId: queue?.queueId ?? 0,
      offset: message.offset,
      attempt: attemptOf(message.attempt),
      receipt: {
        groupId: room.groupId,
        queue: message.queue,
        offset: message.offset,
        attempt: message.attempt,
        deadline: message.deadline,
      },
      topic,
      deadLetter: isDeadLetterTopic(topic),
    }
  }

  /** A tag whose hash equals another's: the message counts as consumed, as any that does not match. */
  #passOver(messages: readonly ReceivedMessage[]): void {
    const receipts = messages.map((message) => message.receipt)
    this.#proposeQuietly(encodeCommand({ type: 'ack', request: randomBytes(16), receipts }))
  }

  /** Gives deliveries back that never left for a client. */
  release(
    deliveries: readonly {
      readonly groupId: GroupId
      readonly queue: QueueNumber
      readonly offset: QueueOffset
      readonly attempt: number
    }[],
  ): void {
    if (deliveries.length > 0) this.#proposeQuietly(encodeCommand({ type: 'release', deliveries }))
  }

  /** If it fails the claims simply end by time, or the new leader knows them by their request. */
  #proposeQuietly(command: ReturnType<typeof encodeCommand>): void {
    this.#options.log.propose(command).catch(() => undefined)
  }

  #end(room: Room, waiting: Waiting, messages: readonly ReceivedMessage[]): void {
    if (this.#leave(room, waiting)) waiting.resolve(messages)
  }

  #fail(room: Room, waiting: Waiting, error: unknown): void {
    if (this.#leave(room, waiting)) waiting.reject(error)
  }

  #failRoom(room: Room, code: 'GROUP_NOT_FOUND' | 'TOPIC_NOT_FOUND'): void {
    const error = new BrokerError(code, 'it was deleted while the receiver waited')
    for (const waiting of room.waiting) if (!waiting.claiming) this.#fail(room, waiting, error)
  }

  #leave(room: Room, waiting: Waiting): boolean {
    if (waiting.ended) return false
    waiting.ended = true
    waiting.cancelTimer()
    room.waiting.delete(waiting)
    this.#parked--
    if (room.waiting.size === 0 && room.busy.size === 0) {
      const key = `${room.groupId}:${room.topicId}`
      this.#rooms.delete(key)
      if (this.#rotations.size >= ROTATIONS_MAX) this.#rotations.clear()
      this.#rotations.set(key, room.rotation)
    }
    return true
  }
}

function pointerOf(chosen: readonly Chosen[], message: ClaimedMessage): Pointer | undefined {
  return chosen.find((one) => one.queue === message.queue && one.offset === message.offset)?.pointer
}
