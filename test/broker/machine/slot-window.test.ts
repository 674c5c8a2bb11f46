import { expect, test } from 'vitest'
import type { Millis } from '../../../src/base/brand.ts'
import { RowLedger } from '../../../src/broker/machine/rows.ts'
import { mixWords, SlotWindow } from '../../../src/broker/machine/slot-window.ts'
import { TABLE_DEDUPE } from '../../../src/broker/machine/tables.ts'

class Window extends SlotWindow {
  readonly indexed = new Set<number>()

  constructor(slotsMax: number) {
    super(TABLE_DEDUPE, slotsMax, 1000, new RowLedger())
  }

  push(now: number): void {
    this.addToIndex(this.ring.slotOf(this.pushSlot(now as Millis)))
  }

  protected override clearIndex(): void {
    this.indexed.clear()
  }

  protected override addToIndex(slot: number): void {
    this.indexed.add(slot)
  }

  protected override removeFromIndex(slot: number): void {
    this.indexed.delete(slot)
  }
}

test('a slot is over when its time is, and taken out by the next entry', () => {
  const window = new Window(1024)
  window.push(10_000)
  expect(window.isLive(0, 10_999 as Millis)).toBe(true)
  expect(window.isLive(0, 11_000 as Millis)).toBe(false)
  expect(window.oldestAge(10_400 as Millis)).toBe(400)
  window.expire(10_999 as Millis)
  expect(window.ring.tail).toBe(0)
  window.expire(11_000 as Millis)
  expect(window.ring.tail).toBe(1)
  expect(window.indexed.size).toBe(0)
  expect(window.oldestAge(20_000 as Millis)).toBe(0)
})

test('one entry takes out a bounded number of slots', () => {
  const window = new Window(4096)
  for (let i = 0; i < 3000; i++) window.push(1)
  window.expire(50_000 as Millis)
  expect(window.ring.tail).toBe(1024)
  window.push(50_000)
  expect(window.ring.tail).toBe(1026)
})

test('a full window loses its oldest page', () => {
  const window = new Window(512)
  for (let i = 0; i < 513; i++) window.push(5)
  expect(window.ring.tail).toBe(128)
  expect(window.ring.head - window.ring.tail).toBe(385)
  expect(window.indexed.size).toBe(385)
})

test('a stamp beyond 32 bits comes back', () => {
  const window = new Window(512)
  window.push(2 ** 47 + 3)
  expect(window.stampOf(0)).toBe(2 ** 47 + 3)
})

test('words in another order give another hash', () => {
  expect(mixWords(1, 2, 3, 4)).not.toBe(mixWords(4, 3, 2, 1))
  expect(new Set(Array.from({ length: 1000 }, (_, i) => mixWords(i, 0, 0, 0))).size).toBe(1000)
})
