/**
 * The idempotency keys of the latest appends, so that an append that a client repeats, at whatever leader, is
 * answered like the first time and stores nothing.
 *
 * Slot: four words of the key's hash, the first mixed with the ledger's id; CRC-32 of the entries; how many; the
 * first one's index (2 words); stamp (2).
 */
import { ledgerIndex, type LedgerIndex, type Millis } from '../../base/brand.ts'
import { LEDGER_KEYS_MAX, LEDGER_KEYS_MS } from '../../base/limits.ts'
import type { RowLedger } from '../../broker/machine/rows.ts'
import { SlotIndex } from '../../broker/machine/slot-index.ts'
import { SLOT_WORDS } from '../../broker/machine/slot-ring.ts'
import { mixWords, SlotWindow } from '../../broker/machine/slot-window.ts'
import type { LedgerId } from './commands.ts'
import { TABLE_LEDGER_KEY } from './tables.ts'

const TWO_32 = 0x1_0000_0000

/** What the first append with a key was answered. */
export interface RememberedAppend {
  readonly crc: number
  readonly count: number
  readonly firstIndex: LedgerIndex
  readonly stampMs: Millis
}

export class KeyWindow extends SlotWindow {
  #index = new SlotIndex(1, () => 0)

  constructor(rows: RowLedger, slotsMax: number = LEDGER_KEYS_MAX) {
    super(TABLE_LEDGER_KEY, slotsMax, LEDGER_KEYS_MS, rows)
    this.reindex()
  }

  /** The append that had the key whose hash stands at `at` of `entry`. */
  find(ledgerId: LedgerId, entry: DataView, at: number, now: Millis): RememberedAppend | undefined {
    const a = (entry.getUint32(at) ^ ledgerId) >>> 0
    const b = entry.getUint32(at + 4)
    const c = entry.getUint32(at + 8)
    const d = entry.getUint32(at + 12)
    const { words } = this.ring
    let place = this.#index.start(mixWords(a, b, c, d))
    for (;;) {
      const slot = this.#index.slotAt(place)
      if (slot < 0) return undefined
      const word = slot * SLOT_WORDS
      const same =
        words[word] === a && words[word + 1] === b && words[word + 2] === c && words[word + 3] === d
      if (same && this.isLive(slot, now)) return this.#read(slot)
      place = this.#index.after(place)
    }
  }

  #read(slot: number): RememberedAppend {
    const { words } = this.ring
    const at = slot * SLOT_WORDS
    return {
      crc: words[at + 4] as number,
      count: words[at + 5] as number,
      firstIndex: ledgerIndex((words[at + 6] as number) * TWO_32 + (words[at + 7] as number)),
      stampMs: this.stampOf(slot),
    }
  }

  /** Remembers an append that `find` did not know. */
  remember(ledgerId: LedgerId, entry: DataView, at: number, append: RememberedAppend): void {
    const sequence = this.pushSlot(append.stampMs)
    const { words } = this.ring
    const word = this.ring.wordAt(sequence)
    words[word] = (entry.getUint32(at) ^ ledgerId) >>> 0
    words[word + 1] = entry.getUint32(at + 4)
    words[word + 2] = entry.getUint32(at + 8)
    words[word + 3] = entry.getUint32(at + 12)
    words[word + 4] = append.crc
    words[word + 5] = append.count
    words[word + 6] = Math.floor(append.firstIndex / TWO_32)
    words[word + 7] = append.firstIndex >>> 0
    this.addToIndex(this.ring.slotOf(sequence))
  }

  /** What is inconsistent: for checks only, it walks. */
  faults(): string[] {
    const { ring } = this
    if (this.#index.size !== ring.head - ring.tail) return ['the index knows each remembered key once']
    for (let sequence = ring.tail; sequence < ring.head; sequence++) {
      if (!this.#index.has(ring.slotOf(sequence))) return ['the index knows every remembered key']
    }
    return []
  }

  protected override clearIndex(slots: number): void {
    this.#index = new SlotIndex(slots, (slot) => this.#hash(slot))
  }

  protected override addToIndex(slot: number): void {
    this.#index.insert(slot)
  }

  protected override removeFromIndex(slot: number): void {
    this.#index.remove(slot)
  }

  #hash(slot: number): number {
    const at = slot * SLOT_WORDS
    const { words } = this.ring
    return mixWords(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
    )
  }
}
