/**
 * The ledger machine: what the commands of ledgers mean. It stands beside the broker machine in the same log and
 * shares its rows, its digest, its log time and its applied index (`MachinePart`).
 */
import type { LogPosition, Millis } from '../../base/brand.ts'
import { BytesError } from '../../base/bytes.ts'
import type { MachinePart } from '../../base/state-machine.ts'
import type { RowLedger } from '../../broker/machine/rows.ts'
import { append } from './append.ts'
import { applyLedgerCommand } from './catalog.ts'
import { decodeLedgerCommand, LEDGER_COMMAND_VERSION, LEDGER_KINDS } from './command-codec.ts'
import { type LedgerCommand, type LedgerId, ledgerRefused, type LedgerReply } from './commands.ts'
import { LedgerLoader } from './loader.ts'
import { LedgerState } from './state.ts'
import { TABLE_LEDGER_KEY, TABLE_LEDGER_META } from './tables.ts'
import type { LedgerPageView, LedgersView, LedgerView } from './view.ts'

export class LedgerMachine implements MachinePart, LedgersView {
  readonly #state: LedgerState
  #loader: LedgerLoader | undefined

  /** `rows` are those of the machine that it is a part of. */
  constructor(rows: RowLedger, keysMax?: number) {
    this.#state = new LedgerState(rows, keysMax)
  }

  knows(kind: number, version: number): boolean {
    const isOurs = kind >= LEDGER_KINDS.append && kind <= LEDGER_KINDS.expireLedgers
    return isOurs && version === LEDGER_COMMAND_VERSION
  }

  ownsTable(table: number): boolean {
    return table >= TABLE_LEDGER_META && table <= TABLE_LEDGER_KEY
  }

  begin(now: Millis): void {
    this.#state.keys.expire(now)
    this.#state.keysMoved()
  }

  apply(
    kind: number,
    entry: DataView,
    start: number,
    end: number,
    position: LogPosition,
    now: Millis,
  ): LedgerReply {
    const state = this.#state
    if (kind === LEDGER_KINDS.append) {
      const reply = append(state, entry, start, end, position, now)
      state.keysMoved()
      return reply
    }
    let command: LedgerCommand
    try {
      const body = new Uint8Array(entry.buffer, entry.byteOffset + start, end - start)
      command = decodeLedgerCommand(kind, body)
    } catch (error) {
      if (error instanceof BytesError) return ledgerRefused('BAD_REQUEST', error.message)
      throw error
    }
    return applyLedgerCommand(state, command, now)
  }

  drained(): void {
    const { book } = this.#state
    for (const page of book.filled) page.release()
    book.filled = []
  }

  addRow(table: number, key: Uint8Array, value: Uint8Array): void {
    this.#loader ??= new LedgerLoader(this.#state)
    this.#loader.add(table, key, value)
  }

  finishRows(): readonly string[] {
    const problems = this.#loader?.finish() ?? []
    this.#loader = undefined
    return problems
  }

  faults(): readonly string[] {
    const { byId, keys, book } = this.#state
    const faults = [...keys.faults()]
    let pages = 0
    for (const ledger of byId.values()) {
      faults.push(...ledger.faults())
      pages += ledger.pageCount
    }
    if (pages !== book.count) faults.push('all pages of ledgers are counted')
    return faults
  }

  ledger(name: string): LedgerView | undefined {
    return this.#state.named(name)
  }

  ledgerById(id: LedgerId): LedgerView | undefined {
    return this.#state.byId.get(id)
  }

  ledgers(): Iterable<LedgerView> {
    return this.#state.byId.values()
  }

  pageAt(id: LedgerId, index: number): LedgerPageView | undefined {
    return this.#state.byId.get(id)?.pageAt(index)
  }

  pageAtTime(id: LedgerId, timeMs: number): LedgerPageView | undefined {
    return this.#state.byId.get(id)?.pageAtTime(timeMs)
  }

  isExpiryDue(now: Millis): boolean {
    for (const ledger of this.#state.byId.values()) if (ledger.isOver(now)) return true
    return false
  }

  neededFrom(): LogPosition | undefined {
    let lowest: LogPosition | undefined
    for (const { neededFrom } of this.#state.byId.values()) {
      if (neededFrom !== undefined && (lowest === undefined || neededFrom < lowest)) lowest = neededFrom
    }
    return lowest
  }

  /** Ledgers that got or lost entries since the last call, and forgets them. */
  takeChanged(): ReadonlySet<LedgerId> {
    const { changed } = this.#state
    if (changed.size > 0) this.#state.changed = new Set()
    return changed
  }
}
