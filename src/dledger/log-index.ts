/**
 * Where each record stands, in memory: eight bytes a record, its offset in its segment and its header CRC.
 * The CRC stands for the whole history up to the record, so whatever is read back later is compared to it.
 */
import { assert, broken } from '../base/assert.ts'
import { type LogIndex, type LogPosition, logIndex, logPosition, type Term } from '../base/brand.ts'
import type { Configuration, ConfigurationAt, TermRun } from '../raft/types.ts'
import { type LogBase, NO_BASE } from './log-base.ts'
import type { SegmentRecords } from './segment-index.ts'

const FIRST_CAPACITY = 256

interface SegmentPart {
  readonly start: number
  readonly firstIndex: number
  offsets: Uint32Array
  headerCrcs: Uint32Array
  count: number
  /** Where the last record ends, counted from the segment's start. */
  used: number
}

/** Rule: indexes go from the base to `lastIndex` without a gap, positions only go up, terms never go down. */
export class RecordIndex {
  readonly #segmentBytes: number
  #base: LogBase
  readonly #parts: SegmentPart[] = []
  readonly #runs: TermRun[] = []
  /** The one that counts at the base, unless it is the first of all, and those in the log. */
  #configurations: ConfigurationAt[]
  #lastIndex: number

  /** An index of no record, for a log that begins at `base`. */
  constructor(segmentBytes: number, base: LogBase = NO_BASE) {
    this.#segmentBytes = segmentBytes
    this.#base = base
    this.#configurations = base.configuration === null ? [] : [base.configuration]
    this.#lastIndex = base.index
  }

  /** Where the log begins, and the record before it. */
  get base(): LogBase {
    return this.#base
  }

  get lastIndex(): LogIndex {
    return logIndex(this.#lastIndex)
  }

  /** The end of the last record. */
  get end(): LogPosition {
    const part = this.#parts.at(-1)
    return part === undefined ? this.#base.position : logPosition(part.start + part.used)
  }

  /** The header CRC of the last record, 0 for an empty log. */
  get lastCrc(): number {
    return this.headerCrcOf(this.#lastIndex)
  }

  /** The runs of terms, oldest first. A live list: copy it to keep it. */
  get termRuns(): readonly TermRun[] {
    return this.#runs
  }

  /**
   * The configurations of the group: the one that counts at the base, unless it is the one that the group began with,
   * then those in the log. A live list: copy it to keep it.
   */
  get configurations(): readonly ConfigurationAt[] {
    return this.#configurations
  }

  /** Does the record hold a configuration instead of commands? `index` must be in the log. */
  isConfiguration(index: number): boolean {
    const list = this.#configurations
    for (let at = list.length - 1; at >= 0; at--) {
      const known = (list[at] as ConfigurationAt).index
      if (known <= index) return known === index
    }
    return false
  }

  /** Adds the next record. `position` is where the layout puts it. */
  append(
    recordTerm: Term,
    position: number,
    size: number,
    headerCrc: number,
    configuration?: Configuration,
  ): void {
    const offset = position % this.#segmentBytes
    assert(position >= this.end, 'records follow each other', { position, end: this.end })
    assert(offset + size <= this.#segmentBytes, 'a record stays inside its segment', { position, size })
    const part = this.#partFor(position - offset)
    if (part.count === part.offsets.length) grow(part)
    part.offsets[part.count] = offset
    part.headerCrcs[part.count] = headerCrc
    part.count++
    part.used = offset + size
    this.#lastIndex++
    const run = this.#runs.at(-1)
    assert(run === undefined || recordTerm >= run.term, 'terms never go down along the log')
    if (run?.term !== recordTerm) this.#runs.push({ first: logIndex(this.#lastIndex), term: recordTerm })
    if (configuration !== undefined) {
      this.#configurations.push({ index: logIndex(this.#lastIndex), configuration })
    }
  }

  /** Forgets `index` and everything behind it. */
  cut(index: number): void {
    assert(index > this.#base.index && index <= this.#lastIndex + 1, 'a cut is inside the log', { index })
    for (let part = this.#parts.at(-1); part !== undefined; part = this.#parts.at(-1)) {
      const left = index - part.firstIndex
      if (left >= part.count) break
      if (left > 0) {
        part.used = part.offsets[left] as number
        part.count = left
        break
      }
      this.#parts.pop()
    }
    this.#lastIndex = index - 1
    while ((this.#runs.at(-1)?.first ?? 0) >= index) this.#runs.pop()
    while ((this.#configurations.at(-1)?.index ?? 0) >= index) this.#configurations.pop()
  }

  positionOf(index: number): LogPosition {
    const part = this.#partOf(index)
    return logPosition(part.start + (part.offsets[index - part.firstIndex] as number))
  }

  /** The whole record's size in bytes, header included. */
  sizeOf(index: number): number {
    const part = this.#partOf(index)
    const at = index - part.firstIndex
    const end = at + 1 < part.count ? (part.offsets[at + 1] as number) : part.used
    return end - (part.offsets[at] as number)
  }

  /** Which of `first` to `last` fit `bytesMax`, at least one: the index behind them, and their bytes. */
  fitting(first: number, last: number, bytesMax: number): { readonly end: number; readonly bytes: number } {
    assert(first <= last && last <= this.#lastIndex, 'records that are read exist', { first, last })
    let bytes = this.sizeOf(first)
    let end = first + 1
    for (; end <= last; end++) {
      const size = this.sizeOf(end)
      if (bytes + size > bytesMax) break
      bytes += size
    }
    return { end, bytes }
  }

  /** Where the record ends. That of the base: where the log begins. */
  endOf(index: number): LogPosition {
    if (index === this.#base.index) return this.#base.position
    return logPosition(this.positionOf(index) + this.sizeOf(index))
  }

  /** The chain that the record behind `index` must have. 0 for index 0. */
  headerCrcOf(index: number): number {
    if (index === this.#base.index) return this.#base.chain
    const part = this.#partOf(index)
    return part.headerCrcs[index - part.firstIndex] as number
  }

  /** 0 for index 0. */
  termOf(index: number): Term {
    assert(index >= this.#base.index && index <= this.#lastIndex, 'the index is in the log', { index })
    if (index === this.#base.index) return this.#base.term
    const at = lastNotAbove(this.#runs.length, index, (i) => (this.#runs[i] as TermRun).first)
    return (this.#runs[at] as TermRun).term
  }

  /** The record whose bytes hold `position`, `undefined` when none does. */
  indexAt(position: number): LogIndex | undefined {
    const at = lastNotAbove(this.#parts.length, position, (i) => (this.#parts[i] as SegmentPart).start)
    const part = this.#parts[at]
    if (part === undefined || position >= part.start + part.used) return undefined
    const offset = position - part.start
    return logIndex(part.firstIndex + lastNotAbove(part.count, offset, (i) => part.offsets[i] as number))
  }

  /** The first record that starts at or behind `position`; behind the last one when none does. */
  firstFrom(position: number): LogIndex {
    let low = this.#base.index + 1
    let high = this.#lastIndex + 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.positionOf(middle) >= position) high = middle
      else low = middle + 1
    }
    return logIndex(low)
  }

  /** Takes over the records of the segment that follows. The arrays are not to be used any more. */
  adopt(records: SegmentRecords): void {
    const { start, firstIndex, used, offsets, headerCrcs, runs, configurations } = records
    assert(start >= this.end && firstIndex === this.#lastIndex + 1, 'segments follow each other', { start })
    this.#parts.push({ start, firstIndex, offsets, headerCrcs, count: offsets.length, used })
    this.#lastIndex += offsets.length
    for (const run of runs) {
      const last = this.#runs.at(-1)
      assert(last === undefined || run.term >= last.term, 'terms never go down along the log')
      if (last?.term !== run.term) this.#runs.push(run)
    }
    this.#configurations.push(...configurations)
  }

  /** Everything about the records of the segment that begins at `start`. The arrays are copies. */
  recordsOf(start: number): SegmentRecords {
    const part = this.#partAt(start)
    const { firstIndex, count, used } = part
    const last = firstIndex + count - 1
    const first = { first: logIndex(firstIndex), term: this.termOf(firstIndex) }
    return {
      start: logPosition(start),
      firstIndex: logIndex(firstIndex),
      used,
      chain: this.headerCrcOf(firstIndex - 1),
      offsets: part.offsets.slice(0, count),
      headerCrcs: part.headerCrcs.slice(0, count),
      runs: [first, ...this.#runs.filter((run) => run.first > firstIndex && run.first <= last)],
      configurations: this.#configurations.filter(({ index }) => index >= firstIndex && index <= last),
    }
  }

  /** What the base is when the log begins at `start`, where a record stands first in its segment. */
  baseAt(start: number): LogBase {
    const before = this.#partAt(start).firstIndex - 1
    return {
      position: logPosition(start),
      index: logIndex(before),
      term: this.termOf(before),
      chain: this.headerCrcOf(before),
      configuration: this.#configurations.findLast(({ index }) => index <= before) ?? null,
    }
  }

  /** Forgets everything before the base, which `baseAt` gave. */
  dropBelow(base: LogBase): void {
    assert(base.index >= this.#base.index, 'a log does not begin earlier again', { index: base.index })
    while ((this.#parts[0]?.start ?? base.position) < base.position) this.#parts.shift()
    while ((this.#runs[1]?.first ?? Number.POSITIVE_INFINITY) <= base.index + 1) this.#runs.shift()
    const run = this.#runs[0]
    if (run !== undefined && run.first <= base.index) {
      this.#runs[0] = { first: logIndex(base.index + 1), term: run.term }
    }
    const behind = this.#configurations.filter(({ index }) => index > base.index)
    this.#configurations = base.configuration === null ? behind : [base.configuration, ...behind]
    this.#base = base
  }

  #partAt(start: number): SegmentPart {
    return this.#parts.find((one) => one.start === start) ?? broken('a segment begins there', { start })
  }

  #partFor(start: number): SegmentPart {
    const last = this.#parts.at(-1)
    if (last?.start === start) return last
    assert(last === undefined || last.start < start, 'segments go up', { start })
    const part: SegmentPart = {
      start,
      firstIndex: this.#lastIndex + 1,
      offsets: new Uint32Array(FIRST_CAPACITY),
      headerCrcs: new Uint32Array(FIRST_CAPACITY),
      count: 0,
      used: 0,
    }
    this.#parts.push(part)
    return part
  }

  #partOf(index: number): SegmentPart {
    assert(index > this.#base.index && index <= this.#lastIndex, 'the index is in the log', {
      index,
      last: this.#lastIndex,
    })
    const last = this.#parts.at(-1)
    if (last !== undefined && index >= last.firstIndex) return last
    const at = lastNotAbove(this.#parts.length, index, (i) => (this.#parts[i] as SegmentPart).firstIndex)
    return this.#parts[at] ?? broken('every index is in a segment', { index })
  }
}

/** The last place in an ascending list whose key is not above `wanted`, -1 when all are. */
function lastNotAbove(length: number, wanted: number, keyAt: (at: number) => number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyAt(middle) <= wanted) low = middle + 1
    else high = middle
  }
  return low - 1
}

function grow(part: SegmentPart): void {
  const offsets = new Uint32Array(part.count * 2)
  offsets.set(part.offsets)
  part.offsets = offsets
  const headerCrcs = new Uint32Array(part.count * 2)
  headerCrcs.set(part.headerCrcs)
  part.headerCrcs = headerCrcs
}
