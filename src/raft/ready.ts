/**
 * Gathers what one step wants done. It owns the order inside a step and the messages that must wait for the
 * disk: a vote, or any answer that shows the term, leaves only when term and vote are durable (thesis 3.8).
 */
import { assert } from '../base/assert.ts'
import type { LogIndex, NodeId } from '../base/brand.ts'
import type {
  ChangeOutcome,
  ConfigurationAt,
  Entry,
  Envelope,
  HardState,
  OutMessage,
  Payload,
  ReadIndex,
  Ready,
  RoleChange,
  SnapshotMark,
  TransferOutcome,
  Write,
} from './types.ts'

/** What the rest of a `Ready` is made of, as the core knows it at the end of a step. */
export interface StepEnd {
  readonly writeId: number
  readonly hardState: HardState
  readonly applyTo: LogIndex
  readonly commitIndex: LogIndex
  /** The configuration that counts. */
  readonly configuration: ConfigurationAt
}

/** The `Ready` in the making, and the messages that wait over steps. */
export class ReadyBuilder {
  #hardStateChanged = false
  #restore: SnapshotMark | null = null
  #truncateFrom: LogIndex | null = null
  #entries: Entry[] = []
  /** Entries of this step that came in as proposals. */
  #proposed: Entry[] = []
  #send: Envelope[] = []
  /** Wait until the newest hard state is durable. Rule: all of them are of the current term. */
  #held: Envelope[] = []
  #refused: Payload[] = []
  #roleChange: RoleChange | null = null
  #changes: ChangeOutcome[] = []
  #transfers: TransferOutcome[] = []
  #reads: ReadIndex[] = []
  #readsRefused: number[] = []
  #toldConfiguration: ConfigurationAt

  /** `configuration` counts at the start and needs no telling. */
  constructor(configuration: ConfigurationAt) {
    this.#toldConfiguration = configuration
  }

  /** Must this step write? */
  get hasWrite(): boolean {
    const cuts = this.#truncateFrom !== null || this.#restore !== null
    return this.#hardStateChanged || cuts || this.#entries.length > 0
  }

  /** Term or vote changed: the next write holds them. */
  hardStateChanged(): void {
    this.#hardStateChanged = true
  }

  append(entry: Entry, proposed: boolean): void {
    this.#entries.push(entry)
    if (proposed) this.#proposed.push(entry)
  }

  /**
   * The log is cut at `index`. What this step appended there goes as if it never was, its proposals are
   * refused; only what earlier writes hold needs a cut on the disk. `writtenLast` is where they end.
   */
  truncateFrom(index: LogIndex, writtenLast: LogIndex): void {
    this.#entries = this.#entries.filter((entry) => entry.index < index)
    for (const entry of this.#proposed) if (entry.index >= index) this.#refused.push(entry.payload)
    this.#proposed = this.#proposed.filter((entry) => entry.index < index)
    if (index > writtenLast) return
    if (this.#truncateFrom === null || index < this.#truncateFrom) this.#truncateFrom = index
  }

  /** A state takes the place of all that this step did to the log. */
  restore(mark: SnapshotMark): void {
    for (const entry of this.#proposed) this.#refused.push(entry.payload)
    this.#entries = []
    this.#proposed = []
    this.#truncateFrom = null
    this.#restore = mark
  }

  /** May leave at once. */
  send(to: NodeId, message: OutMessage): void {
    this.#send.push({ to, message })
  }

  /** Leaves when the newest hard state is durable, which it is now if `durable` says so. */
  sendWhenDurable(to: NodeId, message: OutMessage, durable: boolean): void {
    if (durable) this.#send.push({ to, message })
    else this.#held.push({ to, message })
  }

  /** The newest hard state is durable: what waited for it leaves. */
  releaseHeld(): void {
    for (const envelope of this.#held) this.#send.push(envelope)
    this.#held = []
  }

  /** A new term begins: answers of the old one are of no use to anybody. */
  dropHeld(): void {
    this.#held = []
  }

  refuse(payloads: readonly Payload[]): void {
    for (const payload of payloads) this.#refused.push(payload)
  }

  changeRole(change: RoleChange): void {
    this.#roleChange = change
  }

  changeEnded(outcome: ChangeOutcome): void {
    this.#changes.push(outcome)
  }

  transferEnded(outcome: TransferOutcome): void {
    this.#transfers.push(outcome)
  }

  allowReads(ids: readonly number[], index: LogIndex): void {
    for (const id of ids) this.#reads.push({ id, index })
  }

  refuseReads(ids: readonly number[]): void {
    for (const id of ids) this.#readsRefused.push(id)
  }

  /** Ends the step: hands out what was gathered and begins anew. Held messages stay. */
  build(end: StepEnd): Ready {
    const ready: Ready = {
      write: this.hasWrite ? this.#write(end) : null,
      send: this.#send,
      applyTo: end.applyTo,
      commitIndex: end.commitIndex,
      roleChange: this.#roleChange,
      refused: this.#refused,
      configuration: end.configuration === this.#toldConfiguration ? null : end.configuration,
      changes: this.#changes,
      transfers: this.#transfers,
      reads: this.#reads,
      readsRefused: this.#readsRefused,
    }
    this.#hardStateChanged = false
    this.#restore = null
    this.#truncateFrom = null
    this.#entries = []
    this.#proposed = []
    this.#send = []
    this.#refused = []
    this.#roleChange = null
    this.#changes = []
    this.#transfers = []
    this.#reads = []
    this.#readsRefused = []
    this.#toldConfiguration = end.configuration
    assert(!this.hasWrite, 'a new step begins empty')
    return ready
  }

  #write(end: StepEnd): Write {
    return {
      id: end.writeId,
      hardState: this.#hardStateChanged ? end.hardState : null,
      restore: this.#restore,
      truncateFrom: this.#truncateFrom,
      entries: this.#entries,
    }
  }
}
