import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ClaimHeap } from '../../../src/broker/machine/claim-heap.ts'

interface Item {
  visibleAt: number
  offset: number
  turn: number
  gone: boolean
}

function item(visibleAt: number, offset = 0): Item {
  return { visibleAt, offset, turn: 0, gone: false }
}

function all(heap: ClaimHeap<Item>): Item[] {
  return heap.popUntil(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
}

describe('claims come out', () => {
  test('by time, then by offset, each once, however they moved', () => {
    const moves = fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 20 }), fc.boolean()), {
      maxLength: 400,
    })
    fc.assert(
      fc.property(moves, (list) => {
        const heap = new ClaimHeap<Item>()
        const live = new Map<number, Item>()
        for (const [offset, time, end] of list) {
          const known = live.get(offset) ?? item(time, offset)
          if (end && live.has(offset)) {
            known.gone = true
            live.delete(offset)
            continue
          }
          known.visibleAt = time
          known.turn++
          live.set(offset, known)
          heap.push(known)
        }
        const sorted = [...live.values()].sort((a, b) => a.visibleAt - b.visibleAt || a.offset - b.offset)
        expect(sorted.every((claim) => heap.has(claim))).toBe(true)
        expect(all(heap)).toEqual(sorted)
      }),
    )
  })

  test('up to a time and a number', () => {
    const heap = new ClaimHeap<Item>()
    for (const time of [5, 1, 3, 2]) heap.push(item(time))
    expect(heap.popUntil(3, 2).map((claim) => claim.visibleAt)).toEqual([1, 2])
    expect(heap.popUntil(3, 9).map((claim) => claim.visibleAt)).toEqual([3])
    expect(heap.peek()?.visibleAt).toBe(5)
    expect(heap.pop()?.visibleAt).toBe(5)
    expect(heap.pop()).toBeUndefined()
  })
})

test('old entries do not gather', () => {
  const heap = new ClaimHeap<Item>()
  const claim = item(1)
  const stays = item(0)
  heap.push(stays)
  for (let i = 0; i < 10_000; i++) {
    claim.turn++
    claim.visibleAt = 10 + i
    heap.push(claim)
  }
  expect(heap.size).toBeLessThan(130)
  expect(all(heap)).toEqual([stays, claim])
})
