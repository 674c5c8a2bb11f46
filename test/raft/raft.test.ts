/** The core as a whole: what it passes over, what it tells, and whole groups under any order of events. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { logIndex, nodeId, term } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { Core } from '../../src/raft/core.ts'
import {
  describeEntries,
  describeInput,
  describeMessage,
  describeReady,
  describeStatus,
  describeWrite,
  isNoop,
  NOOP,
} from '../../src/raft/index.ts'
import { checkInvariants, markOf } from '../../src/raft/invariants.ts'
import { founding } from '../../src/raft/membership.ts'
import { ReadyBuilder } from '../../src/raft/ready.ts'
import { Ghost } from '../sim/ghost.ts'
import { SimNode, type Packet } from '../sim/node.ts'
import {
  append,
  entries,
  matched,
  nodes,
  preVote,
  raftOptions,
  rejected,
  solo,
  vote,
  voteReply,
} from './solo.ts'

describe('what comes in', () => {
  test('from the node itself is passed over', () => {
    const node = solo()
    const before = node.status
    node.hear(1, append({ term: 5, terms: [5] }))
    node.hear(1, vote(5, 9, 9))
    node.hear(1, preVote(5, 9, 9))
    expect(node.status).toEqual(before)
    expect(node.readies.every(({ send, write }) => send.length === 0 && write === null)).toBe(true)
  })

  test('from the own disk about a write that never was is a broken rule', () => {
    expect(() => solo().step({ type: 'persisted', write: 1 })).toThrow(InvariantError)
  })

  test('about a peer that nobody replicates to is passed over', () => {
    const node = solo().lead()
    expect(node.step({ type: 'unreachable', peer: nodeId(9) }).send).toEqual([])
    expect(solo().step({ type: 'unreachable', peer: nodeId(2) }).send).toEqual([])
  })
})

describe('a step', () => {
  test('is a function of the options and the inputs alone', () => {
    const run = (): readonly string[] => {
      const node = solo().lead()
      node.propose(100, 200)
      node.tick(3)
      node.hear(2, matched(1, 3, 1))
      return node.readies.flatMap(describeReady)
    }
    expect(run()).toEqual(run())
  })

  test('without inputs does nothing', () => {
    expect(solo().step()).toEqual({
      write: null,
      send: [],
      applyTo: 0,
      commitIndex: 0,
      roleChange: null,
      refused: [],
      configuration: null,
      changes: [],
      transfers: [],
      reads: [],
      readsRefused: [],
    })
  })

  test('numbers its writes without a gap', () => {
    const node = solo().lead()
    for (let at = 0; at < 3; at++) node.propose(100)
    const ids = node.readies.flatMap(({ write }) => (write === null ? [] : [write.id]))
    expect(ids).toEqual(ids.map((_, at) => at + 1))
  })
})

describe('options', () => {
  test.each([
    ['a voter that is named twice', { voters: [...nodes(3), nodeId(1)] }],
    ['no range of election timeouts', { electionTicksMin: 5, electionTicksMax: 5 }],
    ['heartbeats slower than elections', { heartbeatTicks: 10 }],
  ])('%s are refused', (_, wrong) => {
    expect(() => new Core({ ...raftOptions({}), ...wrong })).toThrow(InvariantError)
  })
})

describe('the rules after each step', () => {
  const fresh = (): Core => new Core(raftOptions({ log: [1, 1], term: 1, applied: 1 }))

  test('hold for a fresh core', () => {
    const core = fresh()
    checkInvariants(core, markOf(core))
  })

  test.each([
    ['a term that went back', (core: Core) => ({ ...markOf(core), term: term(9) })],
    ['a commit index that went back', (core: Core) => ({ ...markOf(core), commitIndex: logIndex(2) })],
    ['applying that went back', (core: Core) => ({ ...markOf(core), applyTo: logIndex(2) })],
    ['a vote that changed', (core: Core) => ({ ...markOf(core), votedFor: nodeId(2) })],
  ])('see %s', (_, mark) => {
    const core = fresh()
    expect(() => checkInvariants(core, mark(core))).toThrow(InvariantError)
  })

  test('see a role that does not fit its state', () => {
    for (const role of ['leader', 'candidate', 'preCandidate'] as const) {
      const core = fresh()
      const mark = markOf(core)
      core.role = role
      expect(() => checkInvariants(core, mark)).toThrow(InvariantError)
    }
    const core = fresh()
    core.leader = core.id
    expect(() => checkInvariants(core, markOf(core))).toThrow(InvariantError)
  })
})

describe('the ready builder', () => {
  const END = {
    writeId: 1,
    hardState: { term: term(1), votedFor: 0 },
    applyTo: logIndex(0),
    commitIndex: logIndex(0),
    configuration: founding(nodes(3)),
  } as const

  test('keeps the lowest cut of a step and only what stands after it', () => {
    const out = new ReadyBuilder(END.configuration)
    out.truncateFrom(logIndex(5), logIndex(9))
    for (const entry of entries(5, [2, 2])) out.append(entry, false)
    out.truncateFrom(logIndex(3), logIndex(4))
    for (const entry of entries(3, [3, 3])) out.append(entry, false)
    out.truncateFrom(logIndex(4), logIndex(2))
    const { write } = out.build(END)
    expect(write?.truncateFrom).toBe(3)
    expect(write?.entries.map((entry) => [entry.index, entry.term])).toEqual([[3, 3]])
  })

  test('holds messages over steps until the disk is done, or the term is', () => {
    const out = new ReadyBuilder(END.configuration)
    const message = { type: 'voteReply', term: term(1), granted: true } as const
    out.sendWhenDurable(nodeId(2), message, false)
    expect(out.build(END).send).toEqual([])
    out.releaseHeld()
    expect(out.build(END).send).toEqual([{ to: 2, message }])
    out.sendWhenDurable(nodeId(2), message, false)
    out.dropHeld()
    out.releaseHeld()
    expect(out.build(END).send).toEqual([])
  })
})

describe('a line of text', () => {
  test('stands for each message', () => {
    const lines = [
      preVote(2, 5, 1),
      vote(2, 5, 1),
      vote(2, 5, 1, true),
      { type: 'timeoutNow', term: term(2) } as const,
      voteReply(2, true),
      append({ term: 2, prev: [4, 1], terms: [1, 2, 2], commit: 4, round: 3 }),
      append({ term: 2, prev: [4, 1] }),
      matched(2, 6, 3),
      rejected(2, 9, [4, 1], 3),
    ].map(describeMessage)
    expect(lines).toEqual([
      'preVote t2, log ends at 5/1',
      'vote t2, log ends at 5/1',
      'vote t2, log ends at 5/1, the leader wants it',
      'timeoutNow t2',
      'voteReply t2 yes',
      'append t2 after 4/1: 5/1 6..7/2; commit 4, round 3',
      'append t2 after 4/1: heartbeat; commit 0, round 1',
      'appendReply t2 matched 6, round 3',
      'appendReply t2 rejected 9, look at 4/1, round 3',
    ])
  })

  test('stands for what comes in and for how a node is', () => {
    const node = solo().lead()
    node.propose(5)
    expect(describeStatus(node.status)).toBe(
      'leader t1, log 2, durable 1, commit 0; 2 probe match 0 next 1; 3 probe match 0 next 1',
    )
    const payload = { size: 1 }
    expect(
      [
        { type: 'tick' } as const,
        { type: 'propose', payloads: [payload, payload] } as const,
        { type: 'persisted', write: 3 } as const,
        { type: 'unreachable', peer: nodeId(2) } as const,
        { type: 'changeMembers', voters: nodes(2), learners: [nodeId(3)] } as const,
        { type: 'transfer', to: 0 } as const,
        { type: 'readIndex', ids: [4, 5] } as const,
        { type: 'forget', index: logIndex(9) } as const,
        { type: 'snapshotReported', peer: nodeId(2), index: logIndex(9), ok: true } as const,
        { type: 'message', from: nodeId(2), message: voteReply(1, false) } as const,
      ].map(describeInput),
    ).toEqual([
      'tick',
      'propose 2',
      'persisted #3',
      'unreachable 2',
      'change to voters 1 2, learners 3',
      'transfer to anybody',
      'read 4 5',
      'forget to 9',
      'state at 9 reached 2',
      'from 2: voteReply t1 no',
    ])
    expect(describeEntries([{ index: logIndex(1), term: term(1), payload: NOOP }])).toBe('1/1 (no-op)')
    expect(
      describeWrite({
        id: 3,
        hardState: { term: term(2), votedFor: 0 },
        restore: null,
        truncateFrom: logIndex(4),
        entries: entries(4, [2]),
      }),
    ).toBe('write #3: t2 voted nobody; cut from 4; 4/2')
    expect(isNoop({ size: NOOP.size })).toBe(false)
  })
})

/** What happens next in a random group: which kind of event, and a number that picks the node or the packet. */
const events = fc.array(fc.tuple(fc.nat(99), fc.nat(9999)), {
  minLength: 300,
  maxLength: 1000,
  size: 'max',
})

describe('a group of nodes', () => {
  test.each([3, 5])('of %i keeps every rule of Raft, whatever is lost, doubled, late or crashed', (count) => {
    let committed = 0
    fc.assert(
      fc.property(events, fc.nat(1000), (happening, seed) => {
        const group = new Map(nodes(count).map((id) => [id, new SimNode(nodeOptions(id, count))]))
        const ghost = new Ghost(group)
        const all = [...group.values()]
        let packets: Packet[] = []
        const step = (node: SimNode, ...inputs: Parameters<SimNode['step']>[0]): void => {
          const stepped = node.step(inputs)
          ghost.stepped(node, stepped.ready, stepped.packets)
          packets.push(...stepped.packets)
        }
        for (const node of all) {
          node.start(logIndex(0), seed + node.id)
          ghost.started(node)
        }
        for (const [kind, pick] of happening) {
          const node = all[pick % count]
          if (node === undefined) continue
          if (kind < 55) {
            // Mostly the oldest packet; now and then any, and now and then it stays, to come again.
            const packet = packets[kind < 45 ? 0 : pick % Math.max(1, packets.length)]
            if (kind < 53) packets = packets.filter((other) => other !== packet)
            const to = packet === undefined ? undefined : group.get(packet.to)
            if (packet !== undefined && to?.isUp === true && kind !== 52) {
              step(to, { type: 'message', from: packet.from, message: packet.message })
            }
          } else if (kind < 65) {
            if (node.isUp) step(node, { type: 'tick' })
          } else if (kind < 88) {
            const writing = all.find(({ isUp, disk }) => isUp && disk.pendingCount > 0)
            if (writing !== undefined)
              step(writing, { type: 'persisted', write: writing.disk.completeNext() })
          } else if (kind < 97) {
            if (node.isUp) step(node, { type: 'propose', payloads: [{ size: 100 }, { size: 50 }] })
          } else if (kind < 98 && node.isUp) {
            node.stop()
            node.disk.crash(new Prng(pick))
            ghost.checkMajority()
          } else if (!node.isUp) {
            node.start(logIndex(0), pick)
            ghost.started(node)
          }
        }
        ghost.checkAll()
        committed += ghost.committedCount
      }),
      { numRuns: 60 },
    )
    // Otherwise the runs would say nothing.
    expect(committed).toBeGreaterThan(100)
  })
})

function nodeOptions(id: ReturnType<typeof nodeId>, count: number) {
  const { recovered: _, ...options } = raftOptions({
    id,
    voters: count,
    appendEntriesMax: 2,
    inflightCountMax: 2,
  })
  return { ...options, electionTicksMin: 4, electionTicksMax: 9, heartbeatTicks: 1 }
}
