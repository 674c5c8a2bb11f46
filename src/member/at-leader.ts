/** The way of an administration call to the leader, wherever it is; waits while there is none. */
import type { NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { GroupCluster } from './group-cluster.ts'
import type { AdminCall, InternalCalls } from './internal-calls.ts'

/** A change waits this long for a leader, and for its answer. */
const CHANGE_MS_MAX = 10_000

export interface AtLeaderOptions {
  readonly cluster: GroupCluster
  readonly calls: InternalCalls
  /** The member that leads, as far as is known; 0: nobody. */
  readonly leader: () => NodeId | 0
  /** Runs a call on this member, which must lead. */
  readonly run: (call: AdminCall) => Promise<unknown>
}

export class AtLeader {
  readonly #options: AtLeaderOptions

  constructor(options: AtLeaderOptions) {
    this.#options = options
  }

  /**
   * Runs the call at the leader. A repeat after an unknown outcome must be safe; `settle` may tell what an error of a
   * repeat means, `undefined` when it is one.
   */
  async call(call: AdminCall, settle: (error: BrokerError) => unknown = () => undefined): Promise<unknown> {
    const { cluster, calls, leader, run } = this.#options
    const signal = AbortSignal.timeout(CHANGE_MS_MAX)
    let repeated = false
    for (;;) {
      const place = cluster.leaderPlace()
      try {
        if (place === 'here') return await run(call)
        if (place === 'elsewhere') return await calls.adminCall(leader() as NodeId, call, CHANGE_MS_MAX)
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error
        const settled = repeated ? settle(error) : undefined
        if (settled !== undefined) return settled
        if (!isAboutLeadership(error)) throw error
        repeated = true
      }
      await this.#leaderChange(signal)
    }
  }

  async #leaderChange(signal: AbortSignal): Promise<void> {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(100)])
    await this.#options.cluster.leaderChange(soon).catch(() => undefined)
    if (signal.aborted) {
      throw new BrokerError('NO_LEADER', 'no leader took the change in time', { outcome: 'unknown' })
    }
  }
}

function isAboutLeadership(error: BrokerError): boolean {
  return error.code === 'NOT_LEADER' || error.code === 'NO_LEADER' || error.code === 'CLOSED'
}
