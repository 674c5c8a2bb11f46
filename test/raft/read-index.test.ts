import { describe, expect, test } from 'vitest'
import { nodeId } from '../../src/base/brand.ts'
import type { Ready } from '../../src/raft/index.ts'
import { leading, passTime } from './groups.ts'
import { append, ELECTION_TICKS_MAX, matched, rejected, solo, type Solo } from './solo.ts'

function read(node: Solo, ...ids: readonly number[]): Ready {
  return node.step({ type: 'readIndex', ids })
}

function allowed(node: Solo): readonly (readonly [number, number])[] {
  return node.readies.flatMap(({ reads }) => reads.map(({ id, index }) => [id, index] as const))
}

function refused(node: Solo): readonly number[] {
  return node.readies.flatMap(({ readsRefused }) => readsRefused)
}

describe('a read', () => {
  test('is allowed at the commit index once a majority answered a round that began after it', () => {
    const node = leading()
    node.tick(2)
    node.answer(2, 3)
    const { send } = read(node, 7)
    expect(send.map(({ to, message }) => [to, message.type])).toEqual([
      [2, 'append'],
      [3, 'append'],
    ])
    expect(allowed(node)).toEqual([])
    node.answer(2)
    expect(allowed(node)).toEqual([[7, 1]])
    node.answer(3)
    expect(allowed(node)).toHaveLength(1)
  })

  test('is not allowed by an answer to an older round, however often it comes', () => {
    const node = leading()
    node.tick(2)
    const before = node.roundTo(2)
    read(node, 7)
    for (let at = 0; at < 3; at++) node.hear(2, matched(1, 1, before))
    expect(allowed(node)).toEqual([])
    expect(node.roundTo(2)).toBe(before + 1)
  })

  test('is allowed by a refusal too: it shows that the peer follows', () => {
    const node = leading()
    read(node, 7)
    node.hear(2, rejected(1, 1, [0, 0], node.roundTo(2)))
    expect(allowed(node)).toEqual([[7, 1]])
  })

  test('waits until the leader has committed in its term (thesis 6.4)', () => {
    const node = solo({ log: [1, 1], term: 1, applied: 2 }).lead()
    read(node, 7)
    node.tick(2)
    node.hear(2, matched(2, 2, node.roundTo(2)))
    expect(allowed(node)).toEqual([])
    node.answer(2)
    expect(node.status.commitIndex).toBe(3)
    expect(allowed(node)).toEqual([])
    node.answer(2)
    expect(allowed(node)).toEqual([[7, 3]])
  })

  test('shares its round with all of its step, and those that come meanwhile share the next one', () => {
    const node = leading()
    const first = node.roundTo(2)
    node.step({ type: 'readIndex', ids: [1, 2] }, { type: 'readIndex', ids: [3] })
    expect(node.roundTo(2)).toBe(first + 1)
    read(node, 4)
    read(node, 5)
    expect(node.roundTo(2)).toBe(first + 1)
    node.answer(2)
    expect(allowed(node).map(([id]) => id)).toEqual([1, 2, 3])
    expect(node.roundTo(2)).toBe(first + 2)
    node.answer(2)
    expect(allowed(node).map(([id]) => id)).toEqual([1, 2, 3, 4, 5])
  })

  test('does not wait for the disk of a peer that is busy with entries', () => {
    const peer = solo()
    peer.hear(2, append({ term: 1, terms: [1] }))
    peer.persist()
    peer.hear(2, append({ term: 1, prev: [1, 1], terms: [1] }))
    const answer = peer.hear(2, append({ term: 1, prev: [2, 1], round: 9 }))
    expect(answer).toMatchObject([{ type: 'appendReply', result: 'matched', index: 1, round: 9 }])
  })

  test('needs both majorities while the configuration is joint', () => {
    const node = leading()
    node.change([1, 2, 3], [4, 5])
    node.persist()
    node.answer(2, 3, 4, 5)
    passTime(node, 2, 3, 4, 5)
    node.change([1, 4, 5])
    read(node, 7)
    node.hear(2, matched(1, 2, node.roundTo(2)))
    node.hear(3, matched(1, 2, node.roundTo(3)))
    expect(allowed(node)).toEqual([])
    node.hear(4, matched(1, 2, node.roundTo(4)))
    expect(allowed(node)).toEqual([[7, 2]])
  })

  test('is never allowed by learners', () => {
    const node = leading()
    node.change([1, 2, 3], [4, 5])
    node.persist()
    node.answer(2, 4, 5)
    read(node, 7)
    node.answer(4, 5)
    expect(allowed(node)).toEqual([])
  })

  test('of a group of one is allowed at once', () => {
    const node = solo({ voters: 1 })
    node.tick()
    node.persist()
    node.persist()
    expect(read(node, 7).reads).toEqual([{ id: 7, index: 1 }])
  })
})

describe('reads are refused', () => {
  test('by a node that does not lead', () => {
    const node = solo()
    expect(read(node, 1, 2).readsRefused).toEqual([1, 2])
  })

  test('when leadership is lost, those under way and those that wait', () => {
    const node = leading()
    read(node, 1)
    read(node, 2)
    node.hear(2, append({ term: 5 }))
    expect(refused(node)).toEqual([1, 2])
  })

  test('by a leader that no majority answers any more: both its links are reset, it serves nothing stale', () => {
    const node = leading()
    node.step({ type: 'unreachable', peer: nodeId(2) }, { type: 'unreachable', peer: nodeId(3) })
    read(node, 1)
    for (let at = 0; at < ELECTION_TICKS_MAX; at++) node.tick()
    expect([allowed(node), refused(node)]).toEqual([[], [1]])
  })
})
