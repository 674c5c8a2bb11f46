/**
 * The leader's side of catching up by state: offers each peer that the core names a state, again and again until it
 * has one, and tells the core how that ended. The peer fetches by itself.
 */
import type { LogIndex, NodeId, Term } from '../../base/brand.ts'
import { BytesError } from '../../base/bytes.ts'
import { BrokerError, messageOf } from '../../base/errors.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { decodeOfferAnswer, encodeStateCall, type OfferAnswer, type StateLink } from './state-calls.ts'
import type { StateHead } from './state-head.ts'
import { unlessAborted } from './unless-aborted.ts'

/** How often a peer is asked how far it is. */
const ASK_EVERY_MS = 500

export interface StateOffersOptions {
  readonly link: StateLink
  readonly clock: Clock
  readonly logger: Logger
  /** The head of a state at this entry or later. */
  readonly stateAt: (needed: LogIndex) => Promise<StateHead>
  /** Does the core, as the leader of this term, still wait for this peer to get a state? */
  readonly isNeeded: (peer: NodeId, term: Term) => boolean
  /** The peer has everything up to `index`; or, `ok` false, it has nothing new as far as is known. */
  readonly report: (peer: NodeId, index: LogIndex, ok: boolean) => void
  readonly signal: AbortSignal
}

export class StateOffers {
  readonly #options: StateOffersOptions
  /** By peer and term: what an earlier term began may still be ending. */
  readonly #running = new Map<string, Promise<void>>()

  constructor(options: StateOffersOptions) {
    this.#options = options
  }

  /** The core says that a peer needs a state at `needed` or later. */
  offer(peer: NodeId, needed: LogIndex, term: Term): void {
    const name = `${peer} in ${term}`
    if (this.#running.has(name)) return
    const run = this.#run(peer, needed, term).finally(() => this.#running.delete(name))
    this.#running.set(name, run)
  }

  /** Resolves when nothing is under way; the signal was aborted before. */
  async drained(): Promise<void> {
    await Promise.all(this.#running.values())
  }

  /** Never rejects. */
  async #run(peer: NodeId, needed: LogIndex, term: Term): Promise<void> {
    const { logger, isNeeded, report, signal, clock } = this.#options
    logger.info({ peer, index: needed }, 'peer needs a state')
    let refused: string | null = null
    while (!signal.aborted && isNeeded(peer, term)) {
      const answer = await this.#ask(peer, needed, term)
      if (answer?.type === 'has') {
        logger.info({ peer, index: answer.index }, 'peer has a state')
        return report(peer, answer.index, true)
      }
      if (answer?.type === 'refused' && answer.reason !== refused) {
        refused = answer.reason
        logger.warn({ peer, reason: refused }, 'peer refuses a state')
      }
      await clock.sleep(ASK_EVERY_MS, signal).catch(() => undefined)
      // Where it stands now is found out by the core, which names it again if need be.
      if (answer === undefined) return report(peer, needed, false)
    }
  }

  /** `undefined`: there was no answer. */
  async #ask(peer: NodeId, needed: LogIndex, term: Term): Promise<OfferAnswer | undefined> {
    const { link, stateAt, logger, signal } = this.#options
    try {
      const head = await stateAt(needed)
      const call = link.call(peer, encodeStateCall({ type: 'offer', term, needed, head }))
      return decodeOfferAnswer(await unlessAborted(call, signal))
    } catch (error) {
      if (!(error instanceof BrokerError || error instanceof BytesError)) throw error
      logger.debug({ peer, error: messageOf(error) }, 'state was not offered')
      return undefined
    }
  }
}
