import { describe, expect, test } from 'vitest'
import { nodeId } from '../../src/base/brand.ts'
import { append, ELECTION_TICKS_MIN, HEARTBEAT_TICKS, preVote, solo, type Solo } from './solo.ts'

const GONE = (peer: number) => ({ type: 'gone', peer: nodeId(peer) }) as const

/** A follower of node 2 in term 1. */
function follower(seed = 1): Solo {
  const node = solo({ seed })
  node.hear(2, append({ term: 1 }))
  return node
}

describe('when the process of a peer is gone', () => {
  test('a follower of it asks for pre-votes after a few ticks', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const node = follower(seed)
      node.step(GONE(2))
      const asked = [...Array(2 + 2 * HEARTBEAT_TICKS)].flatMap(() => node.tick())
      expect(asked.map(({ type }) => type)).toContain('preVote')
    }
  })

  test('a follower of it grants a pre-vote at once', () => {
    const node = follower()
    node.step(GONE(2))
    const [answer] = node.hear(3, preVote(2, 0, 0))
    expect(answer).toMatchObject({ type: 'preVoteReply', granted: true })
  })

  test('a follower that still hears the leader refuses a pre-vote of one that does not', () => {
    const node = follower()
    const [answer] = node.hear(3, preVote(2, 0, 0))
    expect(answer).toMatchObject({ type: 'preVoteReply', granted: false })
  })

  test('a follower of another leader takes no notice', () => {
    const node = follower()
    node.step(GONE(3))
    expect(node.tick(ELECTION_TICKS_MIN - 1)).toEqual([])
    expect(node.status.leader).toBe(2)
  })

  test('a leader that is heard after all is followed again', () => {
    const node = follower()
    node.step(GONE(2))
    node.hear(2, append({ term: 1 }))
    expect(node.status.leader).toBe(2)
    expect(node.tick(ELECTION_TICKS_MIN - 1)).toEqual([])
  })
})
