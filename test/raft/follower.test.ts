import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { append, matched, rejected, repliesOf, solo } from './solo.ts'

describe('an append', () => {
  test('is answered when it is on the disk, and only then', () => {
    const node = solo({ log: [1], term: 1 })
    expect(node.hear(2, append({ term: 1, prev: [1, 1], terms: [1, 1] }))).toEqual([])
    expect(node.persist()).toEqual([matched(1, 3, 1)])
  })

  test('of a new term waits for the term, even when there is nothing to write', () => {
    const node = solo({ log: [1], term: 1 })
    expect(node.hear(2, append({ term: 2, prev: [1, 1] }))).toEqual([])
    expect(node.persist()).toEqual([matched(2, 1, 1)])
  })

  test('with nothing new is answered at once, with what is durable', () => {
    const node = solo({ log: [1, 1], term: 1 })
    expect(node.hear(2, append({ term: 1, prev: [2, 1], round: 7 }))).toEqual([matched(1, 2, 7)])
    expect(node.hear(2, append({ term: 1, prev: [0, 0], terms: [1], round: 8 }))).toEqual([matched(1, 2, 8)])
    node.hear(2, append({ term: 1, prev: [2, 1], terms: [1, 1] }))
    expect(node.hear(2, append({ term: 1, prev: [4, 1], round: 9 }))).toEqual([matched(1, 2, 9)])
    expect(node.persist()).toEqual([matched(1, 4, 9)])
  })

  test('is answered with all that is committed here, also what stands behind it: a leader has that', () => {
    const node = solo({ log: [1, 1, 1], term: 1, applied: 3 })
    expect(node.hear(2, append({ term: 1, prev: [1, 1], round: 4 }))).toEqual([matched(1, 3, 4)])
  })

  test('is answered once a step, for all that came', () => {
    const node = solo({ term: 1 })
    node.hear(2, append({ term: 1 }))
    const { send } = node.step(
      { type: 'message', from: node.status.leader || node.status.id, message: append({ term: 1, round: 2 }) },
      { type: 'message', from: node.status.leader || node.status.id, message: append({ term: 1, round: 3 }) },
    )
    expect(send.map(({ message }) => message)).toEqual([matched(1, 0, 3)])
  })

  test('of an older term is refused with the term, so that its sender steps down', () => {
    const node = solo({ log: [1, 3], term: 5 })
    expect(node.hear(2, append({ term: 4, prev: [2, 3], terms: [4] }))).toEqual([rejected(5, 2, [2, 3], 1)])
    expect(node.status).toMatchObject({ lastIndex: 2, leader: 0 })
  })

  test('makes a candidate of the term a follower', () => {
    const node = solo()
    node.campaign()
    node.hear(2, append({ term: 1 }))
    expect(node.status).toMatchObject({ role: 'follower', leader: 2 })
  })

  test('that no log can hold is passed over', () => {
    const node = solo({ log: [1], term: 1 })
    const good = append({ term: 2, prev: [1, 1], terms: [2, 2] })
    const gap = { ...good, entries: good.entries.slice(1) }
    const back = append({ term: 3, prev: [1, 1], terms: [3, 2] })
    const ahead = append({ term: 2, prev: [1, 1], terms: [3] })
    for (const bad of [gap, back, ahead, append({ term: 2, prev: [0, 1] })]) node.hear(2, bad)
    expect(node.status).toMatchObject({ term: 1, lastIndex: 1, leader: 0 })
  })
})

describe('the log of a follower', () => {
  test('is cut on a real conflict only: an old or shorter append removes nothing', () => {
    const node = solo({ log: [1, 1, 2, 2], term: 2 })
    node.hear(2, append({ term: 2, prev: [1, 1], terms: [1] }))
    node.hear(2, append({ term: 2, prev: [0, 0], terms: [1, 1] }))
    node.hear(2, append({ term: 2, prev: [2, 1] }))
    expect(node.status.lastIndex).toBe(4)
    expect(node.pending).toEqual([])
  })

  test('loses everything from the first entry of another term', () => {
    const node = solo({ log: [1, 1, 2, 2], term: 2 })
    node.hear(3, append({ term: 4, prev: [1, 1], terms: [1, 3] }))
    const write = node.pending.at(-1)
    expect(write?.truncateFrom).toBe(3)
    expect(write?.entries.map(({ index, term }) => [index, term])).toEqual([[3, 3]])
    expect(node.status).toMatchObject({ lastIndex: 3, durableIndex: 2 })
  })

  test('is never cut at or below what is committed', () => {
    const node = solo({ log: [1, 1, 1], term: 1, applied: 2 })
    expect(() => node.hear(3, append({ term: 4, prev: [1, 1], terms: [3] }))).toThrow(InvariantError)
    const other = solo({ log: [1, 1, 1], term: 1, applied: 2 })
    expect(() => other.hear(3, append({ term: 4, prev: [2, 3] }))).toThrow(InvariantError)
    // Committed and not durable here yet: nothing that was applied shows the mistake.
    const ahead = solo({ log: [1], term: 1 })
    ahead.hear(2, append({ term: 1, prev: [1, 1], terms: [1, 1], commit: 3 }))
    expect(() => ahead.hear(3, append({ term: 2, prev: [1, 1], terms: [2, 2] }))).toThrow(InvariantError)
  })

  test('does not count as durable from a cut on, before the new entries are written', () => {
    const node = solo({ log: [1, 2, 2], term: 2 })
    node.hear(3, append({ term: 3, prev: [1, 1], terms: [3, 3] }))
    expect(node.status.durableIndex).toBe(1)
    expect(node.persist()).toEqual([matched(3, 3, 1)])
  })

  test('cut and written again is not confirmed by the completion of the first write', () => {
    const node = solo({ log: [1], term: 1 })
    node.hear(2, append({ term: 1, prev: [1, 1], terms: [1, 1] }))
    node.hear(3, append({ term: 2, prev: [1, 1], terms: [2, 2] }))
    expect(node.persist(1)).toEqual([])
    expect(node.status.durableIndex).toBe(1)
    expect(node.persist(1)).toEqual([matched(2, 3, 1)])
  })

  test('is cut in memory alone when the entries came in the same step', () => {
    const node = solo({ log: [1], term: 1 })
    const from = node.status.id === 1 ? 2 : 1
    node.hear(from, append({ term: 1, prev: [1, 1] }))
    const leader = node.status.leader || node.status.id
    node.step(
      { type: 'message', from: leader, message: append({ term: 1, prev: [1, 1], terms: [1, 1] }) },
      { type: 'message', from: leader, message: append({ term: 3, prev: [1, 1], terms: [3] }) },
    )
    const write = node.pending.at(-1)
    expect(write?.truncateFrom).toBeNull()
    expect(write?.entries.map(({ index, term }) => [index, term])).toEqual([[2, 3]])
  })
})

describe('the commit index of a follower', () => {
  test('goes as far as the message proved, not as far as the log', () => {
    const node = solo({ log: [1, 1, 1, 1], term: 1 })
    node.hear(2, append({ term: 2, prev: [1, 1], terms: [1], commit: 4 }))
    expect(node.status.commitIndex).toBe(2)
    node.hear(2, append({ term: 2, prev: [4, 1], commit: 3 }))
    expect(node.status.commitIndex).toBe(3)
  })

  test('never goes back', () => {
    const node = solo({ log: [1, 1, 1], term: 1 })
    node.hear(2, append({ term: 1, prev: [3, 1], commit: 3 }))
    node.hear(2, append({ term: 1, prev: [3, 1], commit: 1 }))
    expect(node.status.commitIndex).toBe(3)
  })

  test('may be ahead of the disk; what is applied may not', () => {
    const node = solo({ log: [1], term: 1 })
    const ready = () => node.readies.at(-1)
    node.hear(2, append({ term: 1, prev: [1, 1], terms: [1, 1], commit: 3 }))
    expect([ready()?.commitIndex, ready()?.applyTo]).toEqual([3, 1])
    node.persist()
    expect([ready()?.commitIndex, ready()?.applyTo]).toEqual([3, 3])
  })

  test('begins with what was applied before the restart', () => {
    expect(solo({ log: [1, 1], term: 1, applied: 2 }).step()).toMatchObject({ commitIndex: 2, applyTo: 2 })
    expect(() => solo({ log: [1], applied: 2 })).toThrow(InvariantError)
  })
})

describe('a refusal', () => {
  test('says where a shorter log ends', () => {
    const node = solo({ log: [1, 1, 2], term: 2 })
    expect(repliesOf(node.hear(2, append({ term: 2, prev: [9, 2] })))).toEqual([rejected(2, 9, [3, 2], 1)])
  })

  test('skips all entries of terms that the leader’s log cannot have there', () => {
    const node = solo({ log: [1, 1, 3, 3, 4, 4], term: 5 })
    expect(repliesOf(node.hear(2, append({ term: 5, prev: [6, 2] })))).toEqual([rejected(5, 6, [2, 1], 1)])
  })

  test('never points below what is committed', () => {
    const node = solo({ log: [1, 1, 2, 3], term: 5, applied: 3 })
    expect(repliesOf(node.hear(2, append({ term: 5, prev: [4, 2] })))).toEqual([rejected(5, 4, [3, 2], 1)])
  })
})
