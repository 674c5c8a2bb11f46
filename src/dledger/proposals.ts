/**
 * Commands on their way into the log and the callers that wait for them. A caller hears the machine's reply,
 * or that nothing happened (`none`), or that nobody can tell yet (`unknown`).
 */
import type { LogIndex, Term } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { ENTRY_BYTES_TARGET } from '../base/limits.ts'

/** One command as bytes; large chunks are passed through and copied once, into the record. */
export interface EncodedCommand {
  readonly size: number
  readonly chunks: readonly Uint8Array[]
}

/** What a proposal ends with. */
export interface Applied<Reply> {
  readonly index: LogIndex
  readonly reply: Reply
}

interface Caller<Reply> {
  readonly command: EncodedCommand
  readonly resolve: (applied: Applied<Reply>) => void
  readonly reject: (error: BrokerError) => void
}

/** The commands of one entry and their callers, in order. */
export interface CommandBatch<Reply> {
  readonly commands: readonly EncodedCommand[]
  readonly callers: readonly Caller<Reply>[]
}

export class Proposals<Reply> {
  #waiting: Caller<Reply>[] = []
  #waitingBytes = 0
  #appended = new Map<LogIndex, { readonly term: Term; readonly callers: readonly Caller<Reply>[] }>()
  #appendedBytes = 0

  get waitingCount(): number {
    return this.#waiting.length
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Bytes that are in the log and whose callers still wait. */
  get appendedBytes(): number {
    return this.#appendedBytes
  }

  add(command: EncodedCommand): Promise<Applied<Reply>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject })
      this.#waitingBytes += command.size
    })
  }

  /** Takes the commands for the next entry: as many as fit the target, at least one; `null` without any. */
  takeBatch(): CommandBatch<Reply> | null {
    if (this.#waiting.length === 0) return null
    let bytes = 0
    let count = 0
    for (const caller of this.#waiting) {
      if (count > 0 && bytes + caller.command.size > ENTRY_BYTES_TARGET) break
      bytes += caller.command.size
      count++
    }
    const callers = count === this.#waiting.length ? this.#waiting : this.#waiting.splice(0, count)
    if (callers === this.#waiting) this.#waiting = []
    this.#waitingBytes -= bytes
    return { commands: callers.map((caller) => caller.command), callers }
  }

  /** The batch became the entry at `index`. */
  appended(index: LogIndex, term: Term, batch: CommandBatch<Reply>): void {
    this.#appended.set(index, { term, callers: batch.callers })
    this.#appendedBytes += bytesOf(batch.callers)
  }

  /** The entry at `index`, of `term`, was applied: its callers hear their replies. */
  applied(index: LogIndex, term: Term, replies: readonly Reply[]): void {
    const entry = this.#appended.get(index)
    if (entry === undefined) return
    this.#appended.delete(index)
    this.#appendedBytes -= bytesOf(entry.callers)
    if (entry.term !== term) {
      reject(entry.callers, 'NOT_LEADER', 'another leader wrote this place of the log', 'none')
      return
    }
    for (let i = 0; i < entry.callers.length; i++) {
      entry.callers[i]?.resolve({ index, reply: replies[i] as Reply })
    }
  }

  /** Nothing happened to these commands. */
  refuse(batch: CommandBatch<Reply>): void {
    reject(batch.callers, 'NOT_LEADER', 'this member does not lead', 'none')
  }

  /** This member leads no more: what waits never went in, what is in the log may still commit. */
  leadershipLost(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    reject(waiting, 'NOT_LEADER', 'this member does not lead', 'none')
    const appended = this.#appended
    this.#appended = new Map()
    this.#appendedBytes = 0
    for (const entry of appended.values()) {
      reject(entry.callers, 'NOT_LEADER', 'leadership was lost before the entry committed', 'unknown')
    }
  }
}

function reject<Reply>(
  callers: readonly Caller<Reply>[],
  code: 'NOT_LEADER',
  message: string,
  outcome: 'none' | 'unknown',
): void {
  if (callers.length === 0) return
  const error = new BrokerError(code, message, { outcome })
  for (const caller of callers) caller.reject(error)
}

function bytesOf<Reply>(callers: readonly Caller<Reply>[]): number {
  let bytes = 0
  for (const caller of callers) bytes += caller.command.size
  return bytes
}
