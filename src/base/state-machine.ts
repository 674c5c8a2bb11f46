/**
 * The contract between the replicated log and the machine on top of it. The log decides the order, the
 * machine decides what the bytes mean. Same log, same state, bit for bit, on every member.
 */
import type { LogIndex, LogPosition, Millis } from './brand.ts'
import type { KvWrite } from './ports.ts'

/** Where an entry stands. `position` is the byte position of `data[0]` in the log. */
export interface EntryMeta {
  readonly index: LogIndex
  readonly position: LogPosition
}

/**
 * A deterministic machine. `apply` is synchronous and total: any committed bytes give a reply or a typed
 * refusal, never an exception, with one exception: bytes of a newer version throw `UnknownVersionError`,
 * which stops the node.
 */
export interface StateMachine<Reply> {
  /** The index of the last entry applied, 0 at the start. */
  readonly appliedIndex: LogIndex
  /** Below this position the machine reads nothing of the log any more. Never goes back; 0 at the start. */
  readonly floor: LogPosition
  /** Applies the next entry. Returns one reply for each command in it, in order; none for an empty entry. */
  apply(meta: EntryMeta, data: Uint8Array): readonly Reply[]
  /**
   * Hands out the table rows that changed since the last call, at most one write a key, and brings the
   * digest up to date. Written as one batch together with the applied index.
   */
  drain(): KvWrite[]
  /** The digest of the whole state at the last multiple of 1,024 entries, and at the applied index. */
  digests(): MachineDigests
}

export interface MachineDigests {
  /** Digest of every row at `appliedIndex`: 16 hexadecimal characters. */
  readonly applied: { readonly index: LogIndex; readonly digest: string }
  /** Digests at the latest multiples of 1,024, newest last, so that members can compare equal indexes. */
  readonly checkpoints: readonly { readonly index: LogIndex; readonly digest: string }[]
}

/** What a command of a part answers. `part` names the part. */
export interface PartReply {
  readonly part: string
}

/**
 * A machine that is a part of another one, in the same log: it has kinds of commands and tables of its own and
 * shares the entries, log time, the applied index, the rows and their digest. As deterministic as the whole.
 */
export interface MachinePart {
  /** Whether commands of this kind, in this version, are the part's. */
  knows(kind: number, version: number): boolean
  /** An entry begins; `now` is its log time. */
  begin(now: Millis): void
  /**
   * Applies one of its commands, whose body is `[start, end)` of an entry. `position` is the place of the
   * entry's first byte in the log.
   */
  apply(
    kind: number,
    entry: DataView,
    start: number,
    end: number,
    position: LogPosition,
    now: Millis,
  ): PartReply
  /** All changed rows were handed out: from now on they can be read from the table store. */
  drained(): void
  /** Whether rows of this table are the part's. */
  ownsTable(table: number): boolean
  /** Takes a row of one of its tables, in any order. Throws `BytesError` and `UnknownVersionError`. */
  addRow(table: number, key: Uint8Array, value: Uint8Array): void
  /** All rows were added. Returns what is wrong with them, in sentences. */
  finishRows(): readonly string[]
  /** The lowest log position whose bytes the part still needs; `undefined` when it needs none. */
  neededFrom(): LogPosition | undefined
  /** Rules that do not hold, as sentences. */
  faults(): readonly string[]
}

/** A command or format of a version that this program does not know. The node stops; it never skips. */
export class UnknownVersionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UnknownVersionError'
  }
}
