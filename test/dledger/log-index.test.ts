import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LogPosition, term } from '../../src/base/brand.ts'
import { RecordIndex } from '../../src/dledger/log-index.ts'
import { placeRecord } from '../../src/dledger/segment.ts'

const SEGMENT = 1000

interface Row {
  readonly term: number
  readonly position: number
  readonly size: number
  readonly crc: number
}

type Step = { readonly append: number; readonly newTerm: boolean } | { readonly cutBack: number }

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ append: fc.integer({ min: 64, max: 700 }), newTerm: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ cutBack: fc.nat({ max: 30 }) }) },
  ),
  { maxLength: 200 },
)

function run(list: readonly Step[]): { index: RecordIndex; rows: Row[] } {
  const index = new RecordIndex(SEGMENT)
  const rows: Row[] = []
  let atTerm = 1
  for (const step of list) {
    if ('cutBack' in step) {
      const from = Math.max(1, rows.length + 1 - step.cutBack)
      index.cut(from)
      rows.splice(from - 1)
      continue
    }
    if (step.newTerm) atTerm++
    const last = rows.at(-1)
    const position = placeRecord(last === undefined ? 0 : last.position + last.size, step.append, SEGMENT)
    const row = { term: atTerm, position, size: step.append, crc: position * 7 + step.append }
    rows.push(row)
    index.append(term(row.term), row.position, row.size, row.crc)
  }
  return { index, rows }
}

test('it knows every record as a plain list does, after any appends and cuts', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { index, rows } = run(list)
      expect(index.lastIndex).toBe(rows.length)
      rows.forEach((row, at) => {
        const i = at + 1
        expect(index.positionOf(i)).toBe(row.position)
        expect(index.sizeOf(i)).toBe(row.size)
        expect(index.headerCrcOf(i)).toBe(row.crc)
        expect(index.termOf(i)).toBe(row.term)
        expect(index.indexAt(row.position)).toBe(i)
        expect(index.indexAt(row.position + row.size - 1)).toBe(i)
      })
      const last = rows.at(-1)
      expect(index.end).toBe(last === undefined ? 0 : last.position + last.size)
      expect(index.indexAt(index.end)).toBeUndefined()
      expect(index.lastCrc).toBe(last?.crc ?? 0)
    }),
  )
})

test('it tells the runs of terms', () => {
  const { index } = run([
    { append: 64, newTerm: false },
    { append: 64, newTerm: false },
    { append: 64, newTerm: true },
    { append: 64, newTerm: true },
    { cutBack: 1 },
  ])
  expect(index.termRuns).toEqual([
    { first: 1, term: 1 },
    { first: 3, term: 2 },
  ])
})

test('it holds more records a segment than it first made room for', () => {
  const index = new RecordIndex(1_000_000)
  for (let i = 0; i < 5000; i++) index.append(term(1), i * 64, 64, i)
  expect(index.positionOf(5000)).toBe(4999 * 64)
  expect(index.headerCrcOf(4321)).toBe(4320)
})

test('it refuses records over the end of a segment and terms that go down', () => {
  const { index } = run([{ append: 100, newTerm: true }])
  expect(() => index.append(term(2), 100, 901, 0)).toThrow('inside its segment')
  expect(() => index.append(term(1), 100, 64, 0)).toThrow('terms never go down')
})

test('an index that forgot its oldest segments answers as before for the rest', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (list, pick) => {
      const { index, rows } = run(list)
      const starts = [...new Set(rows.map(({ position }) => position - (position % SEGMENT)))]
      const start = starts[pick % Math.max(1, starts.length)]
      if (start === undefined) return
      const base = index.baseAt(start)
      const kept = rows.slice(base.index)
      const { lastIndex, end, lastCrc } = index
      const runs = index.termRuns.filter(({ first }) => first > base.index + 1)
      index.dropBelow(base)
      expect([index.lastIndex, index.end, index.lastCrc]).toEqual([lastIndex, end, lastCrc])
      expect(index.headerCrcOf(base.index)).toBe(rows[base.index - 1]?.crc ?? 0)
      expect(index.termOf(base.index)).toBe(rows[base.index - 1]?.term ?? 0)
      expect(index.endOf(base.index)).toBe(start)
      expect(index.termRuns).toEqual([{ first: base.index + 1, term: kept[0]?.term }, ...runs])
      for (const [at, row] of kept.entries()) {
        const place = base.index + 1 + at
        expect(index.positionOf(place)).toBe(row.position)
        expect(index.sizeOf(place)).toBe(row.size)
        expect(index.headerCrcOf(place)).toBe(row.crc)
        expect(index.termOf(place)).toBe(row.term)
        expect(index.indexAt(row.position)).toBe(place)
        expect(index.firstFrom(row.position as LogPosition)).toBe(place)
      }
    }),
  )
})
