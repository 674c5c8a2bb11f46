/** Finds entries by their indexes: pointers from a page, bytes from the log, from memory where possible. */
import { ledgerIndex, type LedgerIndex, type Millis } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { LedgerLog } from './ledger-log.ts'
import { pointerAt, pointersIn } from './machine/index.ts'
import type { LedgerId } from './machine/commands.ts'
import type { LedgerPageView, LedgersView } from './machine/view.ts'

/** An entry. `body` is a view of the log's memory, not to be kept. */
export interface StoredEntry {
  readonly index: LedgerIndex
  readonly appendedAtMs: Millis
  readonly body: Uint8Array
}

const NOTHING = new Uint8Array(0)

export class EntryReader {
  readonly #view: LedgersView
  readonly #log: LedgerLog

  constructor(view: LedgersView, log: LedgerLog) {
    this.#view = view
    this.#log = log
  }

  /**
   * Some entries from `from` on, up to `last` and about so many bytes: at least one, and none when the ledger
   * does not hold `from`. Throws DATA_DAMAGED and STORAGE_FAILED.
   */
  async entries(id: LedgerId, from: number, last: number, bytesMax: number): Promise<StoredEntry[]> {
    const page = this.#view.pageAt(id, from)
    if (page === undefined) return []
    const { firstIndex } = page
    const end = Math.min(page.endIndex, last + 1)
    const pointers = await this.#pointers(id, page)
    if (pointers === undefined) return []
    const entries: StoredEntry[] = []
    let bytes = 0
    for (let index = from; index < end; index++) {
      const { position, size, stampMs } = pointerAt(pointers, index - firstIndex)
      if (entries.length > 0 && bytes + size > bytesMax) break
      const body = size === 0 ? NOTHING : (this.#log.cachedBytes(position, size) ?? null)
      entries.push({
        index: ledgerIndex(index),
        appendedAtMs: stampMs,
        body: body ?? (await this.#log.readBytes(position, size)),
      })
      bytes += size
    }
    return entries
  }

  /** The first index that was appended at or after a log time; the end of the ledger when there is none. */
  async indexAt(id: LedgerId, timeMs: number): Promise<LedgerIndex> {
    const ledger = this.#view.ledgerById(id)
    const page = this.#view.pageAtTime(id, timeMs)
    if (ledger === undefined || page === undefined) return ledger?.nextIndex ?? ledgerIndex(1)
    const { firstIndex, endIndex } = page
    const oldest = ledger.firstIndex
    const pointers = await this.#pointers(id, page)
    if (pointers === undefined) return ledger.firstIndex
    for (let index: number = firstIndex; index < endIndex; index++) {
      if (pointerAt(pointers, index - firstIndex).stampMs >= timeMs)
        return ledgerIndex(Math.max(index, oldest))
    }
    return endIndex
  }

  /** `undefined` when the page has gone meanwhile. */
  async #pointers(id: LedgerId, page: LedgerPageView): Promise<Uint8Array | undefined> {
    if (page.pointers !== undefined) return page.pointers
    const row = this.#log.cachedRow(page.key) ?? (await this.#log.readRow(page.key))
    const pointers = row === null ? undefined : pointersIn(row)
    const isGone = this.#view.pageAt(id, page.endIndex - 1) === undefined
    if (pointers === undefined && !isGone)
      throw new BrokerError('DATA_DAMAGED', 'a page of a ledger is damaged')
    return pointers
  }
}
