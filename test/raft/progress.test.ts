import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { logIndex, nodeId } from '../../src/base/brand.ts'
import { Inflights } from '../../src/raft/inflights.ts'
import { Progress } from '../../src/raft/progress.ts'

function progressAt(next: number): Progress {
  return new Progress(nodeId(2), logIndex(next), 2, 1000)
}

describe('the window', () => {
  test('is limited by count and by bytes, but an empty one lets anything through', () => {
    const window = new Inflights(2, 100)
    expect(window.hasRoom(500)).toBe(true)
    window.add(logIndex(1), 60)
    expect(window.hasRoom(41)).toBe(false)
    expect(window.hasRoom(40)).toBe(true)
    window.add(logIndex(2), 10)
    expect(window.hasRoom(1)).toBe(false)
    expect(() => window.add(logIndex(3), 1)).toThrow(InvariantError)
  })

  test('counts as a plain list would, whatever is added and freed', () => {
    const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 50 }))
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const window = new Inflights(3, 80)
        let list: { last: number; bytes: number }[] = []
        let last = 0
        for (const [adds, amount] of steps) {
          if (adds) {
            if (!window.hasRoom(amount)) continue
            window.add(logIndex(++last), amount)
            list.push({ last, bytes: amount })
          } else {
            window.freeTo(logIndex(amount))
            list = list.filter((one) => one.last > amount)
          }
          expect(window.count).toBe(list.length)
          expect(window.bytes).toBe(list.reduce((sum, { bytes }) => sum + bytes, 0))
        }
      }),
    )
  })
})

describe('a peer', () => {
  test('is probed with one append at a time, and any answer lets them stream', () => {
    const progress = progressAt(5)
    expect(progress.maySend(1)).toBe(true)
    progress.sent(logIndex(6), 10)
    expect(progress.maySend(1)).toBe(false)
    expect(progress.nextIndex).toBe(5)
    progress.matched(logIndex(6))
    expect([progress.state, progress.matchIndex, progress.nextIndex]).toEqual(['replicate', 6, 7])
    progress.sent(logIndex(8), 10)
    progress.sent(logIndex(9), 10)
    expect([progress.maySend(1), progress.nextIndex, progress.inflightCount]).toEqual([false, 10, 2])
    progress.matched(logIndex(8))
    expect(progress.maySend(1)).toBe(true)
  })

  test('never has less than it had: older answers change nothing', () => {
    const progress = progressAt(1)
    progress.matched(logIndex(7))
    progress.matched(logIndex(3))
    expect([progress.matchIndex, progress.nextIndex]).toEqual([7, 8])
    expect(progress.rejected(logIndex(7), logIndex(2))).toBe(false)
    expect(progress.state).toBe('replicate')
  })

  test('that refused is asked further back, never before what it has', () => {
    const progress = progressAt(1)
    progress.matched(logIndex(4))
    progress.sent(logIndex(9), 10)
    expect(progress.rejected(logIndex(9), logIndex(2))).toBe(true)
    expect([progress.state, progress.nextIndex, progress.inflightCount]).toEqual(['probe', 5, 0])
  })

  test('under probe hears refusals of the probe only', () => {
    const progress = progressAt(9)
    expect(progress.rejected(logIndex(6), logIndex(2))).toBe(false)
    expect(progress.rejected(logIndex(8), logIndex(2))).toBe(true)
    expect(progress.nextIndex).toBe(3)
  })

  test('whose connection broke is probed from what it has, after the next heartbeat; nothing leaks', () => {
    const progress = progressAt(1)
    progress.matched(logIndex(4))
    progress.sent(logIndex(9), 999)
    progress.lost()
    expect([progress.state, progress.nextIndex, progress.maySend(1)]).toEqual(['probe', 5, false])
    const { inflightCount, inflightBytes } = progress.facts(0)
    expect([inflightCount, inflightBytes]).toEqual([0, 0])
    progress.matched(logIndex(4))
    expect(progress.maySend(1000)).toBe(true)
  })

  test('whose state did not arrive is sent what follows what it has; whose did, what follows the state', () => {
    for (const [ok, next] of [
      [false, 5],
      [true, 10],
    ] as const) {
      const progress = progressAt(1)
      expect(progress.mustRestore(logIndex(4))).toBe(true)
      expect(progress.state).toBe('snapshot')
      progress.restored(logIndex(9), ok)
      progress.matched(logIndex(4))
      expect([progress.state, progress.nextIndex]).toEqual(['replicate', next])
    }
  })

  test('match stays below next, whatever happens', () => {
    const step = fc.tuple(fc.constantFrom('sent', 'matched', 'rejected', 'lost'), fc.nat(20), fc.nat(20))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(step), (next, steps) => {
        const progress = progressAt(next)
        for (const [type, a, b] of steps) {
          const match = progress.matchIndex
          if (type === 'sent' && progress.maySend(1)) progress.sent(logIndex(progress.nextIndex + a), 1)
          if (type === 'matched') progress.matched(logIndex(a))
          if (type === 'rejected') progress.rejected(logIndex(a + 1), logIndex(Math.min(a, b)))
          if (type === 'lost') progress.lost()
          expect(progress.matchIndex).toBeGreaterThanOrEqual(match)
          expect(progress.matchIndex).toBeLessThan(progress.nextIndex)
        }
      }),
    )
  })
})
