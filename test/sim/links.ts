/**
 * The links between members, as the peer transport has them: one connection for each direction of each pair.
 * What is sent arrives in order or not at all; a broken connection loses what is under way, its sender is
 * told, and it is dialled again. With the faults `loss`, `duplicates` and `reorder` the links are worse than
 * any connection, since Raft promises to bear that too.
 */
import type { NodeId } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { NodeSettings } from './node-settings.ts'
import type { Scheduler } from './scheduler.ts'
import type { Tally } from './tally.ts'

/** A connection on which nothing gets through breaks after so long. */
const SILENCE_US = 2_000_000
/** What cannot get through now is tried again after so long. */
const RETRY_US = 200_000
const REDIAL_US = 400_000

/** Who is at the ends of the links. */
export interface LinkUsers {
  isUp(id: NodeId): boolean
  /** A message arrived. Returns false when nobody is there. */
  deliver(from: NodeId, to: NodeId, body: Uint8Array): void
  /** What `from` sent to `to` may be lost. */
  broke(from: NodeId, to: NodeId): void
}

interface Line {
  readonly from: NodeId
  readonly to: NodeId
  isUp: boolean
  /** What was sent in an earlier epoch is lost. */
  epoch: number
  /** When the last message sent arrives. */
  lastArrival: number
  /** Since when nothing gets through. */
  blockedSince: number | null
  waiting: { readonly due: number; readonly body: Uint8Array }[]
}

export class Links {
  readonly #settings: NodeSettings
  readonly #scheduler: Scheduler
  readonly #users: LinkUsers
  readonly #tally: Tally
  readonly #prng: Prng
  readonly #lines = new Map<number, Line>()
  readonly #cut = new Set<number>()
  /** Faults other than cuts happen only in bad weather. */
  stormy = false

  constructor(
    settings: NodeSettings,
    ids: readonly NodeId[],
    scheduler: Scheduler,
    users: LinkUsers,
    tally: Tally,
    prng: Prng,
  ) {
    this.#settings = settings
    this.#scheduler = scheduler
    this.#users = users
    this.#tally = tally
    this.#prng = prng
    for (const from of ids) {
      for (const to of ids) {
        if (from === to) continue
        const line = { from, to, isUp: false, epoch: 0, lastArrival: 0, blockedSince: null, waiting: [] }
        this.#lines.set(keyOf(from, to), line)
      }
    }
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(keyOf(from, to))
  }

  heal(): void {
    this.#cut.clear()
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cut.has(keyOf(from, to))
  }

  /** A member began to listen: it dials the others, and they it. */
  started(id: NodeId): void {
    for (const line of this.#linesOf(id)) if (!line.isUp) this.#redial(line)
  }

  /** A member's process ended. Its peers notice at once, or only by silence when its power went. */
  ended(id: NodeId, noticed: boolean): void {
    for (const line of this.#linesOf(id)) {
      const wasUp = line.isUp
      this.#drop(line)
      if (line.from === id || !wasUp) continue
      const after = noticed ? this.#prng.below(2000, 100) : SILENCE_US
      this.#later(line, after, () => this.#users.broke(line.from, line.to))
    }
  }

  /** False: not connected, nothing was sent. */
  send(from: NodeId, to: NodeId, chunks: readonly Uint8Array[]): boolean {
    const line = this.#line(from, to)
    if (!line.isUp) return false
    const body = Buffer.concat(chunks)
    if (this.#happens('breaks', 0.002)) this.#break(line)
    else if (!this.#happens('loss', 0.03)) this.#carry(line, body)
    if (line.isUp && this.#happens('duplicates', 0.05)) this.#carry(line, body)
    return true
  }

  #carry(line: Line, body: Uint8Array): void {
    const slow = this.#happens('delay', 0.05)
    const takes = slow ? this.#prng.below(1_500_000) : this.#prng.below(this.#settings.linkUs + 1, 50)
    const { epoch } = line
    if (this.#happens('reorder', 0.2)) {
      this.#scheduler.at(this.#scheduler.now + takes * 2, () => {
        if (line.epoch === epoch && !this.isCut(line.from, line.to)) this.#deliver(line, body)
      })
      return
    }
    const due = Math.max(this.#scheduler.now + takes, line.lastArrival)
    line.lastArrival = due
    line.waiting.push({ due, body })
    this.#scheduler.at(due, () => {
      if (line.epoch === epoch) this.#pump(line)
    })
  }

  /** Hands over what is due, in order, unless nothing gets through. */
  #pump(line: Line): void {
    const { now } = this.#scheduler
    if (this.isCut(line.from, line.to)) {
      if (line.blockedSince === null) {
        line.blockedSince = now
        this.#retry(line)
      }
      return
    }
    line.blockedSince = null
    let count = 0
    while ((line.waiting[count]?.due ?? Number.POSITIVE_INFINITY) <= now) count++
    for (const { body } of line.waiting.splice(0, count)) this.#deliver(line, body)
  }

  #retry(line: Line): void {
    this.#later(line, RETRY_US, () => {
      const since = line.blockedSince
      if (since === null) return
      if (!this.isCut(line.from, line.to)) this.#pump(line)
      else if (this.#scheduler.now - since >= SILENCE_US) this.#break(line)
      else this.#retry(line)
    })
  }

  #deliver(line: Line, body: Uint8Array): void {
    if (this.#users.isUp(line.to)) this.#users.deliver(line.from, line.to, body)
  }

  #break(line: Line): void {
    this.#tally.add('fault: connection broken')
    this.#drop(line)
    this.#later(line, 50, () => this.#users.broke(line.from, line.to))
    this.#redial(line)
  }

  #drop(line: Line): void {
    line.isUp = false
    line.epoch++
    line.waiting = []
    line.lastArrival = 0
    line.blockedSince = null
  }

  #redial(line: Line): void {
    this.#later(line, this.#prng.below(REDIAL_US, 1000), () => {
      const { from, to } = line
      if (!this.#users.isUp(from)) return
      if (this.#users.isUp(to) && !this.isCut(from, to) && !this.isCut(to, from)) line.isUp = true
      else this.#redial(line)
    })
  }

  /** Unless the connection ends before. */
  #later(line: Line, after: number, run: () => void): void {
    const { epoch } = line
    this.#scheduler.at(this.#scheduler.now + after, () => {
      if (line.epoch === epoch) run()
    })
  }

  #happens(fault: 'breaks' | 'loss' | 'duplicates' | 'reorder' | 'delay', probability: number): boolean {
    if (!this.stormy || !this.#settings.faults.has(fault) || !this.#prng.chance(probability)) return false
    if (fault !== 'breaks') this.#tally.add(`fault: message ${NAMES[fault]}`)
    return true
  }

  #linesOf(id: NodeId): Line[] {
    return [...this.#lines.values()].filter((line) => line.from === id || line.to === id)
  }

  #line(from: NodeId, to: NodeId): Line {
    const line = this.#lines.get(keyOf(from, to))
    if (line === undefined) throw new Error(`no link from ${from} to ${to}`)
    return line
  }
}

const NAMES = { loss: 'lost', duplicates: 'doubled', reorder: 'overtaken', delay: 'late' }

function keyOf(from: NodeId, to: NodeId): number {
  return from * 64 + to
}
