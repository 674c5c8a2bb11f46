/**
 * Rebuilds the state from its rows. Rows come from a disk: anything may be wrong with them. A row that does
 * not fit is reported and left out; the digest is computed over the rows as they are, so that any change of
 * a byte shows.
 */
import { BytesError, Reader } from '../../base/bytes.ts'
import { messageOf } from '../../base/errors.ts'
import type { MachinePart } from '../../base/state-machine.ts'
import {
  finishLanes,
  readClaim,
  readConsumer,
  readGroup,
  readMoved,
  readParked,
  readPullOffset,
  readQueue,
  readTopic,
  type RowSink,
} from './load-rows.ts'
import { PageLoader } from './load-pages.ts'
import { Meta, type RingEnds, type SavedMeta } from './meta.ts'
import { readEndedEnds, readTransaction } from './load-transactions.ts'
import { findRetryTopics } from './retry-topics.ts'
import type { RowLedger } from './rows.ts'
import { MachineState, type WindowSizes } from './state.ts'
import {
  readRowVersion,
  readTable,
  TABLE_CLAIM,
  TABLE_CONSUMER,
  TABLE_DEDUPE,
  TABLE_ENDED_ENDS,
  TABLE_ENDED_TRANSACTION,
  TABLE_GROUP,
  TABLE_META,
  TABLE_MOVED,
  TABLE_PAGE,
  TABLE_PARKED,
  TABLE_PULL_OFFSET,
  TABLE_QUEUE,
  TABLE_REQUEST,
  TABLE_TIMER,
  TABLE_TIMER_ENDS,
  TABLE_TOPIC,
  TABLE_TRANSACTION,
} from './tables.ts'

const TABLES: ReadonlySet<number> = new Set([
  TABLE_META,
  TABLE_TOPIC,
  TABLE_GROUP,
  TABLE_QUEUE,
  TABLE_PAGE,
  TABLE_CONSUMER,
  TABLE_CLAIM,
  TABLE_DEDUPE,
  TABLE_REQUEST,
  TABLE_MOVED,
  TABLE_PARKED,
  TABLE_TIMER,
  TABLE_TIMER_ENDS,
  TABLE_TRANSACTION,
  TABLE_ENDED_TRANSACTION,
  TABLE_ENDED_ENDS,
  TABLE_PULL_OFFSET,
])

/** Problems beyond this many are not listed. */
const PROBLEMS_MAX = 100

interface RawRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** What came out of the rows. */
export interface LoadedState {
  readonly state: MachineState
  readonly meta: Meta
  readonly part: MachinePart | null
  /** Empty when the state is exactly the one that was written. */
  readonly problems: readonly string[]
}

/** Takes rows in any order, then builds the state once. */
export class StateLoader {
  readonly #state: MachineState
  readonly #meta = new Meta()
  readonly #pages: PageLoader
  readonly #rows = new Map<number, RawRow[]>()
  readonly #problems: string[] = []
  readonly #part: MachinePart | null
  #count = 0

  /** `makePart` makes another machine in the same log, whose rows are among those to come. */
  constructor(sizes: WindowSizes = {}, makePart: ((rows: RowLedger) => MachinePart) | null = null) {
    this.#state = new MachineState(sizes)
    this.#part = makePart === null ? null : makePart(this.#state.rows)
    this.#pages = new PageLoader(this.#state)
  }

  /** Takes one row. What is kept of it is copied. Throws `UnknownVersionError` for a newer row. */
  add(key: Uint8Array, value: Uint8Array): void {
    this.#count++
    this.#attempt({ key, value }, () => {
      const table = readTable(new Reader(key))
      if (this.#part?.ownsTable(table) === true) return this.#part.addRow(table, key, value)
      if (!TABLES.has(table)) throw new BytesError('the table is not known')
      readRowVersion(new Reader(value), table)
      if (table === TABLE_PAGE) this.#pages.add(key, value)
      else if (table === TABLE_TIMER) this.#state.timers.restore(key, value)
      else if (table === TABLE_TIMER_ENDS) this.#state.timers.restoreEnds(key, value)
      else this.#keep(table, { key: new Uint8Array(key), value: new Uint8Array(value) })
    })
  }

  #keep(table: number, row: RawRow): void {
    const rows = this.#rows.get(table)
    if (rows === undefined) this.#rows.set(table, [row])
    else rows.push(row)
  }

  /** Builds the state from all rows that were added. */
  finish(): LoadedState {
    const state = this.#state
    const meta = this.#loadMeta()
    const sink: RowSink = { state, queues: new Map() }
    this.#each(TABLE_QUEUE, (row) => readQueue(sink, row))
    this.#each(TABLE_TOPIC, (row) => readTopic(sink, row))
    for (const queue of sink.queues.keys()) {
      if (!state.topics.queues.has(queue)) this.#problem('a queue has no topic')
    }
    this.#problems.push(...this.#pages.finish(sink.queues))
    this.#each(TABLE_GROUP, (row) => readGroup(sink, row))
    findRetryTopics(state)
    this.#each(TABLE_CONSUMER, (row) => readConsumer(sink, row))
    // Messages in flight are kept in the order of their offsets, whatever order the rows came in.
    this.#rows.get(TABLE_CLAIM)?.sort((one, other) => compareBytes(one.key, other.key))
    this.#each(TABLE_CLAIM, (row) => readClaim(sink, row))
    this.#each(TABLE_MOVED, (row) => readMoved(sink, row))
    this.#each(TABLE_PULL_OFFSET, (row) => readPullOffset(sink, row))
    this.#rows.get(TABLE_PARKED)?.sort((one, other) => compareBytes(one.key, other.key))
    this.#each(TABLE_PARKED, (row) => readParked(sink, row))
    finishLanes(sink)
    this.#each(TABLE_TRANSACTION, (row) => readTransaction(state, row))
    this.#loadRings(meta)
    if (this.#part !== null) this.#problems.push(...this.#part.finishRows())
    this.#compareDigest(meta)
    return { state, meta: this.#meta, part: this.#part, problems: this.#problems.slice(0, PROBLEMS_MAX) }
  }

  #loadMeta(): SavedMeta | undefined {
    const row = this.#rows.get(TABLE_META)?.[0]
    if (row === undefined || row.key.byteLength !== 2) {
      if (this.#count > 0) this.#problem('there are rows but no meta row')
      return undefined
    }
    try {
      return this.#meta.restore(this.#state, row.value)
    } catch (error) {
      if (!(error instanceof BytesError)) throw error
      this.#problem(error.message)
      return undefined
    }
  }

  #loadRings(meta: SavedMeta | undefined): void {
    const state = this.#state
    const none: RingEnds = { head: 0, tail: 0 }
    const { dedupe, requests, ended } = state
    let endedEnds: RingEnds = none
    this.#each(TABLE_ENDED_ENDS, (row) => {
      endedEnds = readEndedEnds(state, row)
    })
    for (const [window, table, ends] of [
      [dedupe, TABLE_DEDUPE, meta?.dedupe ?? none],
      [requests, TABLE_REQUEST, meta?.requests ?? none],
      [ended, TABLE_ENDED_TRANSACTION, endedEnds],
    ] as const) {
      const pages = new Map<number, Uint8Array>()
      this.#each(table, ({ key, value }) => {
        const page = new Reader(key, 2)
        pages.set(page.uint64(), value)
        page.end()
      })
      for (const problem of window.ring.restore(ends.head, ends.tail, pages)) this.#problem(problem)
      window.reindex()
    }
  }

  #compareDigest(meta: SavedMeta | undefined): void {
    if (meta === undefined) return
    const { a, b } = this.#state.rows.digest
    if (meta.a !== a || meta.b !== b) this.#problem('the rows have another digest than the one written')
  }

  #each(table: number, read: (row: RawRow) => void): void {
    for (const row of this.#rows.get(table) ?? []) this.#attempt(row, () => read(row))
  }

  /** Runs `read`. A row that does not fit is a problem and counts for the digest as it is. */
  #attempt(row: RawRow, read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof BytesError)) throw error
      this.#problem(messageOf(error))
      this.#state.rows.digest.addRow(row.key, row.value)
    }
  }

  #problem(problem: string): void {
    this.#problems.push(problem)
  }
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  for (let i = 0; i < one.byteLength && i < other.byteLength; i++) {
    const difference = (one[i] as number) - (other[i] as number)
    if (difference !== 0) return difference
  }
  return one.byteLength - other.byteLength
}
