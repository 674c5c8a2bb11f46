import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogPosition, Millis } from '../../src/base/brand.ts'
import { TimerWindow, WINDOW_TIMERS } from '../../src/broker/timer-window.ts'
import type { Timer } from '../../src/broker/machine/commands.ts'

function timer(id: number, dueMs: number, position = 0): Timer {
  return { id, dueMs: dueMs as Millis, topicId: 1, position: position as LogPosition, size: 1, tagHash: 0 }
}

function byKey(one: Timer, other: Timer): number {
  return one.dueMs - other.dueMs || one.id - other.id
}

/** Takes everything out, reading the table where the window ends. */
function drain(window: TimerWindow, table: readonly Timer[], pageSize: number): Timer[] {
  const found: Timer[] = []
  for (;;) {
    while (window.size === 0 && !window.isWhole) {
      const { end } = window
      const rest = table.filter((one) => byKey(one, timer(end.id, end.dueMs)) >= 0).sort(byKey)
      window.extend(rest.slice(0, pageSize), rest.length < pageSize)
    }
    const due = window.takeDue(1e9 as Millis, 7)
    if (due.length === 0) return found
    found.push(...due)
  }
}

test('gives every timer of the table once and in order, whatever their times and the size of a page', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 5 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      (dues, size) => {
        const table = dues.map((due, id) => timer(id + 1, due))
        expect(drain(new TimerWindow(), table, size)).toEqual([...table].sort(byKey))
      },
    ),
  )
})

test('a timer that comes while the window holds a part is given in its turn', () => {
  const table = Array.from({ length: 20 }, (_, id) => timer(id + 1, 10 * id))
  const window = new TimerWindow()
  window.extend(table.slice(0, 5), false)
  const late = [timer(30, 15), timer(31, 500)]
  for (const one of late) window.add(one)
  expect(drain(window, [...table, ...late], 4)).toEqual([...table, ...late].sort(byKey))
})

test('a timer that moved is given as it is now, once', () => {
  const window = new TimerWindow()
  window.extend([timer(1, 5, 100)], true)
  window.add(timer(1, 5, 200))
  expect(window.takeDue(9 as Millis, 9)).toEqual([timer(1, 5, 200)])
  expect(window.size).toBe(0)
})

test('holds a bounded number, and gives those that it let go when they are read again', () => {
  const window = new TimerWindow()
  window.extend([], true)
  const table = Array.from({ length: 3 * WINDOW_TIMERS }, (_, id) => timer(id + 1, (id * 7919) % 10_007))
  for (const one of table) {
    window.add(one)
    expect(window.size).toBeLessThan(2 * WINDOW_TIMERS)
  }
  expect(window.isWhole).toBe(false)
  expect(drain(window, table, WINDOW_TIMERS)).toEqual([...table].sort(byKey))
})
