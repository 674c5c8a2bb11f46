import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Rounds } from '../../src/raft/rounds.ts'

test('a round is recent as long as it began within the last ticks, however many began between them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.boolean(), { maxLength: 60 }),
      (recent, story) => {
        const rounds = new Rounds(recent)
        // The tick at which each round began.
        const began = [0]
        for (const isTick of story) {
          if (isTick) rounds.tick()
          else expect(rounds.begin()).toBe(began.length)
          began.push(rounds.ticks)
        }
        expect(rounds.current).toBe(began.length - 1)
        began.forEach((tick, round) => {
          const slow = tick > rounds.ticks - recent || rounds.ticks < recent
          expect(rounds.isRecent(round)).toBe(slow)
        })
      },
    ),
  )
})
