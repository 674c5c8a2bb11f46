/** The broker group as the facade of one member sees it: who leads, and the way there. */
import type { NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { RoleChange } from '../raft/types.ts'
import type { CallHead } from '../proxy/call-head.ts'
import type { Cluster, LeaderPlace } from '../proxy/cluster.ts'
import type { InternalCalls } from './internal-calls.ts'

/** The leader as this member's log knows it. */
export interface Leadership {
  /** Whether this member leads and has applied all that came before. */
  readonly leading: boolean
  readonly role: Pick<RoleChange, 'leader'>
}

/** The way of client calls to another member. */
export type LeaderCalls = Pick<InternalCalls, 'clientCall' | 'abandonClientCalls'>

export class GroupCluster implements Cluster {
  readonly #ownId: NodeId
  readonly #ledger: Leadership
  readonly #calls: LeaderCalls
  #waiting = new Set<() => void>()
  /** The last one that was known to lead. */
  #leader: NodeId | 0 = 0

  constructor(ownId: NodeId, ledger: Leadership, calls: LeaderCalls) {
    this.#ownId = ownId
    this.#ledger = ledger
    this.#calls = calls
  }

  /**
   * Tells everyone who waits that leadership changed. What was forwarded to an earlier leader is given up once
   * another one is known: a leader whose packets vanish would answer only when its connection is found dead.
   */
  changed(): void {
    const { leader } = this.#ledger.role
    if (leader !== 0 && leader !== this.#leader) {
      const earlier = this.#leader
      this.#leader = leader
      if (earlier !== 0 && earlier !== this.#ownId) this.#calls.abandonClientCalls(earlier)
    }
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const wake of waiting) wake()
  }

  leaderPlace(): LeaderPlace {
    if (this.#ledger.leading) return 'here'
    const { leader } = this.#ledger.role
    return leader === 0 || leader === this.#ownId ? 'nobody' : 'elsewhere'
  }

  async leaderChange(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const wake = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = (): void => {
        this.#waiting.delete(wake)
        reject(signal.reason as Error)
      }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(wake)
    })
  }

  async callLeader(head: CallHead, request: Uint8Array, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const { leader } = this.#ledger.role
    if (leader === 0 || leader === this.#ownId)
      throw new BrokerError('NO_LEADER', 'nobody leads at the moment')
    return this.#calls.clientCall(leader, head, request, signal)
  }
}
