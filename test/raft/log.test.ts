import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { logIndex, term } from '../../src/base/brand.ts'
import { Log } from '../../src/raft/log.ts'
import { RecordSizes } from '../../src/raft/record-sizes.ts'
import { TermRuns } from '../../src/raft/term-runs.ts'
import { entries, termRuns } from './solo.ts'

/** Terms along a log: growing, from 1. */
const logs = fc
  .array(fc.nat(2), { maxLength: 30 })
  .map((steps) => steps.reduce<number[]>((log, step) => [...log, (log.at(-1) ?? 1) + step], []))

const START = { index: logIndex(0), term: term(0) }

function logOf(terms: readonly number[], size = 100): Log {
  return new Log({ lastIndex: logIndex(terms.length), termRuns: termRuns(terms), sizeOf: () => size })
}

describe('term runs', () => {
  test('give the term of every entry as a plain list would', () => {
    fc.assert(
      fc.property(logs, (terms) => {
        const runs = new TermRuns(START, termRuns(terms))
        terms.forEach((entryTerm, at) => expect(runs.termAt(logIndex(at + 1))).toBe(entryTerm))
        expect(runs.termAt(logIndex(0))).toBe(0)
        expect(runs.lastTerm).toBe(terms.at(-1) ?? 0)
      }),
    )
  })

  test('find the last entry of at most a term as a slow search would', () => {
    fc.assert(
      fc.property(logs, fc.nat(40), fc.nat(40), (terms, limit, from) => {
        const index = Math.min(from, terms.length)
        let slow = index
        while (slow > 0 && (terms[slow - 1] ?? 0) > limit) slow--
        expect(new TermRuns(START, termRuns(terms)).lastAtMost(logIndex(index), term(limit))).toBe(slow)
      }),
    )
  })

  test('that forgot their beginning say the same of the rest as runs that did not', () => {
    fc.assert(
      fc.property(logs, fc.nat(40), fc.nat(40), fc.nat(40), (terms, cut, limit, from) => {
        const base = Math.min(cut, terms.length)
        const [whole, rest] = [new TermRuns(START, termRuns(terms)), new TermRuns(START, termRuns(terms))]
        rest.forgetTo(logIndex(base))
        const read = new TermRuns(
          rest.base,
          termRuns(terms).filter(({ first }) => first > base),
        )
        for (let at = base; at <= terms.length; at++) {
          expect(rest.termAt(logIndex(at))).toBe(whole.termAt(logIndex(at)))
          expect(read.termAt(logIndex(at))).toBe(whole.termAt(logIndex(at)))
        }
        const index = logIndex(Math.min(from, terms.length))
        const known = whole.lastAtMost(index, term(limit))
        const answer = rest.lastAtMost(index, term(limit))
        if (known >= base) expect(answer).toBe(known)
        else expect(answer).toBeLessThan(base)
        expect(rest.lastTerm).toBe(whole.lastTerm)
        if (base > 0) expect(() => rest.termAt(logIndex(base - 1))).toThrow(InvariantError)
      }),
    )
  })

  test('never shrink along the log', () => {
    const runs = new TermRuns(START, termRuns([1, 3]))
    expect(() => runs.extend(logIndex(3), term(2))).toThrow(InvariantError)
  })
})

describe('record sizes', () => {
  test('are kept over the borders of chunks and cut anywhere', () => {
    const sizes = new RecordSizes()
    const count = (1 << 16) + 10
    for (let at = 0; at < count; at++) sizes.push(at + 1)
    expect([sizes.at(0), sizes.at((1 << 16) - 1), sizes.at(1 << 16)]).toEqual([1, 1 << 16, (1 << 16) + 1])
    sizes.truncate((1 << 16) - 1)
    sizes.push(5)
    sizes.push(6)
    expect([sizes.at((1 << 16) - 1), sizes.at(1 << 16), sizes.count]).toEqual([5, 6, (1 << 16) + 1])
    expect(() => sizes.at(sizes.count)).toThrow(InvariantError)
  })
})

describe('record sizes from a place on', () => {
  test('are the same places as before, whole chunks free or not', () => {
    const count = 3 * (1 << 16)
    const sizes = new RecordSizes()
    for (let at = 0; at < count; at++) sizes.push(at + 1)
    for (const start of [10, 1 << 16, (1 << 17) + 5]) {
      sizes.forgetTo(start)
      expect([sizes.at(start), sizes.at(count - 1), sizes.count]).toEqual([start + 1, count, count])
      expect(() => sizes.at(start - 1)).toThrow(InvariantError)
    }
    sizes.truncate((1 << 17) + 6)
    sizes.push(77)
    expect(sizes.at((1 << 17) + 6)).toBe(77)
    const later = new RecordSizes((1 << 17) + 5)
    later.push(4)
    expect([later.at((1 << 17) + 5), later.count]).toEqual([4, (1 << 17) + 6])
  })
})

describe('a log that begins above 1', () => {
  test('knows the term of its base, and takes for equal what was committed before it', () => {
    const log = logOf([1, 1, 2, 3, 3])
    log.forgetTo(logIndex(3))
    expect([log.base, log.lastIndex]).toEqual([{ index: 3, term: 2 }, 5])
    expect(log.matches(logIndex(3), term(2))).toBe(true)
    expect(log.matches(logIndex(3), term(1))).toBe(false)
    expect(log.matches(logIndex(1), term(9))).toBe(true)
    expect(log.batch(logIndex(4), 9, 1000)).toEqual({ last: 5, count: 2, bytes: 200 })
    expect(() => log.truncateFrom(logIndex(3))).toThrow(InvariantError)
    log.forgetTo(logIndex(5))
    expect([log.lastTerm, log.lastIndex]).toEqual([3, 5])
    log.append({ index: logIndex(6), term: term(3), payload: { size: 10 } })
    expect(log.termAt(logIndex(6))).toBe(3)
  })

  test('is read back as it was, also when nothing follows its base', () => {
    const base = { index: logIndex(7), term: term(4) }
    const sizeOf = (): number => 10
    const empty = new Log({ base, lastIndex: logIndex(7), termRuns: [], sizeOf })
    expect([empty.lastIndex, empty.lastTerm]).toEqual([7, 4])
    const runs = [{ first: logIndex(8), term: term(4) }]
    const log = new Log({ base, lastIndex: logIndex(9), termRuns: runs, sizeOf })
    expect([log.termAt(logIndex(9)), log.isUpToDate(logIndex(8), term(4))]).toEqual([4, false])
    expect(() => new Log({ base, lastIndex: logIndex(9), termRuns: [], sizeOf })).toThrow(InvariantError)
  })

  test('is empty after a reset and goes on behind its new base', () => {
    const log = logOf([1, 1, 2])
    log.reset({ index: logIndex(9), term: term(5) })
    expect([log.lastIndex, log.lastTerm, log.base.index]).toEqual([9, 5, 9])
    expect(log.isUpToDate(logIndex(8), term(5))).toBe(false)
    expect(log.isUpToDate(logIndex(9), term(5))).toBe(true)
  })
})

describe('a log', () => {
  test('cut and written again equals one that was written so at once', () => {
    fc.assert(
      fc.property(logs, fc.nat(30), fc.nat(3), (terms, cut, more) => {
        const log = logOf(terms)
        const kept = Math.min(cut, terms.length)
        if (kept < terms.length) log.truncateFrom(logIndex(kept + 1))
        const last = (terms[kept - 1] ?? 1) + more
        for (const entry of entries(kept + 1, [last, last + 1])) log.append(entry)
        const plain = [...terms.slice(0, kept), last, last + 1]
        expect(plain.map((_, at) => log.termAt(logIndex(at + 1)))).toEqual(plain)
        expect(log.lastIndex).toBe(plain.length)
      }),
    )
  })

  test('matches only what it holds', () => {
    const log = logOf([1, 1, 3])
    expect(log.matches(logIndex(0), term(0))).toBe(true)
    expect(log.matches(logIndex(2), term(1))).toBe(true)
    expect(log.matches(logIndex(3), term(1))).toBe(false)
    expect(log.matches(logIndex(4), term(3))).toBe(false)
  })

  test('is less complete than one of a later last term, or a longer one of the same', () => {
    const log = logOf([1, 3, 3])
    expect(log.isUpToDate(logIndex(1), term(4))).toBe(true)
    expect(log.isUpToDate(logIndex(3), term(3))).toBe(true)
    expect(log.isUpToDate(logIndex(2), term(3))).toBe(false)
    expect(log.isUpToDate(logIndex(99), term(2))).toBe(false)
  })

  test('gives batches within both limits, but always one entry', () => {
    const log = logOf([1, 1, 1, 1, 1], 100)
    const batch = (entriesMax: number, bytesMax: number) => log.batch(logIndex(2), entriesMax, bytesMax)
    expect(batch(3, 1000)).toEqual({ last: 4, count: 3, bytes: 300 })
    expect(batch(100, 250)).toEqual({ last: 3, count: 2, bytes: 200 })
    expect(batch(100, 50)).toEqual({ last: 2, count: 1, bytes: 100 })
    expect(batch(100, 10_000)).toEqual({ last: 5, count: 4, bytes: 400 })
  })

  test('takes entries without a gap only', () => {
    const log = logOf([1])
    expect(() => log.append({ index: logIndex(3), term: term(1), payload: { size: 1 } })).toThrow(
      InvariantError,
    )
    expect(() => log.truncateFrom(logIndex(2))).toThrow(InvariantError)
  })
})
