import { describe, expect, test } from 'vitest'
import type { KvWrite } from '../../../src/base/ports.ts'
import { RowLedger } from '../../../src/broker/machine/rows.ts'
import { SLOT_WORDS, SLOTS_PER_PAGE, SlotRing } from '../../../src/broker/machine/slot-ring.ts'
import { TABLE_DEDUPE } from '../../../src/broker/machine/tables.ts'

function pushMany(ring: SlotRing, count: number): void {
  for (let i = 0; i < count; i++) {
    const sequence = ring.push()
    ring.words[ring.wordAt(sequence)] = sequence + 7
  }
}

/** Applies writes to a table by page number. */
function store(table: Map<number, Uint8Array>, writes: readonly KvWrite[]): void {
  for (const { key, value } of writes) {
    const number = Number(new DataView(key.buffer, key.byteOffset).getBigUint64(2))
    if (value === null) table.delete(number)
    else table.set(number, value)
  }
}

describe('the ring', () => {
  test('keeps as many slots as it may hold', () => {
    const ring = new SlotRing(TABLE_DEDUPE, 2048, new RowLedger())
    pushMany(ring, 2048)
    expect(ring.isFull).toBe(true)
    for (let sequence = 0; sequence < 2048; sequence++) {
      expect(ring.words[ring.wordAt(sequence)]).toBe(sequence + 7)
    }
  })

  test('writes each page once and deletes it when its last slot goes', () => {
    const rows = new RowLedger()
    const ring = new SlotRing(TABLE_DEDUPE, 2048, rows)
    const table = new Map<number, Uint8Array>()
    pushMany(ring, SLOTS_PER_PAGE + 1)
    store(table, rows.take())
    expect([...table.keys()]).toEqual([0, 1])
    for (let i = 0; i < SLOTS_PER_PAGE - 1; i++) ring.dropTail()
    expect(rows.take()).toEqual([])
    ring.dropTail()
    store(table, rows.take())
    expect([...table.keys()]).toEqual([1])
  })

  test('comes back from its pages exactly', () => {
    const rows = new RowLedger()
    const ring = new SlotRing(TABLE_DEDUPE, 2048, rows)
    const table = new Map<number, Uint8Array>()
    pushMany(ring, 1000)
    for (let i = 0; i < 300; i++) ring.dropTail()
    store(table, rows.take())
    const back = new SlotRing(TABLE_DEDUPE, 2048, new RowLedger())
    expect(back.restore(ring.head, ring.tail, table)).toEqual([])
    for (let sequence = back.keptFrom; sequence < back.head; sequence++) {
      expect(back.words[back.wordAt(sequence)]).toBe(sequence + 7)
    }
    pushMany(ring, 1)
    pushMany(back, 1)
    expect(back.tail).toBe(300)
  })

  test('reports pages that are missing, damaged or outside', () => {
    const rows = new RowLedger()
    const ring = new SlotRing(TABLE_DEDUPE, 2048, rows)
    const table = new Map<number, Uint8Array>()
    pushMany(ring, 200)
    store(table, rows.take())
    const fresh = () => new SlotRing(TABLE_DEDUPE, 2048, new RowLedger())
    expect(fresh().restore(200, 0, new Map())).toHaveLength(2)
    expect(fresh().restore(100, 0, table)).toHaveLength(2)
    expect(fresh().restore(100, 200, table)).toHaveLength(1)
    expect(fresh().restore(10_000, 0, table)).toHaveLength(1)
    const cut = new Map(table).set(1, (table.get(1) as Uint8Array).subarray(0, 4 + SLOT_WORDS))
    expect(fresh().restore(200, 0, cut)).toHaveLength(1)
  })
})
