/**
 * The receiver's side of catching up by state: fetches rows and log of what a leader offers, at a bounded rate, while
 * the member goes on as it is. When the whole was checked and is durable, the core hears of it with the next offer
 * and decides.
 */
import { assert } from '../../base/assert.ts'
import type { LogIndex, NodeId } from '../../base/brand.ts'
import { BrokerError, messageOf } from '../../base/errors.ts'
import { REPAIR_BYTES_MAX } from '../../base/limits.ts'
import type { Clock } from '../../base/ports.ts'
import type { SnapshotMark } from '../../raft/index.ts'
import type { FetchedLog, LogSource } from '../log-source.ts'
import { IncomingState, type IncomingStateOptions } from './incoming-state.ts'
import { encodeStateCall, type OfferAnswer, type StateLink, type StateOffer } from './state-calls.ts'
import type { StateHead } from './state-head.ts'
import { unlessAborted } from './unless-aborted.ts'

/** A page of rows as it travels. */
const PAGE_BYTES = 512 * 1024

export interface StateReceiverOptions extends IncomingStateOptions {
  readonly link: StateLink
  readonly source: LogSource
  readonly bytesPerSecond: number
  /** Everything up to here is known here to be committed. */
  readonly committedIndex: () => LogIndex
  /** A whole state is here, as the leader `from` is to hear: the core decides whether it is taken. */
  readonly ready: (from: NodeId, offer: StateOffer, mark: SnapshotMark) => void
  readonly signal: AbortSignal
}

export class StateReceiver {
  readonly #options: StateReceiverOptions
  readonly #pace: Pace
  #incoming: IncomingState | null = null
  #running: Promise<void> | null = null
  /** Whom to fetch from. */
  #from: NodeId | null = null
  /** The core has decided for what was received. */
  #isTaken = false
  /** Something of an earlier state may lie around. */
  #mayHoldOld = true

  constructor(options: StateReceiverOptions) {
    this.#options = options
    this.#pace = new Pace(options.bytesPerSecond, options.clock)
  }

  /** A leader offers a state. */
  async offered(from: NodeId, offer: StateOffer): Promise<OfferAnswer> {
    const { committedIndex, signal } = this.#options
    const index = committedIndex()
    const refusal = index >= offer.needed ? null : await this.#refusal(offer.head)
    signal.throwIfAborted()
    if (this.#isTaken) throw new BrokerError('CLOSED', 'this member is about to take a state')
    if (index >= offer.needed) {
      if (this.#running === null && this.#mayHoldOld) this.#start(() => this.#discard())
      return { type: 'has', index }
    }
    if (refusal !== null) return { type: 'refused', reason: refusal }
    this.#from = from
    if (this.#running === null) {
      const incoming = this.#incoming
      const whole = incoming?.isSealed === true ? incoming.head : null
      if (whole !== null && whole.index >= offer.needed) this.#options.ready(from, offer, markOf(whole))
      else this.#start(() => this.#receive(offer))
    }
    return { type: 'working' }
  }

  /** Why a state cannot be received here, in words. */
  async #refusal({ segmentBytes, base, end }: StateHead): Promise<string | null> {
    const { shape, disk } = this.#options
    if (segmentBytes !== shape.segmentBytes) {
      return `the log of the group has segments of ${segmentBytes} bytes, not of ${shape.segmentBytes}`
    }
    if (this.#incoming !== null || this.#running !== null) return null
    const { freeBytes } = await disk.space()
    const bytes = end - base.position
    return freeBytes > bytes ? null : `the log has ${bytes} bytes, and only ${freeBytes} are free`
  }

  /** The core takes the state: durable when this resolves. The next start carries it out. */
  async commit(): Promise<void> {
    assert(this.#running === null && this.#incoming !== null, 'what is taken is whole')
    await this.#incoming.commit()
  }

  /** The core takes it: from now on nothing of it is touched. */
  take(): void {
    this.#isTaken = true
  }

  /** The signal was aborted: resolves when nothing is under way. */
  async close(): Promise<void> {
    await this.#running
    await this.#incoming?.close()
    this.#incoming = null
  }

  #start(run: () => Promise<void>): void {
    this.#running = run()
      .catch((error: unknown) => this.#broke(error))
      .finally(() => {
        this.#running = null
      })
  }

  async #receive(offer: StateOffer): Promise<void> {
    const { logger } = this.#options
    this.#mayHoldOld = true
    const isNew = this.#incoming === null
    this.#incoming ??= await IncomingState.open(this.#options)
    const incoming = this.#incoming
    const head = await incoming.begin(offer.head, offer.needed)
    const { index, end } = head
    if (isNew)
      logger.info(
        { from: this.#from, index, end, at: incoming.isSealed ? end : incoming.log.end },
        'state is received',
      )
    await this.#fetchRows(incoming, head)
    await this.#fetchLog(incoming, head)
    await incoming.seal()
    logger.info({ index, end }, 'state is whole')
  }

  async #fetchRows({ rows }: IncomingState, { index }: StateHead): Promise<void> {
    const { link, signal } = this.#options
    while (!rows.isComplete) {
      const request = encodeStateCall({ type: 'rows', index, after: rows.lastKey, bytesMax: PAGE_BYTES })
      const page = await unlessAborted(link.call(this.#peer, request), signal)
      await this.#paced(page.byteLength)
      await rows.append(page)
    }
  }

  /** What follows is asked for while what came is written. */
  async #fetchLog(incoming: IncomingState, head: StateHead): Promise<void> {
    if (incoming.isSealed) return
    const { log } = incoming
    let coming = log.lastIndex < head.index ? this.#fetch(log.lastIndex) : null
    while (coming !== null) {
      const { records } = await unlessAborted(coming, this.#options.signal)
      const accepted = log.acceptRecords(records, log.termOf(log.lastIndex))
      if (accepted.type === 'refused') throw notWhole(accepted.reason)
      const wanted = accepted.records.filter((record) => record.index <= head.index)
      if (wanted.length === 0) throw new BrokerError('CANCELLED', `what follows ${log.lastIndex} is gone`)
      log.adopt(wanted, null)
      coming = log.lastIndex < head.index ? this.#fetch(log.lastIndex) : null
      // It is awaited in the next round, which may not come.
      coming?.catch(() => undefined)
      await log.write([{ cut: null, records: wanted }])
      log.indexer.look(log.lastIndex)
      await this.#paced(records.byteLength)
    }
  }

  /** The leader's records behind an entry; of another member where the leader's are damaged. */
  async #fetch(last: LogIndex): Promise<FetchedLog> {
    const { source } = this.#options
    const first = (last + 1) as LogIndex
    try {
      return await source.fetch(this.#peer, first, REPAIR_BYTES_MAX)
    } catch (error) {
      if (!(error instanceof BrokerError && error.code === 'DATA_DAMAGED')) throw error
      const other = source.peers.find((peer) => peer !== this.#peer)
      if (other === undefined) throw error
      return source.fetch(other, first, REPAIR_BYTES_MAX)
    }
  }

  get #peer(): NodeId {
    this.#options.signal.throwIfAborted()
    return this.#from as NodeId
  }

  async #paced(bytes: number): Promise<void> {
    await this.#pace.passed(bytes, this.#options.signal)
  }

  /** What came in stays, unless it may be what is wrong: then the next offer begins anew. */
  async #broke(error: unknown): Promise<void> {
    const { logger, signal } = this.#options
    if (signal.aborted) return
    const isOfLink = error instanceof BrokerError && LINK_CODES.has(error.code)
    logger.warn({ error: messageOf(error), again: !isOfLink }, 'state could not be received')
    if (isOfLink) return
    try {
      await this.#discard()
    } catch (cause) {
      logger.warn({ error: messageOf(cause) }, 'received state could not be removed')
    }
  }

  async #discard(): Promise<void> {
    await this.#incoming?.close()
    this.#incoming = null
    await IncomingState.discard(this.#options.disk)
    this.#mayHoldOld = false
  }
}

/** What a call ends with when the peer is not there, is busy or has another state by now. */
const LINK_CODES: ReadonlySet<string> = new Set([
  'NO_LEADER',
  'TIMEOUT',
  'CANCELLED',
  'BUSY',
  'CLOSED',
  'NOT_IMPLEMENTED',
])

function markOf({ index, term, configuration }: StateHead): SnapshotMark {
  return { index, term, configuration }
}

function notWhole(reason: string): BrokerError {
  return new BrokerError('DATA_DAMAGED', `the log of the state cannot be taken: ${reason}`)
}

/** Lets so many bytes a second pass. */
class Pace {
  readonly #bytesPerMs: number
  readonly #clock: Clock
  #freeAt = 0

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#clock = clock
  }

  async passed(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.mono()
    this.#freeAt = Math.max(now, this.#freeAt) + bytes / this.#bytesPerMs
    if (this.#freeAt - now >= 1) await this.#clock.sleep(this.#freeAt - now, signal)
  }
}
