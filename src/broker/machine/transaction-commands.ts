/**
 * The commands of transactions and what they answer. A half message is sent like any other (`send.ts`) and opens a
 * transaction; these commands check it, move it and end it.
 */
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'

/** The number of a transaction: where its half message was first stored in the log, so never used again. */
export type TransactionNumber = LogPosition

/** What a producer or an operator decides. */
export type Resolution = 'commit' | 'rollback'

/** Ends a transaction. A repeat answers the same, as long as the end is remembered. */
export interface EndTransaction {
  readonly type: 'endTransaction'
  readonly transaction: TransactionNumber
  readonly topicId: number
  readonly resolution: Resolution
}

/** What the leader did about one open transaction that was due. */
export interface TransactionCheck {
  readonly transaction: TransactionNumber
  /** How many checks had reached a producer before. Otherwise the item changes nothing. */
  readonly checks: number
  /** When it is checked again, in log time; `null`: never, it is parked for an operator. */
  readonly nextAt: Millis | null
}

/** Records that checks reached producers, and parks transactions that were checked often enough. */
export interface CheckTransactions {
  readonly type: 'checkTransactions'
  readonly items: readonly TransactionCheck[]
}

/** A half message that is still needed, as it was read, with its old place. */
export interface MovedHalf {
  readonly transaction: TransactionNumber
  /** Where it stood when the leader read it. */
  readonly position: LogPosition
  /** The stored message (`stored-message.ts`). */
  readonly stored: Uint8Array
}

/** Appends half messages once more, so that the retention floor may pass their old places. */
export interface MoveTransactions {
  readonly type: 'moveTransactions'
  readonly items: readonly MovedHalf[]
}

export type TransactionCommand = EndTransaction | CheckTransactions | MoveTransactions

/** The answer of an `endTransaction` that was not refused. */
export type EndReply =
  | {
      readonly type: 'ended'
      readonly resolution: Resolution
      /** Where the message of a commit came to stand; 0 and 0 for a rollback. */
      readonly queueId: number
      readonly offset: QueueOffset
      /** It had ended the same way before. */
      readonly repeated: boolean
    }
  /** A pointer may not lead back so far: the half message must be moved up before it is committed. */
  | { readonly type: 'tooFar' }
