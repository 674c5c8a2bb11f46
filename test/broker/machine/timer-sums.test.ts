import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimerSums } from '../../../src/broker/machine/timer-sums.ts'

test('holds what a map would hold', () => {
  const id = fc.nat({ max: 600 })
  const step = fc.oneof(
    fc.record({ id, crc: fc.nat({ max: 0xffff_ffff }) }),
    fc.record({ id, crc: fc.constant(null) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (list) => {
      const sums = new TimerSums()
      const map = new Map<number, number>()
      for (const { id: number, crc } of list) {
        if (crc !== null) {
          sums.set(number, crc)
          map.set(number, crc)
        } else if (map.delete(number)) {
          sums.delete(number)
        }
        expect(sums.get(number)).toBe(map.get(number))
        expect(sums.size).toBe(map.size)
      }
      for (let number = 0; number <= 600; number++) expect(sums.get(number)).toBe(map.get(number))
    }),
    { numRuns: 200 },
  )
})
