/**
 * What became of one message: how each group that reads its topic stands with it, from the state; and what the log
 * tells of it, from a scan of the entries behind it.
 *
 * The log holds commands, not what came of them. A command that was refused when it was applied leaves no trace in
 * the state; here it is left out by the same rules as far as one message can tell: a message is handed out when it is
 * new to the group or visible again, and acks, changes and renewals count for the delivery that holds it.
 */
import { unreachable } from '../../base/assert.ts'
import type { LogPosition, QueueOffset } from '../../base/brand.ts'
import { BytesError, viewOf } from '../../base/bytes.ts'
import { TRACE_BYTES_MAX, TRACE_EVENTS_MAX } from '../../base/limits.ts'
import { UnknownVersionError } from '../../base/state-machine.ts'
import type { Claim, Command, Delivery, GroupId, QueueNumber } from '../machine/commands.ts'
import { attemptOf } from '../machine/delivery-number.ts'
import { decodeCommand } from '../machine/command-decode.ts'
import { COMMAND_HEADER_BYTES, COMMAND_KINDS } from '../machine/command-encode.ts'
import { commandEnd, ENTRY_HEADER_BYTES, stampOf } from '../machine/entry-codec.ts'
import { DEAD_LETTER_PREFIX } from '../machine/topics.ts'
import type { MachineView } from '../machine/view.ts'

/** What the log says happened to a message. */
export type TraceEventType =
  | 'delivered'
  /** A repeat of the receive got it once more, as the same delivery. */
  | 'repeated'
  | 'acked'
  | 'changed'
  | 'renewed'
  | 'released'
  | 'dead'
  /** The group's place in the queue was set: it may get the message once more. */
  | 'reset'

/** One event, in log time. */
export interface TraceEvent {
  readonly type: TraceEventType
  readonly atMs: number
  readonly groupId: GroupId
  readonly attempt: number
  /** 16 hexadecimal digits: a hash of the client's id. Empty when the event is nobody's. */
  readonly client: string
  /** Until when the message is invisible then; 0 when that does not matter. */
  readonly visibleAtMs: number
}

/** How a group stands with a message now. */
export interface GroupStand {
  readonly group: string
  readonly groupId: GroupId
  /**
   * `waiting`: not handed out yet. `inFlight`: handed out. `visible`: its invisible time is over. `done`: acked, passed
   * over by a filter, or dead.
   */
  readonly state: 'waiting' | 'inFlight' | 'visible' | 'done'
  readonly attempt: number
  readonly visibleAtMs: number
  /** The topic that its dead letters go to, if it has one. */
  readonly deadLetterTopic: string | null
}

/** The events that were found, and how far the log was read for them. */
export interface LogTrace {
  readonly events: readonly TraceEvent[]
  readonly bytesRead: number
  /** False: the scan ended at its limit and later events are missing. */
  readonly complete: boolean
}

/** The groups that read the topic of a queue. */
export function standsOf(view: MachineView, queue: QueueNumber, offset: QueueOffset): GroupStand[] {
  const topicId = view.queue(queue)?.topicId
  const stands: GroupStand[] = []
  for (const group of view.groups()) {
    const consumer = view.consumer(group.id, queue)
    if (consumer === undefined || topicId === undefined || !group.topics.includes(topicId)) continue
    const claim = view.claimAt(group.id, queue, offset)
    const inFlight = claim !== undefined && claim.visibleAt > view.now ? 'inFlight' : 'visible'
    const name = `${DEAD_LETTER_PREFIX}${group.name}`
    stands.push({
      group: group.name,
      groupId: group.id,
      state: offset >= consumer.cursor ? 'waiting' : claim === undefined ? 'done' : inFlight,
      attempt: attemptOf(claim?.attempt ?? 0),
      visibleAtMs: claim?.visibleAt ?? 0,
      deadLetterTopic: view.topic(name) === undefined ? null : name,
    })
  }
  return stands
}

/** Reads entries of the log one after the other until nothing more can be told or a limit is met. */
export async function traceLog(
  bodies: (position: LogPosition) => AsyncIterable<Uint8Array>,
  position: LogPosition,
  queue: QueueNumber,
  offset: QueueOffset,
  signal: AbortSignal,
): Promise<LogTrace> {
  const tracer = new Tracer(queue, offset)
  let bytesRead = 0
  for await (const body of bodies(position)) {
    const isOver = bytesRead >= TRACE_BYTES_MAX || tracer.events.length >= TRACE_EVENTS_MAX
    if (isOver || signal.aborted) return { events: tracer.events, bytesRead, complete: false }
    bytesRead += body.byteLength
    if (body.byteLength > 0) tracer.entry(body)
  }
  return { events: tracer.events, bytesRead, complete: true }
}

/** Commands that may be about a message in a queue. */
const TELLING = [
  'claim',
  'claimInOrder',
  'ack',
  'changeInvisible',
  'release',
  'releaseClient',
  'renew',
  'deadLetter',
  'forwardDead',
  'resetOffsets',
  'claimRepeat',
] as const
type Telling = Extract<Command, { readonly type: (typeof TELLING)[number] }>
const TELLING_KINDS: ReadonlySet<number> = new Set(TELLING.map((type) => COMMAND_KINDS[type]))

/** A delivery that the log told of. */
interface Held {
  attempt: number
  visibleAtMs: number
  readonly client: string
  readonly request: string
}

type Claiming = Pick<Claim, 'groupId' | 'request' | 'client' | 'invisibleMs'>

/** Follows one message through the log. */
class Tracer {
  readonly events: TraceEvent[] = []
  readonly #queue: QueueNumber
  readonly #offset: QueueOffset
  readonly #held = new Map<GroupId, Held>()
  /** The attempt that was acked last. */
  readonly #acked = new Map<GroupId, number>()
  #nowMs = 0

  constructor(queue: QueueNumber, offset: QueueOffset) {
    this.#queue = queue
    this.#offset = offset
  }

  entry(body: Uint8Array): void {
    const view = viewOf(body)
    this.#nowMs = Math.max(this.#nowMs, stampOf(body) ?? 0)
    let end: number | undefined = ENTRY_HEADER_BYTES
    while (end < body.byteLength) {
      const at: number = end
      end = commandEnd(view, at)
      if (end === undefined) return
      if (!TELLING_KINDS.has(view.getUint8(at))) continue
      const command = decoded(body.subarray(at, end))
      if (command !== undefined) this.#command(command)
    }
  }

  #command(command: Telling): void {
    switch (command.type) {
      case 'claim': {
        const part = command.parts.find(({ queue }) => queue === this.#queue)
        if (part === undefined) return
        const isNew = part.offsets.includes(this.#offset)
        if (!isNew && !part.again.includes(this.#offset)) return
        this.#claimed(command, isNew)
        return
      }
      case 'claimInOrder': {
        const isThis = (one: { readonly queue: QueueNumber; readonly offset: QueueOffset }): boolean =>
          one.queue === this.#queue && one.offset === this.#offset
        const isHandedOut =
          command.lanes.some(({ messages }) => messages.some(isThis)) ||
          command.messages.some((one) => one.handedOut && isThis(one))
        if (isHandedOut) this.#claimed(command, null)
        return
      }
      case 'ack':
        for (const receipt of command.receipts) {
          if (this.#holds(receipt) === undefined) continue
          this.#event('acked', receipt.groupId, 0)
          this.#acked.set(receipt.groupId, attemptOf(receipt.attempt))
          this.#held.delete(receipt.groupId)
        }
        return
      case 'changeInvisible':
        this.#moved('changed', command.receipt, command.invisibleMs)
        return
      case 'renew':
        for (const delivery of command.deliveries) this.#moved('renewed', delivery, command.invisibleMs)
        return
      case 'release':
        for (const delivery of command.deliveries) {
          const { groupId, deadline } = delivery
          // A repeat of the receive, or a change, moved the end of the delivery meanwhile.
          if (deadline !== undefined && deadline !== this.#held.get(groupId)?.visibleAtMs) continue
          this.#released(delivery)
        }
        return
      case 'releaseClient':
        for (const [groupId, held] of this.#held) {
          if (held.client !== hex(command.client) || (command.groupId ?? groupId) !== groupId) continue
          this.#released({ groupId, queue: this.#queue, offset: this.#offset, attempt: held.attempt })
        }
        return
      case 'deadLetter':
        if (command.queue !== this.#queue || !command.items.some(({ offset }) => offset === this.#offset))
          return
        this.#event('dead', command.groupId, 0)
        this.#held.delete(command.groupId)
        return
      case 'forwardDead':
        if (this.#holds(command.receipt) === undefined) return
        this.#event('dead', command.receipt.groupId, 0)
        this.#held.delete(command.receipt.groupId)
        return
      case 'resetOffsets':
        if (command.queues.some(({ queue }) => queue === this.#queue)) this.#reset(command.groupId)
        return
      case 'claimRepeat':
        this.#repeated(hex(command.request), command.invisibleMs)
        return
      default:
        unreachable(command)
    }
  }

  /** `isNew` is `null` where the command does not say: order repeats what was acked behind what was not. */
  #claimed({ groupId, request, client, invisibleMs }: Claiming, isNew: boolean | null): void {
    const held = this.#held.get(groupId)
    if (isNew === (held !== undefined) || (held !== undefined && held.visibleAtMs > this.#nowMs)) return
    const visibleAtMs = this.#nowMs + invisibleMs
    const attempt = (held?.attempt ?? this.#acked.get(groupId) ?? 0) + 1
    this.#held.set(groupId, { attempt, visibleAtMs, client: hex(client), request: hex(request) })
    this.#event('delivered', groupId, visibleAtMs)
  }

  #repeated(request: string, invisibleMs: number): void {
    for (const [groupId, held] of this.#held) {
      if (held.request !== request || held.visibleAtMs <= this.#nowMs) continue
      held.visibleAtMs = this.#nowMs + invisibleMs
      this.#event('repeated', groupId, held.visibleAtMs)
    }
  }

  /** Places before the message make it new to the group, places behind it pass it over. */
  #reset(groupId: GroupId): void {
    this.#event('reset', groupId, 0)
    this.#held.delete(groupId)
    this.#acked.delete(groupId)
  }

  #moved(type: 'changed' | 'renewed', delivery: Delivery, invisibleMs: number): void {
    const held = this.#holds(delivery)
    if (held === undefined) return
    held.visibleAtMs = this.#nowMs + invisibleMs
    this.#event(type, delivery.groupId, held.visibleAtMs)
  }

  #released(delivery: Delivery): void {
    const held = this.#holds(delivery)
    if (held === undefined) return
    held.visibleAtMs = this.#nowMs
    this.#event('released', delivery.groupId, 0)
    held.attempt -= 1
  }

  /** The delivery, if it holds this message. */
  #holds({ groupId, queue, offset, attempt }: Delivery): Held | undefined {
    if (queue !== this.#queue || offset !== this.#offset) return undefined
    const held = this.#held.get(groupId)
    return held?.attempt === attemptOf(attempt) && held.visibleAtMs > this.#nowMs ? held : undefined
  }

  #event(type: TraceEventType, groupId: GroupId, visibleAtMs: number): void {
    const held = this.#held.get(groupId)
    const { attempt = 0, client = '' } = held ?? {}
    this.events.push({ type, atMs: this.#nowMs, groupId, attempt, client, visibleAtMs })
  }
}

function decoded(bytes: Uint8Array): Telling | undefined {
  try {
    const command = decodeCommand(bytes[0] ?? 0, bytes[1] ?? 0, bytes.subarray(COMMAND_HEADER_BYTES))
    return isTelling(command) ? command : undefined
  } catch (error) {
    if (error instanceof BytesError || error instanceof UnknownVersionError) return undefined
    throw error
  }
}

function isTelling(command: Command): command is Telling {
  return TELLING.some((type) => type === command.type)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
