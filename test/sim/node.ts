/**
 * One simulated node: the real core, the log in memory as the real shell keeps it, and a simulated disk. The
 * caller moves the messages and decides when the disk gets something done.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, term, type LogIndex, type NodeId } from '../../src/base/brand.ts'
import {
  Raft,
  type AppendOut,
  type Configuration,
  type Entry,
  type EntryMark,
  type HardState,
  type InMessage,
  type Input,
  type Payload,
  type RaftOptions,
  type RaftStatus,
  type Ready,
  type Write,
} from '../../src/raft/index.ts'
import { SimDisk } from './disk.ts'
import type { Watched } from './ghost.ts'

/** A payload with content. The no-op has none. */
export interface DataPayload extends Payload {
  readonly data: Uint8Array
}

const START: EntryMark = { index: logIndex(0), term: term(0) }
const NO_DATA = new Uint8Array(0)

/** What the entry carries: nothing for a no-op. */
export function dataOf(payload: Payload): Uint8Array {
  return 'data' in payload && payload.data instanceof Uint8Array ? payload.data : NO_DATA
}

/** A message as it goes over the wire. */
export interface Packet {
  readonly from: NodeId
  readonly to: NodeId
  readonly message: InMessage
}

/** What a step leads to, with the messages ready for the wire. */
export interface Stepped {
  readonly ready: Ready
  readonly packets: readonly Packet[]
}

export type NodeOptions = Omit<RaftOptions, 'recovered'>

/** A node that runs or does not; its disk stays. */
export class SimNode implements Watched {
  readonly options: NodeOptions
  readonly disk: SimDisk
  /** The log as the shell sees it: everything that was ever handed out to write and not cut. */
  #log: Entry[] = []
  /** What the log follows. */
  #base: EntryMark = START
  #raft: Raft | null = null

  constructor(options: NodeOptions, disk = new SimDisk()) {
    this.options = options
    this.disk = disk
  }

  get id(): NodeId {
    return this.options.id
  }

  get isUp(): boolean {
    return this.#raft !== null
  }

  get raft(): Raft {
    assert(this.#raft !== null, 'the node runs', { id: this.id })
    return this.#raft
  }

  /** The entries behind the base. */
  get log(): readonly Entry[] {
    return this.#log
  }

  get base(): EntryMark {
    return this.#base
  }

  /** The place of the last entry, or the base. */
  get last(): EntryMark {
    return this.#log.at(-1) ?? this.#base
  }

  entryAt(index: number): Entry | undefined {
    return this.#log[index - this.#base.index - 1]
  }

  /** The term at the base or behind it. */
  termAt(index: number): number | undefined {
    return index === this.#base.index ? this.#base.term : this.entryAt(index)?.term
  }

  status(): RaftStatus {
    return this.raft.status()
  }

  contentAt(index: number): Payload | undefined {
    return this.entryAt(index)?.payload
  }

  configurationIn(index: number): Configuration | undefined {
    return this.entryAt(index)?.payload.configuration
  }

  holds(index: LogIndex, entryTerm: number): boolean {
    return this.disk.holds(index, entryTerm)
  }

  held(index: LogIndex, entryTerm: number): boolean {
    return this.disk.held(index, entryTerm)
  }

  durableHardState(): HardState {
    return this.disk.hardState
  }

  /** Starts from the disk. `appliedIndex` is what the tables hold, `seed` begins new election timeouts. */
  start(appliedIndex: LogIndex, seed: number): void {
    assert(this.#raft === null, 'a node starts once')
    this.#log = [...this.disk.entries]
    this.#base = this.disk.base ?? START
    this.#raft = new Raft({
      ...this.options,
      seed,
      recovered: {
        hardState: this.disk.hardState,
        doubtTerm: this.disk.doubtTerm,
        base: this.#base,
        lastIndex: this.disk.lastIndex(),
        termRuns: this.disk.termRuns(),
        configurations: this.disk.configurations(),
        appliedIndex,
        sizeOf: (index) => this.entryAt(index)?.payload.size ?? 0,
      },
    })
  }

  step(inputs: readonly Input[]): Stepped {
    const ready = this.raft.step(inputs)
    if (!this.raft.isInDoubt) this.disk.doubtTerm = null
    if (ready.write !== null) this.#write(ready.write)
    this.#forget()
    const packets = ready.send.map(({ to, message }): Packet => {
      const onWire = message.type === 'append' ? this.#withEntries(message) : message
      return { from: this.id, to, message: onWire }
    })
    return { ready, packets }
  }

  /** The process ends. What is in memory is gone; the caller crashes the disk. */
  stop(): void {
    this.#raft = null
    this.#log = []
  }

  #write(write: Write): void {
    if (write.restore !== null) {
      this.#log = []
      this.#base = write.restore
    }
    if (write.truncateFrom !== null) this.#log.length = write.truncateFrom - 1 - this.#base.index
    for (const entry of write.entries) {
      assert(entry.index === this.last.index + 1, 'writes follow without a gap', { index: entry.index })
      this.#log.push(entry)
    }
    this.disk.enqueue(write)
  }

  /** Log and disk lose what the core has just forgotten. */
  #forget(): void {
    const { baseIndex } = this.raft.status()
    if (baseIndex === this.#base.index) return
    const base = { index: baseIndex, term: term(this.termAt(baseIndex) ?? 0) }
    this.#log.splice(0, baseIndex - this.#base.index)
    this.#base = base
    this.disk.forgetTo({ ...base, configuration: this.raft.configurationAt(baseIndex) })
  }

  #withEntries(message: AppendOut): InMessage {
    const { first, last, ...head } = message
    const { index } = this.#base
    const entries = this.#log.slice(first - 1 - index, last - index)
    assert(entries.length === last - first + 1, 'what is sent is in the log', { first, last })
    assert(first === logIndex(message.prevIndex + 1), 'entries follow what they follow')
    return { ...head, entries }
  }
}
