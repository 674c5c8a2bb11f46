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

function logOf(terms: readonly number[], size = 100): Log {
  return new Log({ lastIndex: logIndex(terms.length), termRuns: termRuns(terms), sizeOf: () => size })
}

describe('term runs', () => {
  test('give the term of every entry as a plain list would', () => {
    fc.assert(
      fc.property(logs, (terms) => {
        const runs = new TermRuns(termRuns(terms))
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
        expect(new TermRuns(termRuns(terms)).lastAtMost(logIndex(index), term(limit))).toBe(slow)
      }),
    )
  })

  test('never shrink along the log', () => {
    const runs = new TermRuns(termRuns([1, 3]))
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
