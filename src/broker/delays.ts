/** What a leader checks and does for delayed messages beside sending them: how many may wait, and recalls. */
import { BrokerError } from '../base/errors.ts'
import { TIMERS_MAX } from '../base/limits.ts'
import type { RecallRequest } from './leader-port.ts'
import type { LogPosition } from '../base/brand.ts'
import type { Timer } from './machine/commands.ts'
import { acceptedTypes, encodeCommand, MESSAGE_TYPE_DELAY, readTimer, timerRowKey } from './machine/index.ts'
import type { MachineView, TopicView } from './machine/view.ts'
import type { ReplicatedLog } from './replicated-log.ts'
import type { TimerMetrics } from './timer-metrics.ts'

/** A timer that moves each time it was read: never but when retention works on it. */
const READS_MAX = 10

export interface DelaysOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly metrics: TimerMetrics
  /** Bytes that waiting messages and all others that are kept beyond the retention may take together. */
  readonly liveBytesMax: () => number
}

export class Delays {
  readonly #options: DelaysOptions
  /** Of the sends under way. */
  #count = 0
  #bytes = 0

  constructor(options: DelaysOptions) {
    this.#options = options
  }

  /** Runs a send of delayed messages. Throws LIMIT_REACHED when no more may wait. */
  async admit<T>(count: number, bytes: number, send: () => Promise<T>): Promise<T> {
    this.#requireRoom(count, bytes)
    this.#count += count
    this.#bytes += bytes
    try {
      return await send()
    } finally {
      this.#count -= count
      this.#bytes -= bytes
    }
  }

  #requireRoom(count: number, bytes: number): void {
    const { view, liveBytesMax } = this.#options
    const { timers, movedBytes } = view
    const bytesMax = liveBytesMax()
    if (timers.count + this.#count + count > TIMERS_MAX) {
      throw new BrokerError('LIMIT_REACHED', `at most ${TIMERS_MAX} delayed messages can wait`)
    }
    if (timers.bytes + movedBytes + this.#bytes + bytes > bytesMax) {
      const text = `delayed messages and what else is kept would take more than half of the retention size, ${bytesMax} bytes`
      throw new BrokerError('LIMIT_REACHED', text)
    }
  }

  /** Takes a waiting message back. Errors as in `LeaderOperations.recall`. */
  async recall(topic: TopicView, { requestKey, topicId, timer: name }: RecallRequest): Promise<void> {
    if (!acceptedTypes(topic.messageType).includes(MESSAGE_TYPE_DELAY)) {
      throw new BrokerError('WRONG_MESSAGE_TYPE', `topic ${topic.name} takes no delayed messages`)
    }
    if (topic.id !== topicId) {
      throw new BrokerError('ILLEGAL_OPERATION', `the recall handle is not one of topic ${topic.name}`)
    }
    const unknown: Timer = { ...name, topicId, position: 0 as LogPosition, size: 0, tagHash: 0 }
    for (let reads = 0; reads < READS_MAX; reads++) {
      const timer = (await this.#read(unknown)) ?? unknown
      const { reply } = await this.#options.log.propose(
        encodeCommand({ type: 'recall', request: requestKey, timer }),
      )
      if (reply.type === 'refused') throw new BrokerError(reply.code, reply.message)
      if (reply.type === 'changedMeanwhile') continue
      this.#options.metrics.recalled.add()
      return
    }
    throw new BrokerError('BUSY', 'the message is being moved; try again')
  }

  async #read(timer: Timer): Promise<Timer | undefined> {
    const { view, log } = this.#options
    const inMemory = view.timerInMemory(timer.id)
    if (inMemory !== undefined) return inMemory
    const key = timerRowKey(timer)
    const row = await log.readRow(key)
    return view.timerInMemory(timer.id) ?? (row === null ? undefined : readTimer(key, row))
  }
}
