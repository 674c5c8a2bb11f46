/**
 * What this process asked of its own core, and who waits for the outcome: reads, hand-overs of leadership and changes
 * of the members.
 */
import type { LogIndex, NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { ChangeOutcome, Input, Ready, Target, TransferOutcome } from '../raft/types.ts'

const NOT_LEADING = { type: 'refused', reason: 'this node does not lead' } as const

interface Reader {
  readonly resolve: (index: LogIndex) => void
  readonly reject: (error: BrokerError) => void
}

export class CoreRequests {
  readonly #input: (input: Input) => void
  readonly #readers = new Map<number, Reader>()
  #lastRead = 0
  #leaver: ((outcome: TransferOutcome) => void) | null = null
  /** Who waits for the change of members that is under way. */
  #changer: ((outcome: ChangeOutcome) => void) | null = null
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
   * Lets `to` lead, or whoever has most of the log if it is 0, once `settled` is fulfilled or rejected. Commands that
   * come meanwhile wait. One at a time.
   */
  async handOver(settled: Promise<void>, to: NodeId | 0): Promise<TransferOutcome> {
    if (this.#isHandingOver) return { type: 'refused', reason: 'leadership is already being handed over' }
    this.#isHandingOver = true
    await settled.catch(() => undefined)
    const outcome = await this.#transfer(to)
    this.#isHandingOver = false
    return outcome
  }

  /**
   * Makes these the members, in one change. Resolves with how that ended, when the configuration is committed or was
   * refused, or when this member leads no more. One at a time.
   */
  changeMembers(target: Target): Promise<ChangeOutcome> {
    if (this.#isOver) return Promise.resolve(NOT_LEADING)
    if (this.#changer !== null) {
      return Promise.resolve({ type: 'refused', reason: 'another change is under way' })
    }
    return new Promise((resolve) => {
      this.#changer = resolve
      this.#input({ type: 'changeMembers', ...target })
    })
  }

  /** A step of the core ended some of them. Of transfers and of changes there is one at a time. */
  ended({ reads, readsRefused, transfers, changes }: Ready): void {
    for (const { id, index } of reads) this.#take(id)?.resolve(index)
    for (const id of readsRefused) this.#take(id)?.reject(notLeader())
    for (const outcome of transfers) this.#endTransfer(outcome)
    for (const outcome of changes) this.#endChange(outcome)
  }

  /** No step follows any more. */
  stop(): void {
    this.#isOver = true
    for (const { reject } of this.#readers.values()) reject(notLeader())
    this.#endTransfer(NOT_LEADING)
    this.#endChange({ type: 'unknown' })
    this.#readers.clear()
  }

  #transfer(to: NodeId | 0): Promise<TransferOutcome> {
    if (this.#isOver) return Promise.resolve(NOT_LEADING)
    return new Promise((resolve) => {
      this.#leaver = resolve
      this.#input({ type: 'transfer', to })
    })
  }

  #endTransfer(outcome: TransferOutcome): void {
    const leaver = this.#leaver
    this.#leaver = null
    leaver?.(outcome)
  }

  #endChange(outcome: ChangeOutcome): void {
    const changer = this.#changer
    this.#changer = null
    changer?.(outcome)
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
