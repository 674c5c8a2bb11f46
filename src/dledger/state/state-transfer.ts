/**
 * Members that catch up by state instead of by entries (thesis 5.3; docs/decisions/0029): what a member does for the
 * others, and what it does when it needs a state itself.
 */
import type { LogIndex, LogPosition, NodeId } from '../../base/brand.ts'
import type { Clock, Disk, Kv, Logger } from '../../base/ports.ts'
import type { StateMachine } from '../../base/state-machine.ts'
import type { InMessage, InstallSnapshot, Raft, SnapshotMark } from '../../raft/index.ts'
import type { LogSource } from '../log-source.ts'
import type { LogStore } from '../log-store.ts'
import type { TableStore } from '../table-store.ts'
import { type FrozenState, StateFreezer } from './frozen-state.ts'
import type { ExamineRows } from './incoming-state.ts'
import { decodeStateCall, encodeOfferAnswer, type StateLink } from './state-calls.ts'
import { StateOffers } from './state-offers.ts'
import { StateReceiver } from './state-receiver.ts'
import { StateSource } from './state-source.ts'

/** What the owner of a member gives, so that states can travel. */
export interface StateOptions {
  readonly disk: Disk
  readonly link: StateLink
  /** The logs of the others. */
  readonly source: LogSource
  readonly examine: ExamineRows
  /** A state is received at this rate at most. */
  readonly bytesPerSecond: number
}

export interface StateTransferOptions extends StateOptions {
  readonly raft: Raft
  readonly log: LogStore
  readonly kv: Kv
  readonly tables: TableStore
  readonly machine: StateMachine<unknown>
  readonly clock: Clock
  readonly logger: Logger
  /** Resolves when no removal of segments is under way. */
  readonly settled: () => Promise<void>
  /** The core is to hear of this. */
  readonly message: (from: NodeId, message: InMessage) => void
  readonly report: (peer: NodeId, index: LogIndex, ok: boolean) => void
}

export class StateTransfer {
  readonly #stop = new AbortController()
  readonly #freezer: StateFreezer
  readonly #settled: () => Promise<void>
  readonly #source: StateSource
  readonly #offers: StateOffers
  readonly #receiver: StateReceiver

  constructor(options: StateTransferOptions) {
    const { raft, clock, message, report, link } = options
    const { signal } = this.#stop
    const logger = options.logger.child({ part: 'state' })
    this.#settled = options.settled
    this.#freezer = new StateFreezer({ ...options, configurationAt: (index) => raft.configurationAt(index) })
    this.#source = new StateSource({ freeze: () => this.freeze(), clock })
    this.#offers = new StateOffers({
      link,
      clock,
      logger,
      signal,
      report,
      stateAt: (needed) => this.#source.atLeast(needed),
      isNeeded: (peer, term) => {
        const status = raft.status()
        if (status.term !== term) return false
        return status.peers.some((one) => one.peer === peer && one.state === 'snapshot')
      },
    })
    this.#receiver = new StateReceiver({
      ...options,
      logger,
      signal,
      shape: options.log.start.shape,
      committedIndex: () => raft.status().commitIndex,
      ready: (from, { term }, mark: SnapshotMark) => message(from, { type: 'installSnapshot', term, mark }),
    })
  }

  /** From here on the log stays, as a state is being read; `undefined`: nothing is held. */
  get heldFrom(): LogPosition | undefined {
    return this.#freezer.heldFrom
  }

  /** The core says that a peer needs a state. */
  offer(peer: NodeId, { mark, term }: InstallSnapshot): void {
    this.#offers.offer(peer, mark.index, term)
  }

  /** Answers another member. Rejects with CANCELLED, DATA_DAMAGED or BytesError. */
  async answer(from: NodeId, request: Uint8Array): Promise<Uint8Array> {
    this.#stop.signal.throwIfAborted()
    const call = decodeStateCall(request)
    if (call.type === 'rows') return this.#source.rows(call)
    return encodeOfferAnswer(await this.#receiver.offered(from, call))
  }

  /** The state of this member as it is now. To be released. */
  freeze(): Promise<FrozenState> {
    return this.#freezer.freeze(this.#settled)
  }

  /**
   * What was received takes the place of tables and log at the next start: durable when this resolves. From now on
   * no offer is heard, and nothing of it is touched. `first` comes before, as the order of writes asks for.
   */
  async commit(first: () => Promise<void>): Promise<void> {
    this.#receiver.take()
    await first()
    await this.#receiver.commit()
  }

  /** Ends what is under way. What came in so far stays for the next start. */
  async close(reason: Error): Promise<void> {
    this.#stop.abort(reason)
    await this.#offers.drained()
    await this.#receiver.close()
    await this.#source.close()
  }
}
