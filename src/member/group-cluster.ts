/** The broker group as the facade of one member sees it: who leads, and the way there. */
import type { NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Broker } from '../broker/broker.ts'
import type { CallHead } from '../proxy/call-head.ts'
import type { Cluster, LeaderPlace } from '../proxy/cluster.ts'
import type { InternalCalls } from './internal-calls.ts'

export class GroupCluster implements Cluster {
  readonly #ownId: NodeId
  readonly #broker: Broker
  readonly #calls: InternalCalls
  #waiting = new Set<() => void>()

  constructor(ownId: NodeId, broker: Broker, calls: InternalCalls) {
    this.#ownId = ownId
    this.#broker = broker
    this.#calls = calls
  }

  /** Tells everyone who waits that leadership changed. */
  changed(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const wake of waiting) wake()
  }

  leaderPlace(): LeaderPlace {
    if (this.#broker.ledger.leading) return 'here'
    const { leader } = this.#broker.ledger.role
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
    const { leader } = this.#broker.ledger.role
    if (leader === 0 || leader === this.#ownId)
      throw new BrokerError('NO_LEADER', 'nobody leads at the moment')
    return this.#calls.clientCall(leader, head, request, signal)
  }
}
