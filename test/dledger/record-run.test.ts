import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { term } from '../../src/base/brand.ts'
import { type Acceptance, type RunStart, splitRecords } from '../../src/dledger/record-run.ts'
import { allBytes, append, bodyOf, openLog } from '../support/log-harness.ts'
import { SimDisk } from '../support/sim-disk.ts'

const SHAPE = { segmentBytes: 4096, recordBytesMax: 1024, writeBytesMax: 2048 }
const START: RunStart = { index: 0, end: 0, chain: 0, term: 0 }

function split(bytes: Uint8Array, start: RunStart | undefined = START): Acceptance {
  return splitRecords(bytes, term(start?.term ?? 0), SHAPE, () => start)
}

async function run(): Promise<Uint8Array> {
  const log = await openLog(new SimDisk(), { create: true })
  await append(log, 1, [bodyOf('a', 900), bodyOf('b', 900), bodyOf('', 0), bodyOf('c', 900)])
  await append(log, 2, [bodyOf('d', 950), bodyOf('e', 900)])
  return allBytes(log)
}

describe('a run of records', () => {
  test('is split into views of the same bytes, over the gap at the end of a segment', async () => {
    const bytes = await run()
    const accepted = split(bytes)
    const records = accepted.type === 'ok' ? accepted.records : []
    expect(records.map((record) => [record.index, record.term, record.position, record.size])).toEqual([
      [1, 1, 0, 964],
      [2, 1, 964, 964],
      [3, 1, 1928, 64],
      [4, 1, 1992, 964],
      [5, 2, 2956, 1014],
      [6, 2, 4096, 964],
    ])
    expect(records.every((record) => record.bytes.buffer === bytes.buffer)).toBe(true)
    expect(Buffer.concat(records.map((record) => record.bytes))).toEqual(Buffer.from(bytes))
  })

  test('may be empty', () => {
    expect(split(new Uint8Array(0))).toEqual({ type: 'ok', records: [] })
  })

  test('is refused with any bit changed, wherever', async () => {
    const bytes = await run()
    for (let bit = 0; bit < bytes.byteLength * 8; bit += 61) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(split(changed).type, `bit ${bit}`).toBe('refused')
    }
  })

  test('is refused as a whole when its end is missing', async () => {
    const bytes = await run()
    for (let left = 1; left < bytes.byteLength; left += 13) {
      const isWhole = [964, 1928, 1992, 2956, 3970].includes(left)
      expect(split(bytes.subarray(0, left)).type, `${left}`).toBe(isWhole ? 'ok' : 'refused')
    }
  })

  test('is refused when a record is left out', async () => {
    const bytes = await run()
    expect(split(Buffer.concat([bytes.subarray(0, 964), bytes.subarray(1928)])).type).toBe('refused')
  })

  test('is refused when it does not continue what stands before it', async () => {
    const bytes = await run()
    const later = bytes.subarray(964)
    const accepted = split(bytes)
    const chain = accepted.type === 'ok' ? (accepted.records[0]?.headerCrc ?? 0) : 0
    const start = { index: 1, end: 964, chain, term: 1 }
    expect(split(later, start).type).toBe('ok')
    expect(split(later, { ...start, chain: chain + 1 }).type).toBe('refused')
    expect(split(later, { ...start, end: 965 }).type).toBe('refused')
    expect(split(later, { ...start, index: 2 }).type).toBe('refused')
    expect(split(later, { ...start, term: 2 }).type).toBe('refused')
  })

  test('is taken when what stands before it is not known', async () => {
    const bytes = await run()
    const accepted = splitRecords(bytes.subarray(964), term(1), SHAPE, () => undefined)
    expect(accepted.type).toBe('ok')
  })

  test('is refused when a record is too large', async () => {
    const accepted = splitRecords(await run(), term(0), { ...SHAPE, recordBytesMax: 1000 }, () => START)
    expect(accepted).toMatchObject({
      type: 'refused',
      reason: expect.stringMatching(/record 4 .* too large/),
    })
  })
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
      expect(split(bytes).type).toBe('refused')
    }),
  )
})
