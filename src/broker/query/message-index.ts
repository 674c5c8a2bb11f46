/**
 * Where messages stand that have an id or a key: RocketMQ's Index. Each member derives it from its own committed
 * queues, in a folder of its own that may be deleted at any time: it is then made again. Nothing of it is in the
 * log or in the digest.
 *
 * Promises: it works beside everything else, a part of a second in ten at most, unless somebody waits for it; memory
 * is a few bytes a queue; what retention took away leaves the index too. An entry may be wrong (two words with one
 * hash), so whoever looks something up compares the message itself.
 */
import type { LogIndex, QueueOffset } from '../../base/brand.ts'
import { BrokerError, messageOf } from '../../base/errors.ts'
import { INDEX_CANDIDATES_MAX } from '../../base/limits.ts'
import type { Clock, Kv, KvWrite, Logger } from '../../base/ports.ts'
import type { QueueNumber, TopicId } from '../machine/commands.ts'
import type { MachineView, QueueView } from '../machine/view.ts'
import type { MessageReader } from '../message-reader.ts'
import {
  blockKey,
  BLOCK_MESSAGES_MAX,
  blockRange,
  decodeBlock,
  decodeProgress,
  decodeReach,
  encodeBlock,
  encodeProgress,
  encodeReach,
  ENTRY_VALUE,
  entryRange,
  firstOfBlock,
  messageAt,
  NO_TOPIC,
  type Progress,
  PROGRESS_RANGE,
  progressKey,
  queueOfProgress,
  REACH_KEY,
  type Word,
  wordKey,
} from './index-rows.ts'
import { messageWords } from './message-words.ts'

/** How long it rests when nothing is left to do. */
const IDLE_MS = 200
/** It rests so many times as long as it worked, while nobody waits. */
const REST_FACTOR = 9
/** How often somebody who waits looks again. */
const LOOK_MS = 5
const BLOCK_BYTES_MAX = 1024 * 1024
/** Blocks that are taken out at once. */
const BLOCKS_OUT_MAX = 16

export interface MessageIndexOptions {
  readonly kv: Kv
  readonly view: MachineView
  readonly reader: MessageReader
  /** What this member has applied. */
  readonly applied: () => LogIndex
  readonly clock: Clock
  readonly logger: Logger
}

/** A message, by its place. */
export interface MessagePlace {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
}

export class MessageIndex {
  readonly #options: MessageIndexOptions
  readonly #progress: Map<QueueNumber, Progress>
  /** Before it, the queues of this member are older than what is indexed: its log is still being applied. */
  readonly #reach: number
  #waiting = 0
  #wake: () => void = () => undefined
  /** Queues that could not be indexed the last time: said once. */
  readonly #failing = new Set<QueueNumber>()

  private constructor(options: MessageIndexOptions, progress: Map<QueueNumber, Progress>, reach: number) {
    this.#options = options
    this.#progress = progress
    this.#reach = reach
  }

  /** Goes on with what `kv` holds. Throws DATA_DAMAGED for rows of another version: delete the folder then. */
  static async open(options: MessageIndexOptions): Promise<MessageIndex> {
    const progress = new Map<QueueNumber, Progress>()
    for await (const rows of options.kv.scan(...PROGRESS_RANGE)) {
      for (const [key, value] of rows) {
        progress.set(queueOfProgress(key), known(decodeProgress(value)))
      }
    }
    const reach = await options.kv.get(REACH_KEY)
    return new MessageIndex(options, progress, reach === undefined ? 0 : known(decodeReach(reach)))
  }

  /** Messages of all queues that are not indexed yet. */
  get behind(): number {
    let messages = 0
    for (const queue of this.#queues()) messages += queue.nextOffset - this.#nextOf(queue)
    return messages
  }

  /** Indexes what is committed until the signal aborts. What does not work is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    while (!signal.aborted) {
      const began = clock.mono()
      const did = await this.#round(signal)
      if (did && this.#waiting > 0) continue
      await this.#rest(did ? REST_FACTOR * (clock.mono() - began) : IDLE_MS, signal)
    }
  }

  /** Rests so long, or until somebody waits. */
  async #rest(restMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    let cancel = (): void => undefined
    await new Promise<void>((resolve) => {
      cancel = this.#options.clock.timer(restMs, resolve)
      this.#wake = resolve
      signal.addEventListener('abort', this.#wake, { once: true })
    })
    signal.removeEventListener('abort', this.#wake)
    cancel()
  }

  /** Resolves when everything is indexed that the queues hold now. Throws BUSY when the signal aborts before. */
  async caughtUp(queues: readonly QueueNumber[], signal: AbortSignal): Promise<void> {
    const { view, clock } = this.#options
    const ends = queues.map((queue) => view.queue(queue)?.nextOffset ?? 0)
    const isDone = (queue: QueueNumber, i: number): boolean => {
      const live = view.queue(queue)
      return live === undefined || this.#nextOf(live) >= (ends[i] ?? 0)
    }
    this.#waiting++
    this.#wake()
    try {
      while (!queues.every(isDone)) await clock.sleep(LOOK_MS, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      throw new BrokerError('BUSY', `the index is ${this.behind} messages behind; try again`, {
        cause: error,
      })
    } finally {
      this.#waiting--
    }
  }

  /** Messages that may have this id (`topic` `null`) or key, by its hash. At most INDEX_CANDIDATES_MAX. */
  async find(topic: TopicId | null, hash: number): Promise<MessagePlace[]> {
    const places: MessagePlace[] = []
    for await (const rows of this.#options.kv.scan(...entryRange(topic ?? NO_TOPIC, hash))) {
      for (const [key] of rows) places.push(messageAt(key))
      if (places.length >= INDEX_CANDIDATES_MAX) break
    }
    return places.slice(0, INDEX_CANDIDATES_MAX)
  }

  *#queues(): Generator<QueueView> {
    const { view } = this.#options
    for (const topic of view.topics()) {
      for (const number of topic.queues) {
        const queue = view.queue(number)
        if (queue !== undefined) yield queue
      }
    }
  }

  #nextOf(queue: QueueView): number {
    return Math.max(this.#progress.get(queue.queue)?.next ?? 0, queue.minOffset)
  }

  /** A block of each queue that has something new, and blocks that are over. False when there was nothing to do. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { view, applied } = this.#options
    if (applied() < this.#reach) return false
    let did = false
    const tried = async (queue: QueueNumber, work: Promise<boolean>): Promise<void> => {
      if (await this.#tried(queue, work)) did = true
    }
    for (const { queue } of this.#queues()) {
      if (signal.aborted) return false
      const trimming = this.#trim(queue)
      if (trimming !== false) await tried(queue, trimming)
      const adding = this.#add(queue)
      if (adding !== false) await tried(queue, adding)
    }
    for (const queue of this.#progress.keys()) {
      if (view.queue(queue) === undefined) await tried(queue, this.#forget(queue))
    }
    return did
  }

  /** One queue that cannot be read does not hold up the others. */
  async #tried(queue: QueueNumber, work: Promise<boolean>): Promise<boolean> {
    try {
      const did = await work
      this.#failing.delete(queue)
      return did
    } catch (error) {
      if (!this.#failing.has(queue)) {
        this.#options.logger.warn({ queue, error: messageOf(error) }, 'a queue could not be indexed')
      }
      this.#failing.add(queue)
      return false
    }
  }

  #add(number: QueueNumber): Promise<boolean> | false {
    const queue = this.#options.view.queue(number)
    return queue !== undefined && this.#nextOf(queue) < queue.nextOffset && this.#addBlock(queue)
  }

  async #addBlock(queue: QueueView): Promise<boolean> {
    const { queue: number, topicId, minOffset } = queue
    const first = this.#nextOf(queue)
    const reach = this.#options.applied()
    const { words, end } = await this.#read(queue, first)
    const progress = { next: end, trimmedTo: this.#progress.get(number)?.trimmedTo ?? minOffset }
    const writes: KvWrite[] = words.map((word) => ({
      key: wordKey(topicId, number, word),
      value: ENTRY_VALUE,
    }))
    writes.push(
      { key: blockKey(number, first), value: encodeBlock(first, { topicId, endOffset: end, words }) },
      { key: progressKey(number), value: encodeProgress(progress) },
      { key: REACH_KEY, value: encodeReach(reach) },
    )
    await this.#options.kv.batch(writes)
    this.#progress.set(number, progress)
    return true
  }

  /** The words of the messages from `first` on, as many as make a block. What retention took meanwhile has none. */
  async #read(queue: QueueView, first: number): Promise<{ readonly words: Word[]; readonly end: number }> {
    const { reader } = this.#options
    const last = Math.min(queue.nextOffset, first + BLOCK_MESSAGES_MAX)
    const words: Word[] = []
    let bytes = 0
    let end = first
    for (; end < last && bytes < BLOCK_BYTES_MAX; end++) {
      const offset = end as QueueOffset
      const pointer = reader.cachedPointer(queue.queue, offset)
      const inMemory = pointer && reader.cachedMessage(pointer)
      const stored = inMemory ?? (await reader.read(queue.queue, offset, pointer))
      if (stored === undefined) continue
      bytes += stored.byteLength
      const { id, keys } = messageWords(stored)
      if (id !== undefined) words.push({ isKey: false, hash: id, offset: end })
      for (const hash of keys) words.push({ isKey: true, hash, offset: end })
    }
    return { words, end }
  }

  #trim(queue: QueueNumber): Promise<boolean> | false {
    const progress = this.#progress.get(queue)
    const minOffset = this.#options.view.queue(queue)?.minOffset ?? 0
    if (progress === undefined || progress.trimmedTo >= minOffset) return false
    return this.#takeOut(queue, minOffset, encodeProgress({ ...progress, trimmedTo: minOffset }))
  }

  /** A queue of a topic that was deleted. */
  #forget(queue: QueueNumber): Promise<boolean> {
    return this.#takeOut(queue, Number.MAX_SAFE_INTEGER, null)
  }

  /** Takes out some blocks that end at or before `minOffset`; with the last of them `after` is the progress row. */
  async #takeOut(queue: QueueNumber, minOffset: number, after: Uint8Array | null): Promise<boolean> {
    const writes: KvWrite[] = []
    let blocks = 0
    for await (const rows of this.#options.kv.scan(...blockRange(queue))) {
      let isDone = false
      for (const [key, value] of rows) {
        const block = known(decodeBlock(firstOfBlock(key), value))
        isDone = block.endOffset > minOffset || blocks === BLOCKS_OUT_MAX
        if (isDone) break
        blocks++
        writes.push({ key, value: null })
        for (const word of block.words) writes.push({ key: wordKey(block.topicId, queue, word), value: null })
      }
      if (isDone) break
    }
    const isLast = blocks < BLOCKS_OUT_MAX
    if (isLast) writes.push({ key: progressKey(queue), value: after })
    await this.#options.kv.batch(writes)
    if (isLast && after === null) this.#progress.delete(queue)
    else if (isLast && after !== null) this.#progress.set(queue, known(decodeProgress(after)))
    return true
  }
}

function known<T>(row: T | undefined): T {
  if (row !== undefined) return row
  throw new BrokerError(
    'DATA_DAMAGED',
    'the message index is of another version; delete the folder "index" of the data folder',
  )
}
