import { describe, expect, test } from 'vitest'
import type { Writer } from '../../../src/base/bytes.ts'
import { DigestSum } from '../../../src/broker/machine/digest.ts'
import { Row, RowLedger } from '../../../src/broker/machine/rows.ts'

class Cell extends Row {
  readonly name: number
  value: number

  constructor(name: number, value: number) {
    super()
    this.name = name
    this.value = value
  }

  override sizeHint(): number {
    return 5
  }

  override writeKey(into: Writer): void {
    into.uint8(this.name)
  }

  override writeValue(into: Writer): void {
    into.uint32(this.value)
  }
}

function taken(ledger: RowLedger): (readonly [number, number | null])[] {
  return ledger
    .take()
    .map(({ key, value }) => [key[0] as number, value === null ? null : (value[3] as number)] as const)
}

describe('a row', () => {
  test('is written once with its last value', () => {
    const ledger = new RowLedger()
    const cell = new Cell(1, 5)
    ledger.touch(cell)
    ledger.settle()
    cell.value = 6
    ledger.touch(cell)
    ledger.touch(cell)
    expect(taken(ledger)).toEqual([[1, 6]])
    expect(taken(ledger)).toEqual([])
  })

  test('that came and went between two calls never shows, even with a digest between', () => {
    const ledger = new RowLedger()
    const cell = new Cell(1, 5)
    ledger.touch(cell)
    ledger.settle()
    ledger.remove(cell)
    expect(taken(ledger)).toEqual([])
    expect(ledger.digest.text()).toBe(new DigestSum().text())
  })

  test('that was written is deleted by one write', () => {
    const ledger = new RowLedger()
    const cell = new Cell(1, 5)
    ledger.touch(cell)
    ledger.take()
    cell.value = 7
    ledger.touch(cell)
    ledger.settle()
    ledger.remove(cell)
    expect(taken(ledger)).toEqual([[1, null]])
    expect(ledger.digest.text()).toBe(new DigestSum().text())
  })

  test('counts for the digest with its last value only', () => {
    const changed = new RowLedger()
    const cell = new Cell(1, 5)
    changed.touch(cell)
    changed.settle()
    cell.value = 6
    changed.touch(cell)
    changed.settle()
    const once = new RowLedger()
    once.touch(new Cell(1, 6))
    once.settle()
    expect(changed.digest.text()).toBe(once.digest.text())
  })
})

test('many rows are deleted by their keys, and what waits among them is not written', () => {
  const ledger = new RowLedger()
  const stays = new Cell(9, 1)
  const waits = new Cell(1, 2)
  const settled = new Cell(2, 3)
  ledger.touch(stays)
  ledger.touch(settled)
  ledger.settle()
  const alone = new RowLedger()
  alone.touch(new Cell(9, 1))
  alone.settle()
  const sum = new DigestSum()
  sum.addRow(Uint8Array.of(2), Uint8Array.of(0, 0, 0, 3))
  ledger.touch(waits)
  ledger.removeMany(sum, (row) => row === waits || row === settled, [Uint8Array.of(1), Uint8Array.of(2)])
  expect(taken(ledger)).toEqual([
    [9, 1],
    [1, null],
    [2, null],
  ])
  expect(ledger.digest.text()).toBe(alone.digest.text())
})
