import fc from 'fast-check'
import { expect, test } from 'vitest'
import { schedule } from '../../jepsen-like/nemesis/schedule.ts'
import { commandLine, commandOf } from '../../jepsen-like/options.ts'
import { worstVerdict } from '../../jepsen-like/verdict.ts'
import { Prng } from '../../src/base/prng.ts'

const KINDS = [
  { name: 'kill', group: 'processes' },
  { name: 'pause', group: 'processes' },
  { name: 'cut', group: 'network' },
]

test('a seed gives the same faults each time, another seed others', () => {
  const of = (seed: number): string => JSON.stringify(schedule(new Prng(seed), KINDS, 120_000))
  expect(of(7)).toBe(of(7))
  expect(of(7)).not.toBe(of(8))
})

test('faults follow each other without overlap, end before the run, and are of different groups', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 0, max: 300_000 }), (seed, runMs) => {
      const strikes = schedule(new Prng(seed), KINDS, runMs)
      for (const [n, { at, holdMs, names }] of strikes.entries()) {
        expect(at + holdMs).toBeLessThan(strikes[n + 1]?.at ?? runMs)
        const groups = names.map((name) => KINDS.find((kind) => kind.name === name)?.group)
        expect(new Set(groups).size).toBe(names.length)
        expect(names.length).toBeGreaterThan(0)
      }
    }),
  )
})

test('every kind comes before any comes twice', () => {
  for (let seed = 1; seed < 50; seed++) {
    const names = schedule(new Prng(seed), KINDS, 300_000).flatMap((strike) => strike.names)
    // A second fault at a time may wait for one of another group, so it can come a little earlier.
    expect(new Set(names.slice(0, 2 * KINDS.length)).size).toBe(KINDS.length)
  }
})

test('without kinds, or without time, there are no faults', () => {
  expect(schedule(new Prng(1), [], 60_000)).toEqual([])
  expect(schedule(new Prng(1), KINDS, 5_000)).toEqual([])
})

test('one false makes the whole false, then one unknown makes it unknown, and nothing judged is unknown', () => {
  expect(worstVerdict([true, 'unknown', false])).toBe(false)
  expect(worstVerdict([true, 'unknown'])).toBe('unknown')
  expect(worstVerdict([true])).toBe(true)
  expect(worstVerdict([])).toBe('unknown')
})

test('a run tells the command line that repeats it', () => {
  const line = '--time 20 --seed 7 --nemesis kill-leader,ring --workload queue,topics --rate 100'
  const command = commandOf(line.split(' '))
  if (typeof command === 'string' || command.type !== 'run') throw new Error('it is a run')
  expect(commandLine(command.options)).toBe(`npm run jepsen -- ${line}`)
  expect(commandOf(['--nemesis', 'earthquake'])).toMatch(/^there is no fault 'earthquake': kill-leader, /)
})
