/**
 * Messages that wait for their time (RocketMQ: timer wheel). A timer is a row of the table, ordered by due time; in
 * memory is only its CRC-32, and the row itself until it was handed out to be written. So a command that ends or
 * changes a timer carries the row as the leader read it, and applying compares.
 *
 * Timer row, under u64 due time and u64 timer id: u8 version, u32 topic id, u64 position, u32 size, u32 tag CRC-32.
 * Timer ends row, under nothing: u8 version, u64 next timer id.
 */
import { assert } from '../../base/assert.ts'
import type { LogPosition, Millis } from '../../base/brand.ts'
import { BytesError, Reader, Writer } from '../../base/bytes.ts'
import { crc32 } from '../../base/crc32.ts'
import type { Pointer, Timer, TimerName, TopicId } from './commands.ts'
import { laneA, laneB } from './digest.ts'
import { Row, type RowLedger } from './rows.ts'
import { ROW_VERSION, startKey, TABLE_TIMER, TABLE_TIMER_ENDS } from './tables.ts'
import { TimerSums } from './timer-sums.ts'

const KEY_BYTES = 18
const VALUE_BYTES = 21
const ROW_BYTES = KEY_BYTES + VALUE_BYTES

/** A timer that changed since rows were last handed out. */
class TimerRow extends Row {
  timer: Timer

  constructor(timer: Timer) {
    super()
    this.timer = timer
  }

  override sizeHint(): number {
    return ROW_BYTES
  }

  override writeKey(into: Writer): void {
    writeKey(into, this.timer)
  }

  override writeValue(into: Writer): void {
    writeValue(into, this.timer)
  }
}

/** The number that the next timer gets. */
class TimerEnds extends Row {
  nextId = 1

  override sizeHint(): number {
    return 11
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_TIMER_ENDS)
  }

  override writeValue(into: Writer): void {
    into.uint8(ROW_VERSION).uint64(this.nextId)
  }
}

/** All timers. */
export class Timers {
  /** Bytes in the log of the messages that wait. */
  bytes = 0
  readonly #rows: RowLedger
  readonly #sums = new TimerSums()
  /** Rows that the table does not have as they are now, by timer id. */
  readonly #fresh = new Map<number, TimerRow>()
  readonly #ends = new TimerEnds()
  #made: Timer[] = []

  constructor(rows: RowLedger) {
    this.#rows = rows
  }

  /** How many wait. */
  get count(): number {
    return this.#sums.size
  }

  /** The number that the next timer gets. Rule: none is given out twice. */
  get nextId(): number {
    return this.#ends.nextId
  }

  /** Makes a timer. */
  add(dueMs: Millis, topicId: TopicId, { position, size, tagHash }: Pointer): Timer {
    const id = this.#ends.nextId++
    this.#rows.touch(this.#ends)
    const timer: Timer = { id, dueMs, topicId, position, size, tagHash }
    const row = new TimerRow(timer)
    this.#sums.set(id, crcOf(timer))
    this.#fresh.set(id, row)
    this.bytes += size
    this.#rows.touch(row)
    this.#made.push(timer)
    return timer
  }

  /** A timer whose row the table does not have as it is now. */
  inMemory(id: number): Timer | undefined {
    return this.has(id) ? this.#fresh.get(id)?.timer : undefined
  }

  /** The timers made or moved since the last call, for the shell. */
  takeMade(): readonly Timer[] {
    const made = this.#made
    if (made.length > 0) this.#made = []
    return made
  }

  /** Whether a timer of this number waits. */
  has(id: number): boolean {
    return this.#sums.get(id) !== undefined
  }

  /** Whether exactly this timer waits. */
  holds(timer: Timer): boolean {
    return this.#sums.get(timer.id) === crcOf(timer)
  }

  /** Ends a timer that waits exactly so. */
  remove(timer: Timer): void {
    const row = this.#row(timer)
    this.#sums.delete(timer.id)
    this.#fresh.delete(timer.id)
    this.bytes -= timer.size
    this.#rows.remove(row)
  }

  /** The bytes of a timer's message stand at another place now. */
  move(timer: Timer, position: LogPosition): void {
    const row = this.#row(timer)
    row.timer = { ...timer, position }
    this.#sums.set(timer.id, crcOf(row.timer))
    this.#rows.touch(row)
    this.#made.push(row.timer)
  }

  /** All changed rows were handed out: what they hold can be read from the table. */
  drained(): void {
    this.#fresh.clear()
  }

  /** Takes a row of a timer. Throws `BytesError`. */
  restore(key: Uint8Array, value: Uint8Array): void {
    const timer = readTimer(key, value)
    if (timer === undefined || this.has(timer.id)) throw new BytesError('a row is no timer')
    // The row that this timer is written as: a timer has one.
    const crc = crc32(value, crc32(key))
    this.#sums.set(timer.id, crc)
    this.#rows.digest.move(laneA(crc), laneB(crc, ROW_BYTES))
    this.bytes += timer.size
  }

  /** Takes the row with the next number. Throws `BytesError`. */
  restoreEnds(key: Uint8Array, value: Uint8Array): void {
    const reader = new Reader(value, 1)
    const nextId = reader.uint64()
    reader.end()
    new Reader(key, 2).end()
    this.#ends.nextId = nextId
    this.#rows.restore(this.#ends, key, value)
  }

  /** The object of a timer that waits; one that is in the table only gets it back. */
  #row(timer: Timer): TimerRow {
    assert(this.holds(timer), 'a timer that changes is known as it was', { id: timer.id })
    const known = this.#fresh.get(timer.id)
    if (known !== undefined) return known
    const row = new TimerRow(timer)
    const crc = crcOf(timer)
    row.saved = true
    row.laneA = laneA(crc)
    row.laneB = laneB(crc, ROW_BYTES)
    this.#fresh.set(timer.id, row)
    return row
  }
}

/** The timer in a row of the table; `undefined` for other bytes. */
export function readTimer(key: Uint8Array, value: Uint8Array): Timer | undefined {
  if (key.byteLength !== KEY_BYTES || value.byteLength !== VALUE_BYTES || value[0] !== ROW_VERSION) {
    return undefined
  }
  try {
    const keyReader = new Reader(key, 2)
    const dueMs = keyReader.uint64() as Millis
    const id = keyReader.uint64()
    const reader = new Reader(value, 1)
    const topicId = reader.uint32()
    const position = reader.uint64() as LogPosition
    return { id, dueMs, topicId, position, size: reader.uint32(), tagHash: reader.uint32() }
  } catch (error) {
    if (error instanceof BytesError) return undefined
    throw error
  }
}

/** Behind the rows of all timers. */
export const TIMER_ROWS_END = startKey(new Writer(2), TABLE_TIMER + 1).done()

/** The key of a timer's row. */
export function timerRowKey(timer: TimerName): Uint8Array {
  const key = new Writer(KEY_BYTES)
  writeKey(key, timer)
  return key.done()
}

function writeKey(into: Writer, timer: TimerName): void {
  startKey(into, TABLE_TIMER).uint64(timer.dueMs).uint64(timer.id)
}

function writeValue(into: Writer, { topicId, position, size, tagHash }: Timer): void {
  into.uint8(ROW_VERSION).uint32(topicId).uint64(position).uint32(size).uint32(tagHash)
}

function crcOf(timer: Timer): number {
  const row = new Writer(ROW_BYTES)
  writeKey(row, timer)
  writeValue(row, timer)
  return crc32(row.done())
}
