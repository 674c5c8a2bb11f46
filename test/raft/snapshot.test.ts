/** States instead of entries: who needs one, and what becomes of the log that takes one. */
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { logIndex, nodeId, term } from '../../src/base/brand.ts'
import {
  describeMessage,
  describeStatus,
  describeWrite,
  type Configuration,
  type InMessage,
  type InstallSnapshot,
  type Ready,
} from '../../src/raft/index.ts'
import { leading } from './groups.ts'
import {
  append,
  configurationEntry,
  ELECTION_TICKS_MAX,
  HEARTBEAT_TICKS,
  matched,
  members,
  preVote,
  rejected,
  repliesOf,
  solo,
  vote,
  type Solo,
} from './solo.ts'

function state(
  t: number,
  mark: readonly [index: number, term: number],
  configuration: Configuration = members([1, 2, 3]),
): InMessage {
  const [index, itsTerm] = mark
  return {
    type: 'installSnapshot',
    term: term(t),
    mark: { index: logIndex(index), term: term(itsTerm), configuration },
  }
}

function forget(node: Solo, index: number): Ready {
  return node.step({ type: 'forget', index: logIndex(index) })
}

function report(node: Solo, peer: number, index: number, ok: boolean): Ready {
  return node.step({ type: 'snapshotReported', peer: nodeId(peer), index: logIndex(index), ok })
}

function offers(node: Solo): readonly (readonly [number, InstallSnapshot])[] {
  return node.readies.flatMap(({ send }) =>
    send.flatMap(({ to, message }) => (message.type === 'installSnapshot' ? [[to, message] as const] : [])),
  )
}

/** Leads three with six entries of which peer 2 has all and peer 3 has `third`; the first four are forgotten. */
function forgetful(third: number): Solo {
  const node = leading()
  node.propose(100, 100, 100, 100, 100)
  node.persist()
  node.hear(2, matched(1, 6, node.roundTo(2)))
  if (third > 1) node.hear(3, matched(1, third, node.roundTo(3)))
  forget(node, 4)
  return node
}

/** Follows node 2 with this log, all of it durable and nothing applied. */
function follower(log: readonly number[], commit = 0): Solo {
  const node = solo({ log })
  node.hear(2, append({ term: 5, prev: [log.length, log.at(-1) ?? 0], commit }))
  node.persist()
  return node
}

describe('forgetting', () => {
  test('moves the base of the log, and never beyond what was applied', () => {
    const node = forgetful(6)
    expect(describeStatus(node.status)).toMatch(/^leader t1, log 6 after 4, durable 6, commit 6; /)
    forget(node, 2)
    expect(node.status.baseIndex).toBe(4)
    expect(() => forget(node, 7)).toThrow(InvariantError)
  })

  test('keeps the configuration that counts at the base', () => {
    const node = leading()
    node.change([1, 2, 3], [4])
    node.propose(100)
    node.persist()
    node.answer(2)
    forget(node, 3)
    expect(node.status.configuration.configuration).toEqual(members([1, 2, 3], [4]))
    expect(node.raft.configurationAt(logIndex(3))).toEqual(members([1, 2, 3], [4]))
    expect(() => node.raft.configurationAt(logIndex(1))).toThrow(InvariantError)
  })

  test('leaves who has enough alone: appends go on', () => {
    const node = forgetful(5)
    node.propose(100)
    const sent = node.readies.at(-1)?.send.filter(({ to }) => to === 3)
    expect(sent).toMatchObject([{ message: { type: 'append', first: 7, last: 7 } }])
    expect(offers(node)).toEqual([])
  })

  test('does not change what a vote is worth: log and base are compared alike', () => {
    const at = { index: logIndex(4), term: term(3) }
    const node = solo({ base: [4, 3], applied: 4 })
    expect(node.status).toMatchObject({ baseIndex: at.index, lastIndex: 4, commitIndex: 4 })
    expect(node.hear(2, preVote(9, 4, 2))).toMatchObject([{ granted: false }])
    expect(node.hear(2, preVote(9, 3, 3))).toMatchObject([{ granted: false }])
    expect(node.hear(2, preVote(9, 4, 3))).toMatchObject([{ granted: true }])
    node.hear(2, vote(9, 4, 3))
    expect(node.persist()).toMatchObject([{ granted: true }])
  })
})

describe('a peer that needs what is forgotten', () => {
  /** Peer 3 lost its connection and answers the next heartbeat that it has only one entry. */
  function behind(): Solo {
    const node = forgetful(1)
    node.step({ type: 'unreachable', peer: nodeId(3) })
    node.tick(HEARTBEAT_TICKS)
    node.hear(3, rejected(1, 4, [1, 1], node.roundTo(3)))
    return node
  }

  test('is offered a state once, with the place, its term and its members', () => {
    const node = behind()
    const mark = { index: 4, term: 1, configuration: members([1, 2, 3]) }
    expect(offers(node)).toEqual([[3, { type: 'installSnapshot', term: 1, mark }]])
    expect(node.status.peers[1]).toMatchObject({ peer: 3, state: 'snapshot', nextIndex: 5, inflightCount: 0 })
    node.tick(4 * HEARTBEAT_TICKS)
    node.hear(3, rejected(1, 4, [1, 1], node.roundTo(3)))
    expect(offers(node)).toHaveLength(1)
    const [offer] = offers(node)
    expect(offer && describeMessage(offer[1])).toBe('installSnapshot t1, state at 4/1, voters 1 2 3')
  })

  test('gets heartbeats and no entries meanwhile, and holds nobody else up', () => {
    const node = behind()
    node.propose(100)
    const { send } = node.readies.at(-1) ?? { send: [] }
    expect(send.map(({ to }) => to)).toEqual([2])
    node.tick(HEARTBEAT_TICKS)
    const toThird = node.readies.at(-1)?.send.filter(({ to }) => to === 3)
    expect(toThird).toMatchObject([
      { message: { type: 'append', prevIndex: 4, prevTerm: 1, first: 5, last: 4 } },
    ])
  })

  test('that got it goes on behind it, with the right entry before (index and term)', () => {
    const node = behind()
    report(node, 3, 5, true)
    const toThird = node.readies.at(-1)?.send.filter(({ to }) => to === 3)
    expect(toThird).toMatchObject([{ message: { prevIndex: 5, prevTerm: 1, first: 6, last: 6 } }])
    node.hear(3, matched(1, 6, node.roundTo(3)))
    expect(node.status.peers[1]).toMatchObject({ state: 'replicate', matchIndex: 6 })
  })

  test('that got it is not led back by an answer from before it: a state is not sent twice for that', () => {
    const node = behind()
    report(node, 3, 5, true)
    node.hear(3, matched(1, 1, node.roundTo(3)))
    expect(offers(node)).toHaveLength(1)
    expect(node.status.peers[1]).toMatchObject({ state: 'replicate', matchIndex: 1, nextIndex: 7 })
    node.hear(3, rejected(1, 5, [1, 1], node.roundTo(3)))
    expect(offers(node)).toHaveLength(2)
  })

  test('that did not get it is asked where it stands, and then offered one again', () => {
    const node = behind()
    report(node, 3, 4, false)
    expect(offers(node)).toHaveLength(1)
    node.tick(HEARTBEAT_TICKS)
    node.hear(3, rejected(1, 4, [1, 1], node.roundTo(3)))
    expect(offers(node)).toHaveLength(2)
  })

  test('that was sent one which is too old by now is offered another', () => {
    const node = behind()
    node.propose(100)
    node.persist()
    node.answer(2)
    forget(node, 7)
    report(node, 3, 5, true)
    expect(offers(node).map(([, { mark }]) => mark.index)).toEqual([4, 7])
  })

  test('that caught up otherwise needs no report', () => {
    const node = behind()
    node.hear(3, matched(1, 3, node.roundTo(3)))
    expect(node.status.peers[1]).toMatchObject({ state: 'snapshot', matchIndex: 3 })
    node.hear(3, matched(1, 4, node.roundTo(3)))
    expect(node.status.peers[1]).toMatchObject({ state: 'replicate', matchIndex: 4 })
  })

  test('is not taken for lost when its connection breaks: the state goes its own way', () => {
    const node = behind()
    node.step({ type: 'unreachable', peer: nodeId(3) })
    expect(node.status.peers[1]?.state).toBe('snapshot')
  })

  test('may be reported by who does not lead any more, and nothing comes of it', () => {
    const node = behind()
    node.hear(2, append({ term: 9 }))
    expect(report(node, 3, 5, true).send).toEqual([])
  })
})

describe('a state that lies ready', () => {
  test('takes the place of a shorter log, counts once it is on the disk, and is answered then', () => {
    const node = follower([1, 1], 1)
    const answered = repliesOf(node.hear(2, state(5, [9, 4], members([1, 2, 4]))))
    expect(answered.map(({ index }) => index)).toEqual([1])
    const ready = node.readies.at(-1)
    expect(ready?.write?.restore).toEqual({ index: 9, term: 4, configuration: members([1, 2, 4]) })
    expect(ready && ready.write && describeWrite(ready.write)).toBe('write #2: state at 9/4, voters 1 2 4')
    expect(ready).toMatchObject({ commitIndex: 9, applyTo: 1 })
    expect(ready?.configuration?.configuration).toEqual(members([1, 2, 4]))
    const [reply] = repliesOf(node.persist())
    expect(reply).toMatchObject({ result: 'matched', index: 9 })
    expect(node.status).toMatchObject({ baseIndex: 9, lastIndex: 9, durableIndex: 9, commitIndex: 9 })
    expect(node.readies.at(-1)?.applyTo).toBe(9)
  })

  test('drops a whole log that has another entry there, what follows it too', () => {
    const node = solo({ log: [1, 1, 1, 1] })
    node.hear(2, state(5, [3, 4]))
    expect(node.status).toMatchObject({ baseIndex: 3, lastIndex: 3 })
    node.persist()
    node.hear(2, append({ term: 5, prev: [3, 4], terms: [5] }))
    expect(node.status.lastIndex).toBe(4)
    expect(repliesOf(node.persist())).toMatchObject([{ result: 'matched', index: 4 }])
  })

  test('keeps a log that has the very entry, with what follows it: it says only what is committed', () => {
    const node = follower([1, 1, 4, 4])
    const replies = repliesOf(node.hear(2, state(5, [3, 4])))
    expect(node.readies.at(-1)?.write).toBeNull()
    expect(node.status).toMatchObject({ baseIndex: 0, lastIndex: 4, commitIndex: 3 })
    expect(replies).toMatchObject([{ result: 'matched' }])
  })

  test('that is not ahead of what is committed is passed over and answered', () => {
    const node = follower([1, 1, 4], 3)
    for (const index of [2, 3]) {
      const replies = repliesOf(node.hear(2, state(5, [index, 4])))
      expect(node.readies.at(-1)?.write).toBeNull()
      expect(replies).toMatchObject([{ result: 'matched', index: 3 }])
    }
  })

  test('of an older leader is passed over', () => {
    const node = follower([1])
    expect(node.hear(3, state(4, [9, 4]))).toEqual([])
    expect(node.status).toMatchObject({ lastIndex: 1, leader: 2 })
  })

  test('is taken by a candidate and by who asks for pre-votes, which follow its leader then', () => {
    const asking = solo({ log: [1] })
    while (asking.status.role === 'follower') asking.tick()
    const candidate = solo({ log: [1] })
    candidate.campaign()
    for (const node of [asking, candidate]) {
      node.hear(2, state(5, [9, 4]))
      expect(node.status).toMatchObject({ role: 'follower', term: 5, leader: 2, baseIndex: 9 })
    }
  })

  test('that cannot be is passed over', () => {
    const node = follower([1])
    const wrong = [state(5, [0, 4]), state(5, [9, 0]), state(5, [9, 6]), state(5, [9, 4], members([1], [1]))]
    for (const message of wrong) expect(node.hear(2, message)).toEqual([])
    expect(node.status.lastIndex).toBe(1)
  })

  test('outlives late completions of the old log: they confirm nothing of the new one', () => {
    const node = solo({ log: [1] })
    node.hear(3, append({ term: 2, prev: [1, 1], terms: [2, 2, 2] }))
    node.hear(2, state(5, [3, 4]))
    node.hear(2, append({ term: 5, prev: [3, 4], terms: [5, 5] }))
    expect(node.pending).toHaveLength(3)
    node.persist(1)
    expect(node.status).toMatchObject({ durableIndex: 0, commitIndex: 3, lastIndex: 5 })
    node.persist(1)
    expect(node.status.durableIndex).toBe(3)
    node.persist(1)
    expect(node.status.durableIndex).toBe(5)
  })

  test('and entries behind it in one step are one write, and a cut behind it needs no disk', () => {
    const node = follower([1, 1])
    const ready = node.step(
      { type: 'message', from: nodeId(2), message: append({ term: 5, prev: [2, 1], terms: [5] }) },
      { type: 'message', from: nodeId(2), message: state(5, [9, 4]) },
      { type: 'message', from: nodeId(2), message: append({ term: 5, prev: [9, 4], terms: [5] }) },
      { type: 'message', from: nodeId(3), message: append({ term: 6, prev: [9, 4], terms: [6] }) },
    )
    expect(ready.write).toMatchObject({ restore: { index: 9 }, truncateFrom: null })
    expect(ready.write?.entries.map(({ index, term: t }) => [index, t])).toEqual([[10, 6]])
  })

  test('may be followed by a newer one before it is on the disk', () => {
    const node = follower([1, 1], 2)
    node.hear(2, state(5, [5, 4]))
    node.hear(2, state(5, [9, 5]))
    node.persist(1)
    expect(node.readies.at(-1)).toMatchObject({ applyTo: 2, commitIndex: 9 })
    node.persist(1)
    expect(node.readies.at(-1)).toMatchObject({ applyTo: 9 })
  })
})

describe('a log that begins above 1', () => {
  test('takes appends that begin before it, since what is forgotten was committed', () => {
    const node = solo({ base: [4, 3], applied: 4 })
    node.hear(2, append({ term: 5, prev: [2, 2], terms: [2, 3, 5], commit: 4 }))
    expect(node.status.lastIndex).toBe(5)
    expect(repliesOf(node.persist())).toMatchObject([{ result: 'matched', index: 5 }])
  })

  test('asks a leader that is ahead for what comes behind it', () => {
    const node = solo({ base: [4, 3], applied: 4 })
    const replies = node.hear(2, append({ term: 3, prev: [9, 3] }))
    expect(repliesOf(replies)).toMatchObject([{ result: 'rejected', index: 9, hintIndex: 4, hintTerm: 3 }])
  })

  test('leads from its base on', () => {
    const node = solo({ base: [4, 3], applied: 4 }).lead()
    expect(node.status).toMatchObject({ role: 'leader', term: 4, lastIndex: 5 })
    node.hear(2, rejected(4, 4, [2, 1]))
    expect(offers(node).map(([to, { mark }]) => [to, mark.index, mark.term])).toEqual([[2, 4, 3]])
  })

  test('is judged by the configuration at its base', () => {
    const configurations = [
      { index: logIndex(2), configuration: members([1, 2]) },
      { index: logIndex(5), configuration: members([1, 2], [3]) },
    ]
    const node = solo({ base: [4, 3], log: [3], applied: 4, configurations })
    expect(node.raft.configurationAt(logIndex(4))).toEqual(members([1, 2]))
    node.hear(2, append({ term: 4, prev: [4, 3], terms: [4] }))
    expect(node.status.configuration.configuration).toEqual(members([1, 2]))
  })

  test('does not ask to lead before a state that it takes is on the disk', () => {
    const node = follower([1, 1])
    node.hear(2, state(5, [9, 4]))
    for (let at = 0; at < 3 * ELECTION_TICKS_MAX; at++) node.tick()
    expect(node.status.role).toBe('follower')
  })

  test('passes over a configuration from a peer that makes no sense', () => {
    const node = solo()
    const entry = configurationEntry(1, 1, members([1, 1]))
    expect(node.hear(2, { ...append({ term: 1 }), entries: [entry] })).toEqual([])
    expect(node.status.lastIndex).toBe(0)
  })
})
