/** The commands of ledgers in the log, what applying them answers, and their bytes before they are applied. */
import type { LedgerIndex, Millis } from '../../base/brand.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { PartReply } from '../../base/state-machine.ts'

/** The number of a ledger in its group, never used again after a deletion. */
export type LedgerId = number

/** How long entries are kept. */
export interface Retention {
  /** At most so many entries. 1 or more. */
  readonly entriesMax: number
  /** At most so many bytes of entries. 1 or more. */
  readonly bytesMax: number
  /** Entries are kept so long in log time; 0: until something else ends them. */
  readonly ageMsMax: number
  /** At the limit: the oldest entries go. Otherwise appends are refused. */
  readonly dropOldest: boolean
}

export interface CreateLedger {
  readonly type: 'createLedger'
  readonly name: string
  readonly retention: Retention
}

/** Deletes a ledger, or lets its entries go and is to be repeated: it is answered `trimmed` then. */
export interface DeleteLedger {
  readonly type: 'deleteLedger'
  readonly name: string
}

/** Entries before `firstIndex` are let go. A ledger that begins later already stays as it is. */
export interface TrimLedger {
  readonly type: 'trimLedger'
  readonly name: string
  readonly firstIndex: number
}

/** Lets everything go that is over by age at this entry's stamp. */
export interface ExpireLedgers {
  readonly type: 'expireLedgers'
}

/** The commands that are decoded before they are applied. An append is applied where it stands. */
export type LedgerCommand = CreateLedger | DeleteLedger | TrimLedger | ExpireLedgers

/** The append was applied, now or before. */
export interface Appended extends PartReply {
  readonly part: 'ledger'
  readonly type: 'appended'
  readonly firstIndex: LedgerIndex
  readonly count: number
  /** Log time of the append. */
  readonly stampMs: Millis
  /** The key was known: this is the answer of the first append. */
  readonly repeated: boolean
}

/** What applying a command of ledgers answers. */
export type LedgerReply =
  | Appended
  | (PartReply & {
      readonly part: 'ledger'
      readonly type: 'refused'
      readonly code: ErrorCode
      readonly message: string
    })
  | (PartReply & { readonly part: 'ledger'; readonly type: 'created'; readonly ledgerId: LedgerId })
  | (PartReply & { readonly part: 'ledger'; readonly type: 'trimmed'; readonly firstIndex: LedgerIndex })
  | (PartReply & { readonly part: 'ledger'; readonly type: 'done' })

/** Whether the reply of a part is one of the ledgers. */
export function isLedgerReply(reply: PartReply): reply is LedgerReply {
  return reply.part === 'ledger'
}

/** The answer of a command that changed nothing. */
export function ledgerRefused(code: ErrorCode, message: string): LedgerReply {
  return { part: 'ledger', type: 'refused', code, message }
}
