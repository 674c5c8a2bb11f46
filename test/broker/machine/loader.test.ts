import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KvWrite } from '../../../src/base/ports.ts'
import { Prng } from '../../../src/base/prng.ts'
import { UnknownVersionError } from '../../../src/base/state-machine.ts'
import { StateLoader } from '../../../src/broker/machine/loader.ts'
import { Harness, loadAny } from './support/harness.ts'
import { sendMany } from './support/messages.ts'
import { Actor } from './support/steps.ts'

const SMALL = { dedupeIdsMax: 256, requestsMax: 256 }

/** A machine with rows of every table. */
function rowsOfEveryTable(): Harness {
  const harness = new Harness(SMALL)
  const actor = new Actor()
  for (let seed = 1; seed < 250; seed++) {
    const commands = actor.commandsOf({ seed: seed * 7919, commands: 3, laterMs: 0 }, harness.machine)
    actor.learn(commands, harness.apply(commands, seed % 5 === 0 ? 3000 : 0))
  }
  const [topic] = harness.machine.topics()
  if (topic !== undefined) harness.one(sendMany(topic.id, 5000, 700))
  harness.drain()
  expect(new Set([...harness.table.values()].map(({ key }) => key[1])).size).toBe(15)
  return harness
}

const full = rowsOfEveryTable()
const rows = [...full.table.values()]

/** What a load of these rows says: problems, or the version error. */
function problemsOf(changed: readonly KvWrite[]): readonly string[] {
  try {
    return loadAny(changed, SMALL).problems
  } catch (error) {
    expect(error).toBeInstanceOf(UnknownVersionError)
    return ['version']
  }
}

describe('rows that are damaged', () => {
  test('show, whatever byte of whatever row is changed', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (row, at, flip, inKey) => {
          const changed = rows.map(({ key, value }) => ({
            key: key.slice(),
            value: (value as Uint8Array).slice(),
          }))
          const target = changed[row % changed.length]
          if (target === undefined) return
          const bytes = inKey ? target.key : target.value
          bytes[at % bytes.byteLength] = (bytes[at % bytes.byteLength] as number) ^ flip
          expect(problemsOf(changed)).not.toEqual([])
        },
      ),
      { numRuns: 250 },
    )
  })

  test('show when one is missing, cut short, longer, or of nobody', () => {
    for (const [i, { key, value }] of rows.entries()) {
      if (i % 3 !== 0) continue
      const whole = value as Uint8Array
      const others = rows.filter((_, at) => at !== i)
      expect(problemsOf(others)).not.toEqual([])
      expect(problemsOf([...others, { key, value: whole.subarray(0, -1) }])).not.toEqual([])
      expect(problemsOf([...others, { key, value: whole.subarray(0, 1) }])).not.toEqual([])
      expect(problemsOf([...others, { key, value: new Uint8Array() }])).not.toEqual([])
      expect(problemsOf([...others, { key, value: Buffer.concat([whole, Uint8Array.of(0)]) }])).not.toEqual(
        [],
      )
    }
    expect(problemsOf([...rows, { key: Uint8Array.of(0x6d, 99), value: Uint8Array.of(1) }])).not.toEqual([])
    expect(problemsOf([...rows, { key: Uint8Array.of(), value: Uint8Array.of(1) }])).not.toEqual([])
  })

  test('show when the values of two rows of a table are swapped', () => {
    const random = new Prng(5)
    let swaps = 0
    while (swaps < 60) {
      const one = random.pick(rows)
      const other = random.pick(rows)
      const same = Buffer.compare(one.value as Uint8Array, other.value as Uint8Array) === 0
      if (one.key[1] !== other.key[1] || same) continue
      swaps++
      const swapped = rows.map((row) => {
        if (row === one) return { key: row.key, value: other.value }
        return row === other ? { key: row.key, value: one.value } : row
      })
      expect(problemsOf(swapped)).not.toEqual([])
    }
  })

  test('of any bytes never crash the loader', () => {
    const row = fc.record({
      key: fc.uint8Array({ maxLength: 16 }).map((bytes) => Uint8Array.from([0x6d, ...bytes])),
      value: fc.uint8Array({ maxLength: 120 }).map((bytes) => Uint8Array.from([1, ...bytes])),
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (noise) => {
        expect(problemsOf(noise)).not.toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})

test('rows may come in any order', () => {
  const random = new Prng(3)
  for (let run = 0; run < 5; run++) {
    const loader = new StateLoader(SMALL)
    const left = [...rows]
    while (left.length > 0) {
      const [row] = left.splice(random.below(left.length), 1)
      if (row?.value !== undefined && row.value !== null) loader.add(row.key, row.value)
    }
    const { state, problems } = loader.finish()
    expect(problems).toEqual([])
    expect(state.rows.digest.text()).toBe(full.digest)
  }
})

test('a row is copied when it is kept', () => {
  const loader = new StateLoader(SMALL)
  for (const { key, value } of rows) {
    const own = { key: Buffer.from(key), value: Buffer.from(value as Uint8Array) }
    loader.add(own.key, own.value)
    own.key.fill(0)
    own.value.fill(0)
  }
  expect(loader.finish().problems).toEqual([])
})
