/**
 * The contract between the replicated log and the machine on top of it. The log decides the order, the
 * machine decides what the bytes mean. Same log, same state, bit for bit, on every member.
 */
import type { LogIndex, LogPosition } from './brand.ts'
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

/** A command or format of a version that this program does not know. The node stops; it never skips. */
export class UnknownVersionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UnknownVersionError'
  }
}
