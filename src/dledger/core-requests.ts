/** What this process asked of its own core, and who waits for the outcome: reads and hand-overs of leadership. */
import type { LogIndex } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Input, Ready } from '../raft/types.ts'

interface Reader {
  readonly resolve: (index: LogIndex) => void
  readonly reject: (error: BrokerError) => void
}

export class CoreRequests {
  readonly #input: (input: Input) => void
  readonly #readers = new Map<number, Reader>()
  #lastRead = 0
  #leavers: ((left: boolean) => void)[] = []
  #isHandingOver = false
  #isOver = false

  /** `input` takes what the core is to hear in its next step. */
  constructor(input: (input: Input) => void) {
    this.#input = input
  }

  /** Resolves with the index that a read beginning now must see (thesis 6.4). Rejects with NOT_LEADER, outcome none. */
  readIndex(): Promise<LogIndex> {
    if (this.#isOver) return Promise.reject(notLeader())
    const id = ++this.#lastRead
    return new Promise((resolve, reject) => {
      this.#readers.set(id, { resolve, reject })
      this.#input({ type: 'readIndex', ids: [id] })
    })
  }

  /** Is leadership about to go? Then new commands wait. */
  get isHandingOver(): boolean {
    return this.#isHandingOver
  }

  /**
   * Lets whoever has most of the log lead, once `settled` is fulfilled or rejected. Resolves with false when that did
   * not come about.
   */
  async handOver(settled: Promise<void>): Promise<boolean> {
    this.#isHandingOver = true
    await settled.catch(() => undefined)
    const left = await this.#transfer()
    this.#isHandingOver = false
    return left
  }

  /** A step of the core ended some of them. Transfers end in the order in which they began, for each is answered. */
  ended({ reads, readsRefused, transfers }: Ready): void {
    for (const { id, index } of reads) this.#take(id)?.resolve(index)
    for (const id of readsRefused) this.#take(id)?.reject(notLeader())
    for (const { type } of transfers) this.#leavers.shift()?.(type === 'left')
  }

  /** No step follows any more. */
  stop(): void {
    this.#isOver = true
    for (const { reject } of this.#readers.values()) reject(notLeader())
    for (const left of this.#leavers) left(false)
    this.#readers.clear()
    this.#leavers = []
  }

  #transfer(): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#leavers.push(resolve)
      this.#input({ type: 'transfer', to: 0 })
    })
  }

  #take(id: number): Reader | undefined {
    const reader = this.#readers.get(id)
    this.#readers.delete(id)
    return reader
  }
}

function notLeader(): BrokerError {
  return new BrokerError('NOT_LEADER', 'this member does not lead')
}
