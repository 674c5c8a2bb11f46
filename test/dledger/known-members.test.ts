import { describe, expect, test } from 'vitest'
import { logIndex, nodeId, type NodeId } from '../../src/base/brand.ts'
import { KnownMembers } from '../../src/dledger/known-members.ts'
import { encodeDetails } from '../../src/dledger/member-details.ts'
import type { ConfigurationAt } from '../../src/raft/index.ts'

const [ONE, TWO, THREE, FOUR, FIVE] = [1, 2, 3, 4, 5].map(nodeId) as [NodeId, NodeId, NodeId, NodeId, NodeId]
const FILE = [ONE, TWO, THREE].map((id) => ({ id, peer: `file:${id}`, client: `file:80${id}` }))

/** A configuration in the log whose members are reached at `log:ID`. */
function at(index: number, voters: NodeId[], highestId: number, outgoing: NodeId[] = []): ConfigurationAt {
  const ids = [...new Set([...voters, ...outgoing])]
  const members = ids.map((id) => ({
    id,
    peer: `log:${id}`,
    client: `log:80${id}`,
    folderId: `folder-${id}`,
    goal: 'none' as const,
    replaces: 0 as const,
  }))
  const details = encodeDetails({ highestId: nodeId(highestId), members })
  return {
    index: logIndex(index),
    configuration: { voters, votersOutgoing: outgoing, learners: [], details },
  }
}

function committed(latest: ConfigurationAt): Parameters<KnownMembers['follow']>[0] {
  return { latest, committed: latest.configuration }
}

function reachOf(known: KnownMembers): readonly string[] {
  return known.reach.map(({ id, peer }) => `${id} ${peer}`)
}

describe('before the log says anything', () => {
  test('founders are reached where the file says', () => {
    const known = new KnownMembers([ONE, TWO, THREE], FILE)
    expect(reachOf(known)).toEqual(['1 file:1', '2 file:2', '3 file:3'])
    expect(known.standingOf(FOUR)).toBe('newcomer')
    expect(known.isRemoved(ONE)).toBe(false)
  })

  test('an id that the founders skipped is a stranger, not one that was removed', () => {
    expect(new KnownMembers([ONE, THREE], FILE).standingOf(TWO)).toBe('stranger')
  })

  test('who joins asks those of the file until a peer tells', () => {
    const known = new KnownMembers([], FILE.slice(0, 1))
    expect(reachOf(known)).toEqual(['1 file:1'])
    expect(known.hear(at(9, [ONE, TWO], 3))).toBe(true)
    expect(reachOf(known)).toEqual(['1 log:1', '2 log:2'])
  })

  test('who joins is told the addresses of founders too', () => {
    const founders = new KnownMembers([ONE, TWO, THREE], FILE)
    const joining = new KnownMembers([], [])
    expect(joining.hear(founders.told)).toBe(true)
    expect(reachOf(joining)).toEqual(['1 file:1', '2 file:2', '3 file:3'])
  })
})

describe('a change in the log', () => {
  const known = new KnownMembers([ONE, TWO, THREE], FILE)
  const before = { ...committed(at(0, [ONE, TWO, THREE], 3)) }

  test('keeps both sides in reach until it is committed, and then drops who was left out for good', () => {
    const joint = at(7, [ONE, TWO, FOUR], 4, [ONE, TWO, THREE])
    known.follow({ latest: joint, committed: before.committed })
    expect(known.reach.map(({ id, role }) => [id, role])).toEqual([
      [1, 'voter'],
      [2, 'voter'],
      [3, 'leaving'],
      [4, 'voter'],
    ])
    known.follow({ latest: at(8, [ONE, TWO, FOUR], 4), committed: joint.configuration })
    expect(known.standingOf(THREE)).toBe('member')
    known.follow(committed(at(8, [ONE, TWO, FOUR], 4)))
    expect(known.standingOf(THREE)).toBe('removed')
    expect(known.isRemoved(THREE)).toBe(true)
    expect(reachOf(known)).toEqual(['1 log:1', '2 log:2', '4 log:4'])
  })

  test('that a peer tells is not this log, so nobody is removed for good by it', () => {
    const lagging = new KnownMembers([ONE, TWO, THREE], FILE)
    lagging.follow(committed(at(5, [ONE, TWO, THREE], 3)))
    expect(lagging.standingOf(FOUR)).toBe('newcomer')
    expect(lagging.hear(at(8, [TWO, THREE, FOUR], 4))).toBe(true)
    expect(lagging.standingOf(FOUR)).toBe('member')
    expect(lagging.standingOf(ONE)).toBe('member')
    expect(lagging.standingOf(FIVE)).toBe('newcomer')
    expect(lagging.hear(at(4, [ONE], 3))).toBe(false)
    lagging.follow(committed(at(8, [TWO, THREE, FOUR], 4)))
    expect(lagging.standingOf(ONE)).toBe('removed')
  })

  test('that a peer tells leaves open what became of others', () => {
    const lagging = new KnownMembers([ONE, TWO, THREE], FILE)
    lagging.follow(committed(at(5, [ONE, TWO, THREE], 3)))
    lagging.hear(at(8, [TWO, THREE, FIVE], 5))
    expect(lagging.standingOf(FOUR)).toBe('stranger')
  })

  test('that never came into the log of the leader is forgotten by it', () => {
    const leader = new KnownMembers([ONE, TWO, THREE], FILE)
    leader.hear(at(8, [TWO, THREE, FOUR], 4))
    leader.lead()
    expect(leader.members.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(leader.highestId).toBe(3)
  })
})
