/** Finds where the queues begin above a rising floor, and has what stands before deleted from the tables. */
import { millis, queueOffset, type LogPosition, type Millis, type QueueOffset } from '../base/brand.ts'
import { QUEUE_PAGE_POINTERS } from '../base/limits.ts'
import type { Logger } from '../base/ports.ts'
import type { QueueEntry, Trim } from './machine/commands.ts'
import { encodeCommand } from './machine/index.ts'
import { holdsOldMessages } from './machine/topics.ts'
import type { MachineView, QueueView, TopicView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import type { ReplicatedLog } from './replicated-log.ts'
import { firstWhere } from './first-where.ts'
import { offsetByTime } from './offset-by-time.ts'

/** Each queue of a command costs a look at every group. */
const QUEUES_PER_COMMAND = 32

export class QueueTrimmer {
  readonly #view: MachineView
  readonly #log: ReplicatedLog
  readonly #reader: MessageReader
  readonly #logger: Logger

  constructor(view: MachineView, log: ReplicatedLog, reader: MessageReader, logger: Logger) {
    this.#view = view
    this.#log = log
    this.#reader = reader
    this.#logger = logger
  }

  /**
   * Lets every queue begin with its first message at or above `target`, or that came at `targetTime` or later, and a dead letter topic with what came
   * into it at `deadSince` or later.
   */
  async trim(target: LogPosition, targetTime: Millis, deadSince: Millis): Promise<void> {
    let queues: Trim['queues'][number][] = []
    for (const [topic, queue] of this.#queues()) {
      const minOffset = holdsOldMessages(topic.name)
        ? await this.#firstDeadAt(queue, deadSince)
        : await this.#firstFrom(queue, target, targetTime)
      if (minOffset <= queue.minOffset) continue
      queues.push({ queue: queue.queue, minOffset })
      if (queues.length < QUEUES_PER_COMMAND) continue
      await this.#propose(queues)
      queues = []
    }
    if (queues.length > 0) await this.#propose(queues)
  }

  /** Lets the queues of topics with a retention of their own begin with what was stored within it. */
  async trimTopics(now: Millis): Promise<void> {
    const queues: Trim['queues'][number][] = []
    for (const [topic, queue] of this.#queues()) {
      if (topic.retentionMs === 0 || queue.minOffset === queue.nextOffset) continue
      const since = millis(Math.max(0, now - topic.retentionMs))
      const minOffset = holdsOldMessages(topic.name)
        ? await this.#firstDeadAt(queue, since)
        : await offsetByTime(this.#reader, queue, since)
      if (minOffset > queue.minOffset) queues.push({ queue: queue.queue, minOffset })
    }
    for (let at = 0; at < queues.length; at += QUEUES_PER_COMMAND) {
      const some = queues.slice(at, at + QUEUES_PER_COMMAND)
      await this.#propose(some)
    }
  }

  /** Says which groups miss messages by it. */
  async #propose(queues: Trim['queues']): Promise<void> {
    const before = this.#missed(queues)
    await this.#log.propose(encodeCommand({ type: 'trim', queues }))
    for (const [place, missed] of this.#missed(queues)) {
      const messages = missed - (before.get(place) ?? 0)
      if (messages > 0)
        this.#logger.warn({ place, messages }, 'retention took messages that a group had not got')
    }
  }

  /** How many messages groups have missed in queues, by what a person calls these places. */
  #missed(queues: Trim['queues']): Map<string, number> {
    const missed = new Map<string, number>()
    for (const { queue } of queues) {
      const { topicId = 0, queueId = 0 } = this.#view.queue(queue) ?? {}
      const topic = this.#view.topicById(topicId)?.name ?? ''
      for (const { id, name } of this.#view.groups()) {
        const count = this.#view.missed(id, queue)
        if (count > 0) missed.set(`${name} in ${topic}:${queueId}`, count)
      }
    }
    return missed
  }

  /** Deletes the pages before the minimum of each queue, as far as nothing needs them. */
  async dropPages(): Promise<void> {
    for (const [, queue] of this.#queues()) {
      const endPage = Math.floor(queue.minOffset / QUEUE_PAGE_POINTERS)
      let before = -1
      for (;;) {
        const first = this.#view.queue(queue.queue)?.firstPage
        if (first === undefined || first >= endPage || first === before) break
        before = first
        await this.#log.propose(encodeCommand({ type: 'dropPages', queue: queue.queue, endPage }))
      }
    }
  }

  /** Messages come into a queue in the order of the log: by their place if they were sent then, by time if before. */
  async #firstFrom(queue: QueueView, target: LogPosition, targetTime: Millis): Promise<QueueOffset> {
    return firstWhere(queue.minOffset, queue.nextOffset, async (offset) => {
      const entry = await this.#reader.entry(queue.queue, offset)
      if (entry === undefined) return false
      return entry.sinceSeconds > 0 ? cameSince(entry, targetTime) : entry.position >= target
    })
  }

  async #firstDeadAt(queue: QueueView, time: Millis): Promise<QueueOffset> {
    return firstWhere(queue.minOffset, queue.nextOffset, async (offset) => {
      const entry = await this.#reader.entry(queue.queue, offset)
      return entry !== undefined && cameSince(entry, time)
    })
  }

  /** A picture of all queues, since topics may come and go while it is walked. */
  #queues(): [TopicView, QueueView][] {
    const found: [TopicView, QueueView][] = []
    for (const topic of this.#view.topics()) {
      for (const number of topic.queues) {
        const queue = this.#view.queue(number)
        if (queue === undefined) continue
        const { topicId, queueId, minOffset, nextOffset, firstPage } = queue
        const picture = { queue: number, topicId, queueId, minOffset, nextOffset, firstPage }
        found.push([topic, { ...picture, minOffset: queueOffset(minOffset) }])
      }
    }
    return found
  }
}

/** Whether a message whose bytes are older came at or after a time; one of the same second did. */
function cameSince({ sinceSeconds }: QueueEntry, time: Millis): boolean {
  return sinceSeconds >= Math.floor(time / 1000)
}
