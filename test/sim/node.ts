/**
 * One simulated node: the real core, the log in memory as the real shell keeps it, and a simulated disk. The
 * caller moves the messages and decides when the disk gets something done.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, type LogIndex, type NodeId } from '../../src/base/brand.ts'
import {
  Raft,
  type AppendOut,
  type Entry,
  type InMessage,
  type Input,
  type Payload,
  type RaftOptions,
  type Ready,
} from '../../src/raft/index.ts'
import { SimDisk } from './disk.ts'

/** A payload with content. The no-op has none. */
export interface DataPayload extends Payload {
  readonly data: Uint8Array
}

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
export class SimNode {
  readonly options: NodeOptions
  readonly disk: SimDisk
  /** The log as the shell sees it: everything that was ever handed out to write and not cut. */
  #log: Entry[] = []
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

  get log(): readonly Entry[] {
    return this.#log
  }

  /** Starts from the disk. `appliedIndex` is what the tables hold, `seed` begins new election timeouts. */
  start(appliedIndex: LogIndex, seed: number): void {
    assert(this.#raft === null, 'a node starts once')
    this.#log = [...this.disk.entries]
    this.#raft = new Raft({
      ...this.options,
      seed,
      recovered: {
        hardState: this.disk.hardState,
        doubtTerm: this.disk.doubtTerm,
        lastIndex: this.disk.lastIndex(),
        termRuns: this.disk.termRuns(),
        configurations: this.disk.configurations(),
        appliedIndex,
        sizeOf: (index) => this.#log[index - 1]?.payload.size ?? 0,
      },
    })
  }

  step(inputs: readonly Input[]): Stepped {
    const ready = this.raft.step(inputs)
    if (!this.raft.isInDoubt) this.disk.doubtTerm = null
    const { write } = ready
    if (write !== null) {
      if (write.truncateFrom !== null) this.#log.length = write.truncateFrom - 1
      for (const entry of write.entries) {
        assert(entry.index === this.#log.length + 1, 'writes follow without a gap', { index: entry.index })
        this.#log.push(entry)
      }
      this.disk.enqueue(write)
    }
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

  #withEntries(message: AppendOut): InMessage {
    const { first, last, ...head } = message
    const entries = this.#log.slice(first - 1, last)
    assert(entries.length === last - first + 1, 'what is sent is in the log', { first, last })
    assert(first === logIndex(message.prevIndex + 1), 'entries follow what they follow')
    return { ...head, entries }
  }
}
