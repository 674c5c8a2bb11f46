import { expect, test } from 'vitest'
import { type LogIndex, logIndex, logPosition } from '../../src/base/brand.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { ApplyLane, type EntryBody } from '../../src/dledger/apply-lane.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { ListMachine } from '../support/sim-group.ts'

interface Lane {
  readonly lane: ApplyLane<string>
  readonly machine: ListMachine
  readonly clock: ManualClock
  /** Turns of the loop that the lane asked for. */
  readonly turns: (() => void)[]
  /** Reads of the disk under way. */
  readonly reads: { readonly index: LogIndex; readonly end: () => void }[]
  readonly failures: unknown[]
}

function bodyOf(index: LogIndex): EntryBody {
  return { position: logPosition(index * 100), body: utf8(`e${index}\n`) }
}

/** A lane on entries of which those up to `onDisk` must be read; each costs `entryMs` to apply. */
function laneOf(onDisk: number, entryMs = 0): Lane {
  const machine = new ListMachine()
  const clock = new ManualClock()
  const turns: Lane['turns'] = []
  const reads: { index: LogIndex; end: () => void }[] = []
  const failures: unknown[] = []
  const lane = new ApplyLane<string>(
    machine,
    {
      cachedBody: (index) => {
        clock.advance(entryMs)
        return index <= onDisk ? undefined : bodyOf(index)
      },
      readBody: (index) =>
        new Promise((resolve) => {
          reads.push({ index, end: () => resolve(bodyOf(index)) })
        }),
    },
    clock,
    (run) => void turns.push(run),
    { applied: () => undefined, sliceDone: () => undefined, failed: (error) => void failures.push(error) },
  )
  return { lane, machine, clock, turns, reads, failures }
}

test('entries are applied in order, each once, however they come: from memory, or from the disk one at a time', async () => {
  const { lane, machine, reads, failures } = laneOf(2)
  lane.advanceTo(logIndex(3))
  lane.advanceTo(logIndex(4))
  expect(reads.map(({ index }) => index)).toEqual([1])
  reads[0]?.end()
  await settle()
  lane.advanceTo(logIndex(5))
  expect(reads.map(({ index }) => index)).toEqual([1, 2])
  reads[1]?.end()
  await settle()
  expect(machine.texts).toEqual(['e1', 'e2', 'e3', 'e4', 'e5'])
  expect(failures).toEqual([])
})

test('a long backlog gives the loop back in between and goes on by itself', () => {
  const { lane, machine, turns } = laneOf(0, 3)
  lane.advanceTo(logIndex(10))
  expect(machine.texts.length).toBeLessThan(5)
  let given = 0
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    given++
    turn()
  }
  expect(given).toBeGreaterThan(1)
  expect(machine.texts).toHaveLength(10)
})

test('nothing is applied after a stop, not even what is being read', async () => {
  const { lane, machine, reads } = laneOf(1)
  lane.advanceTo(logIndex(2))
  lane.stop()
  reads[0]?.end()
  await settle()
  lane.advanceTo(logIndex(3))
  expect(machine.texts).toEqual([])
})
