import { expect, test } from 'vitest'
import { HandedOver } from '../../src/proxy/handed-over.ts'
import { ManualClock } from '../support/manual-clock.ts'

function told(): {
  readonly clock: ManualClock
  readonly handedOver: HandedOver
  readonly tells: string[][]
} {
  const clock = new ManualClock()
  const tells: string[][] = []
  return { clock, handedOver: new HandedOver(clock, (handles) => tells.push([...handles])), tells }
}

test('what was handed over is told once, two seconds later, together', () => {
  const { clock, handedOver, tells } = told()
  handedOver.add(['a'])
  clock.advance(1_000)
  handedOver.add(['b', 'c'])
  expect(tells).toEqual([])
  clock.advance(1_000)
  expect(tells).toEqual([['a', 'b', 'c']])
  clock.advance(10_000)
  expect(tells).toHaveLength(1)
})

test('many are told at once', () => {
  const { clock, handedOver, tells } = told()
  handedOver.add(Array.from({ length: 5_000 }, (_, n) => String(n)))
  expect(tells[0]).toHaveLength(5_000)
  clock.advance(10_000)
  expect(tells).toHaveLength(1)
})
