/**
 * The whole state of the machine. The files with the commands change it; `machine.ts` feeds it; nobody else
 * holds a reference to it.
 */
import type { LogIndex, LogPosition, Millis } from '../../base/brand.ts'
import { ClaimHeap } from './claim-heap.ts'
import type { Refused, TopicId } from './commands.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { Claim, ClaimBatch, ClientClaims } from './consumer.ts'
import { Deadlines } from './deadlines.ts'
import { Dedupe } from './dedupe.ts'
import { EndedTransactions } from './ended-transactions.ts'
import { Groups } from './groups.ts'
import { OpenTransactions } from './open-transactions.ts'
import { RequestWindow } from './request-window.ts'
import { RowLedger } from './rows.ts'
import { Timers } from './timers.ts'
import { Topics } from './topics.ts'
import type { Effects } from './view.ts'

/** Everything that follows from the log, and what is derived from it to find things fast. */
export class MachineState {
  /** The index of the last entry applied. */
  appliedIndex = 0 as LogIndex
  /** Log time: the largest stamp so far. */
  now = 0 as Millis
  /** Below it nothing of the log is read. Rule: floor <= rising. */
  floor = 0 as LogPosition
  /** No new pointer leads below it. */
  rising = 0 as LogPosition
  /** The next numbers to give out. Rule: none is given out twice. */
  nextTopicId = 1
  nextGroupId = 1
  nextQueue = 1
  readonly rows = new RowLedger()
  readonly topics = new Topics()
  readonly groups = new Groups()
  readonly dedupe: Dedupe
  readonly requests: RequestWindow
  readonly timers = new Timers(this.rows)
  readonly transactions = new OpenTransactions()
  readonly ended: EndedTransactions

  /** The lowest position that another machine in the same log still needs; `undefined`: none. */
  neededByPart: () => LogPosition | undefined = () => undefined

  // Derived: not in the tables, and no command depends on it but to find what the tables hold.
  /** Bytes of all messages that were moved up. */
  movedBytes = 0
  /** Messages parked for all groups. */
  parked = 0
  readonly deadlines = new Deadlines()
  readonly exhausted = new ClaimHeap<Claim>()
  /** Who holds what, by client hash as text of a character a byte. */
  readonly clients = new Map<string, ClientClaims>()
  /** By request, likewise. A list of one, unless another client used the key when it was forgotten. */
  readonly batches = new Map<string, ClaimBatch[]>()
  #arrived = new Set<TopicId>()
  #catalogChanged = false
  #marks = 0

  /** The sizes of the windows can be made small for tests; all members must have the same. */
  constructor(sizes: WindowSizes = {}) {
    this.dedupe = new Dedupe(this.rows, sizes.dedupeIdsMax)
    this.requests = new RequestWindow(this.rows, sizes.requestsMax)
    this.ended = new EndedTransactions(this.rows, sizes.endedTransactionsMax)
  }

  /** A number that no claim is marked with. */
  nextMark(): number {
    return ++this.#marks
  }

  get arrived(): Set<TopicId> {
    return this.#arrived
  }

  /** Topics or groups were made, changed or deleted. */
  catalogMoved(): void {
    this.#catalogChanged = true
  }

  takeEffects(): Effects {
    const effects: Effects = {
      arrived: this.#arrived,
      catalogChanged: this.#catalogChanged,
      timersMade: this.timers.takeMade(),
    }
    this.#arrived = new Set()
    this.#catalogChanged = false
    return effects
  }
}

/** How much the windows hold. Left out: the limits of the system. */
export interface WindowSizes {
  readonly dedupeIdsMax?: number
  readonly requestsMax?: number
  readonly endedTransactionsMax?: number
}

/** The answer of a command that changed nothing. */
export function refused(code: ErrorCode, message: string): Refused {
  return { type: 'refused', code, message }
}

/** Bytes as text of a character a byte, to find things by them in a map. */
export function keyText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
