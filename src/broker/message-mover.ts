/**
 * Reads messages that are needed from below a rising floor and has them appended again, up to a limit: first
 * what groups have in flight, then dead letters and what came into a queue later than it was sent, the newest first.
 */
import { queueOffset, type LogPosition, type QueueOffset } from '../base/brand.ts'
import { MOVED_BYTES_TARGET, TRANSACTION_REACH_BYTES } from '../base/limits.ts'
import type { MovedItem, QueueNumber } from './machine/commands.ts'
import { encodeCommand } from './machine/index.ts'
import {
  acceptedTypes,
  holdsOldMessages,
  MESSAGE_TYPE_DELAY,
  MESSAGE_TYPE_TRANSACTION,
} from './machine/topics.ts'
import type { MachineView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import type { ReplicatedLog } from './replicated-log.ts'

/** Messages of these types come into their queues later than they were sent. */
const OLDER_TYPES: ReadonlySet<number> = new Set([MESSAGE_TYPE_DELAY, MESSAGE_TYPE_TRANSACTION])

export class MessageMover {
  readonly #view: MachineView
  readonly #log: ReplicatedLog
  readonly #reader: MessageReader
  readonly #liveBytesMax: number
  #items: MovedItem[] = []
  #bytes = 0

  /** `liveBytesMax` is for all messages together that were ever moved up and are still needed. */
  constructor(view: MachineView, log: ReplicatedLog, reader: MessageReader, liveBytesMax: number) {
    this.#view = view
    this.#log = log
    this.#reader = reader
    this.#liveBytesMax = liveBytesMax
  }

  /** Moves what is in flight before the minimum of its queue. What has no room is left, the newest offsets. */
  async moveClaims(target: LogPosition): Promise<void> {
    const seen = new Set<string>()
    const stranded = [...this.#view.stranded()]
    for (const { queue, offset } of stranded) {
      const key = `${queue}:${offset}`
      if (seen.has(key)) continue
      seen.add(key)
      if (!(await this.#move(queue, offset, target))) break
    }
    await this.#propose()
  }

  /**
   * Moves what queues hold from below: dead letters and delayed messages, which stay for the retention time from when
   * they came. What has no room is trimmed away, the oldest first.
   */
  async moveOlder(target: LogPosition): Promise<void> {
    for (const { name, messageType, queues } of this.#view.topics()) {
      const mayHoldOlder =
        holdsOldMessages(name) || acceptedTypes(messageType).some((type) => OLDER_TYPES.has(type))
      if (mayHoldOlder) for (const queue of queues) await this.#moveQueue(queue, target)
      if (messageType !== MESSAGE_TYPE_TRANSACTION) continue
      for (const queue of queues) await this.#moveCommitted(queue, target)
    }
  }

  /**
   * Moves what was committed lately of half messages from below. A commit reaches back a limited way, so that only the
   * beginning of the queue is looked at. What has no room is trimmed away, with what is before it.
   */
  async #moveCommitted(number: QueueNumber, target: LogPosition): Promise<void> {
    const queue = this.#view.queue(number)
    if (queue === undefined) return
    const { minOffset, nextOffset } = queue
    for (let offset = minOffset; offset < nextOffset; offset = queueOffset(offset + 1)) {
      const entry = await this.#reader.entry(number, offset)
      if (entry === undefined) continue
      if (entry.position >= target + TRANSACTION_REACH_BYTES) break
      if (await this.#move(number, offset, target)) continue
      const queues = [{ queue: number, minOffset: queueOffset(offset + 1) }]
      await this.#log.propose(encodeCommand({ type: 'trim', queues }))
    }
    await this.#propose()
  }

  async #moveQueue(number: QueueNumber, target: LogPosition): Promise<void> {
    const queue = this.#view.queue(number)
    if (queue === undefined) return
    for (let offset = queue.nextOffset - 1; offset >= queue.minOffset; offset--) {
      if (await this.#move(number, queueOffset(offset), target)) continue
      const queues = [{ queue: number, minOffset: queueOffset(offset + 1) }]
      await this.#log.propose(encodeCommand({ type: 'trim', queues }))
      break
    }
    await this.#propose()
  }

  /** False when there is no room for the message. */
  async #move(queue: QueueNumber, offset: QueueOffset, target: LogPosition): Promise<boolean> {
    const pointer = await this.#reader.pointer(queue, offset)
    const moved = this.#view.movedPointer(queue, offset)
    const isStranded = offset < (this.#view.queue(queue)?.minOffset ?? 0)
    // A page before the minimum is about to be dropped, wherever it leads.
    const stays = pointer !== undefined && pointer.position >= target && (moved !== undefined || !isStranded)
    if (pointer === undefined || stays) return true
    const added = moved === undefined ? pointer.size : 0
    if (added > 0 && this.#view.movedBytes + this.#bytes + added > this.#liveBytesMax) return false
    const stored = await this.#reader.message(pointer)
    this.#items.push({ queue, offset, position: pointer.position, stored })
    this.#bytes += stored.byteLength
    if (this.#bytes >= MOVED_BYTES_TARGET) await this.#propose()
    return true
  }

  async #propose(): Promise<void> {
    if (this.#items.length === 0) return
    const items = this.#items
    this.#items = []
    await this.#log.propose(encodeCommand({ type: 'moveUp', items }))
    this.#bytes = 0
  }
}
