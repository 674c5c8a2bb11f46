import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlotIndex } from '../../../src/broker/machine/slot-index.ts'

test('holds what was put in and not taken out, whatever the hashes', () => {
  const actions = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 31 })), { maxLength: 200 })
  const hashes = fc.array(fc.integer(), { minLength: 32, maxLength: 32 })
  const crowded = fc.array(fc.integer({ min: 60, max: 66 }), { minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(actions, fc.oneof(hashes, crowded), (list, hashOf) => {
      const index = new SlotIndex(32, (slot) => hashOf[slot] as number)
      const expected = new Set<number>()
      for (const [put, slot] of list) {
        if (!put) {
          index.remove(slot)
          expected.delete(slot)
        } else if (!expected.has(slot)) {
          index.insert(slot)
          expected.add(slot)
        }
        expect(index.size).toBe(expected.size)
        for (let other = 0; other < 32; other++) expect(index.has(other)).toBe(expected.has(other))
      }
    }),
  )
})

test('a search from a hash meets every slot of that hash', () => {
  const index = new SlotIndex(8, () => 5)
  for (const slot of [3, 1, 7]) index.insert(slot)
  const met: number[] = []
  for (let at = index.start(5); index.slotAt(at) >= 0; at = index.after(at)) met.push(index.slotAt(at))
  expect(met).toEqual([3, 1, 7])
  index.replace(index.start(5), 2)
  expect(index.slotAt(index.start(5))).toBe(2)
})
