/** Appending: entries that stand in the log become pointers of a ledger, all of them or none. */
import { ledgerIndex, type LogPosition, type Millis } from '../../base/brand.ts'
import { LEDGER_PAGES_MAX } from '../../base/limits.ts'
import { APPEND_PLACE_BYTES, type AppendPlace, readAppend } from './append-codec.ts'
import { ledgerRefused, type LedgerReply } from './commands.ts'
import type { Ledger } from './ledger.ts'
import type { LedgerState } from './state.ts'

const KEY_AT = 16

/**
 * Applies the append whose body is `[start, end)` of an entry, whose first byte stands at `position` in the log.
 */
export function append(
  state: LedgerState,
  entry: DataView,
  start: number,
  end: number,
  position: LogPosition,
  now: Millis,
): LedgerReply {
  const place = readAppend(entry, start, end)
  if (place === undefined) return ledgerRefused('BAD_REQUEST', 'an append holds bytes that are no entries')
  const ledger = state.byId.get(place.ledgerId)
  if (ledger === undefined) return ledgerRefused('LEDGER_NOT_FOUND', 'the ledger does not exist any more')
  const known = place.hasKey ? state.keys.find(ledger.id, entry, start + KEY_AT, now) : undefined
  if (known !== undefined) {
    if (known.crc !== place.crc || known.count !== place.count) {
      return ledgerRefused('BAD_REQUEST', 'the idempotency key was used for other entries')
    }
    const { firstIndex, count, stampMs } = known
    return { part: 'ledger', type: 'appended', firstIndex, count, stampMs, repeated: true }
  }
  ledger.expire(now)
  const refusal = refusalOf(state, ledger, place)
  if (refusal !== undefined) return refusal
  return store(state, ledger, place, entry, start, position, now)
}

function refusalOf(state: LedgerState, ledger: Ledger, place: AppendPlace): LedgerReply | undefined {
  const last = ledger.nextIndex - 1
  if (place.expectedLast !== null && place.expectedLast !== last) {
    return ledgerRefused(
      'CONDITION_FAILED',
      `ledger "${ledger.name}" ends at ${last}, expected was ${place.expectedLast}`,
    )
  }
  const { entriesMax, bytesMax, dropOldest } = ledger.retention
  if (!dropOldest && ledger.entries + place.count > entriesMax) {
    return ledgerRefused('LIMIT_REACHED', `ledger "${ledger.name}" is full: it holds ${entriesMax} entries`)
  }
  if (!dropOldest && ledger.bytes + place.bytes > bytesMax) {
    return ledgerRefused('LIMIT_REACHED', `ledger "${ledger.name}" is full: it holds ${bytesMax} bytes`)
  }
  if (state.book.count + ledger.pagesFor(place.count, place.bytes) > LEDGER_PAGES_MAX) {
    return ledgerRefused('LIMIT_REACHED', 'the ledgers of this group hold as many entries as they may')
  }
  return undefined
}

function store(
  state: LedgerState,
  ledger: Ledger,
  place: AppendPlace,
  entry: DataView,
  start: number,
  position: LogPosition,
  now: Millis,
): LedgerReply {
  const firstIndex = ledgerIndex(ledger.nextIndex)
  const { count, placesAt, rawAt, crc } = place
  for (let at = placesAt; at < rawAt; at += APPEND_PLACE_BYTES) {
    ledger.append(position + rawAt + entry.getUint32(at), entry.getUint32(at + 4), now)
  }
  state.rows.touch(ledger)
  state.changed.add(ledger.id)
  if (place.hasKey) {
    state.keys.remember(ledger.id, entry, start + KEY_AT, { crc, count, firstIndex, stampMs: now })
  }
  ledger.expire(now)
  return { part: 'ledger', type: 'appended', firstIndex, count, stampMs: now, repeated: false }
}
