/** Making, deleting, trimming and expiring ledgers. */
import { unreachable } from '../../base/assert.ts'
import type { Millis } from '../../base/brand.ts'
import {
  LEDGER_BYTES_MAX,
  LEDGER_ENTRIES_MAX,
  LEDGER_NAME_LENGTH_MAX,
  LEDGERS_MAX,
  NAME_CHARACTERS,
} from '../../base/limits.ts'
import {
  type CreateLedger,
  type LedgerCommand,
  ledgerRefused,
  type LedgerReply,
  type Retention,
  type TrimLedger,
} from './commands.ts'
import { Ledger } from './ledger.ts'
import type { LedgerState } from './state.ts'

const DONE: LedgerReply = { part: 'ledger', type: 'done' }

/** Applies any command but an append. */
export function applyLedgerCommand(state: LedgerState, command: LedgerCommand, now: Millis): LedgerReply {
  switch (command.type) {
    case 'createLedger':
      return createLedger(state, command, now)
    case 'deleteLedger': {
      const ledger = state.named(command.name)
      if (ledger === undefined) return missing(command.name)
      state.changed.add(ledger.id)
      if (!ledger.remove()) return { part: 'ledger', type: 'trimmed', firstIndex: ledger.firstIndex }
      state.delete(ledger)
      return DONE
    }
    case 'trimLedger':
      return trimLedger(state, command)
    case 'expireLedgers':
      for (const ledger of state.byId.values()) {
        if (!ledger.isOver(now)) continue
        ledger.expire(now)
        state.changed.add(ledger.id)
      }
      return DONE
    default:
      return unreachable(command)
  }
}

/** Making a ledger that is there, with the same retention, answers the same. */
function createLedger(state: LedgerState, command: CreateLedger, now: Millis): LedgerReply {
  const { name, retention } = command
  if (!NAME_CHARACTERS.test(name) || name.length > LEDGER_NAME_LENGTH_MAX) {
    const allowed = `1 to ${LEDGER_NAME_LENGTH_MAX} letters, digits, _, -, % or |`
    return ledgerRefused('ILLEGAL_LEDGER', `"${name}" is no name for a ledger: it takes ${allowed}`)
  }
  if (!isRetention(retention)) {
    const limits = `1 to ${LEDGER_ENTRIES_MAX} entries and 1 to ${LEDGER_BYTES_MAX} bytes`
    return ledgerRefused('BAD_REQUEST', `a ledger keeps ${limits}`)
  }
  const known = state.named(name)
  if (known !== undefined) {
    if (isSame(known.retention, retention)) return { part: 'ledger', type: 'created', ledgerId: known.id }
    return ledgerRefused('LEDGER_EXISTS', `ledger "${name}" exists with another retention`)
  }
  if (state.byId.size >= LEDGERS_MAX) {
    return ledgerRefused('LIMIT_REACHED', `a group has at most ${LEDGERS_MAX} ledgers`)
  }
  const ledger = new Ledger(state.meta.nextId++, name, retention, now, state.book)
  state.add(ledger)
  state.rows.touch(state.meta)
  state.rows.touch(ledger)
  return { part: 'ledger', type: 'created', ledgerId: ledger.id }
}

function trimLedger(state: LedgerState, command: TrimLedger): LedgerReply {
  const ledger = state.named(command.name)
  if (ledger === undefined) return missing(command.name)
  if (command.firstIndex > ledger.nextIndex) {
    const last = ledger.nextIndex - 1
    return ledgerRefused('INDEX_OUT_OF_RANGE', `ledger "${ledger.name}" ends at ${last}`)
  }
  ledger.moveFirst(command.firstIndex)
  state.changed.add(ledger.id)
  return { part: 'ledger', type: 'trimmed', firstIndex: ledger.firstIndex }
}

function missing(name: string): LedgerReply {
  return ledgerRefused('LEDGER_NOT_FOUND', `ledger "${name}" does not exist`)
}

function isRetention({ entriesMax, bytesMax }: Retention): boolean {
  const countFits = entriesMax >= 1 && entriesMax <= LEDGER_ENTRIES_MAX
  return countFits && bytesMax >= 1 && bytesMax <= LEDGER_BYTES_MAX
}

function isSame(one: Retention, other: Retention): boolean {
  return (
    one.entriesMax === other.entriesMax &&
    one.bytesMax === other.bytesMax &&
    one.ageMsMax === other.ageMsMax &&
    one.dropOldest === other.dropOldest
  )
}
