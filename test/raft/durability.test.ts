import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { logIndex, term, type LogIndex, type Term } from '../../src/base/brand.ts'
import { Durability } from '../../src/raft/durability.ts'

const ONE = (): Term => term(1)

test('what was written counts when the disk says so, not before', () => {
  const disk = new Durability(logIndex(0), 0)
  disk.issue(1, logIndex(3), term(1), 1, 0)
  disk.issue(2, logIndex(5), term(1), 1, 4)
  expect([disk.durableIndex, disk.hardVersion, disk.oldestTick]).toEqual([0, 0, 0])
  disk.complete(1, ONE)
  expect([disk.durableIndex, disk.hardVersion, disk.oldestTick]).toEqual([3, 1, 4])
  disk.complete(2, ONE)
  expect([disk.durableIndex, disk.oldestTick]).toEqual([5, undefined])
})

test('a completion speaks for all writes before it, and twice says nothing more', () => {
  const disk = new Durability(logIndex(0), 0)
  disk.issue(1, logIndex(3), term(1), 0, 0)
  disk.issue(2, logIndex(5), term(1), 0, 0)
  disk.complete(2, ONE)
  disk.complete(1, ONE)
  expect(disk.durableIndex).toBe(5)
  expect(() => disk.complete(3, ONE)).toThrow(InvariantError)
})

test('a cut lowers what is durable at once', () => {
  const disk = new Durability(logIndex(9), 0)
  disk.cut(logIndex(4), term(1))
  expect(disk.durableIndex).toBe(4)
})

test('a late completion confirms nothing that was cut, not even when the same entry was written again', () => {
  const disk = new Durability(logIndex(2), 0)
  disk.issue(1, logIndex(5), term(1), 0, 0)
  disk.cut(logIndex(2), term(1))
  // The same entries of the same term come again, in a write behind the cut.
  disk.issue(2, logIndex(5), term(1), 0, 0)
  disk.complete(1, ONE)
  expect(disk.durableIndex).toBe(2)
  disk.complete(2, ONE)
  expect(disk.durableIndex).toBe(5)
})

test('what counts as durable is on the disk for good, whatever is cut and completed when', () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('write' as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ type: fc.constant('cut' as const), back: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ type: fc.constant('complete' as const), count: fc.constant(1) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const disk = new Durability(logIndex(0), 0)
      /** Memory and disk as lists of unique numbers; a write carries where it cuts and what it appends. */
      let memory: number[] = []
      const image: number[] = []
      const writes: { readonly cut: number; readonly entries: readonly number[] }[] = []
      let fresh = 0
      let cutTo = 0
      const termAt = (index: LogIndex): Term => term(index === 0 ? 0 : (memory[index - 1] ?? 0))
      for (const one of steps) {
        if (one.type === 'write') {
          const added = Array.from({ length: one.count }, () => ++fresh)
          writes.push({ cut: cutTo, entries: added })
          memory = [...memory, ...added]
          cutTo = memory.length
          const last = logIndex(memory.length)
          disk.issue(disk.nextId, last, termAt(last), 0, 0)
        } else if (one.type === 'cut') {
          memory = memory.slice(0, Math.max(0, memory.length - one.back))
          cutTo = Math.min(cutTo, memory.length)
          const last = logIndex(memory.length)
          disk.cut(last, termAt(last))
        } else {
          const write = writes.shift()
          if (write === undefined) continue
          image.length = write.cut
          image.push(...write.entries)
          disk.complete(disk.nextId - 1 - writes.length, termAt)
        }
        const durable = memory.slice(0, disk.durableIndex)
        expect(image.slice(0, disk.durableIndex)).toEqual(durable)
        for (const write of writes) expect(write.cut).toBeGreaterThanOrEqual(disk.durableIndex)
        if (writes.length === 0) expect(disk.durableIndex).toBe(Math.min(memory.length, image.length))
      }
    }),
  )
})
