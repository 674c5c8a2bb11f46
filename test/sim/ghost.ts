/**
 * Sees everything and keeps what no node can know: who led which term, who voted for whom, what was committed.
 * Called after every step of every node; each check is a rule of Raft (thesis figure 3.2) or of the promise
 * that what is acknowledged is on the disks of a majority.
 */
import { assert } from '../../src/base/assert.ts'
import { term, type LogIndex, type NodeId, type Term } from '../../src/base/brand.ts'
import {
  isJoint,
  votersOf,
  type Configuration,
  type Entry,
  type Payload,
  type RaftStatus,
  type Ready,
} from '../../src/raft/index.ts'
import type { Packet, SimNode, Stepped } from './node.ts'

/** A committed entry, and the configuration under which its leader counted. */
interface Committed {
  readonly entry: Entry
  readonly configuration: Configuration
}

interface Known {
  readonly payload: Payload
  readonly prevTerm: Term | 0
}

/** The knowledge of all nodes at once. A broken rule throws `InvariantError`. */
export class Ghost {
  readonly #nodes: ReadonlyMap<NodeId, SimNode>
  readonly #leaders = new Map<Term, NodeId>()
  readonly #votes = new Map<string, NodeId>()
  /** Every entry that was ever written anywhere, by `index/term`. */
  readonly #known = new Map<string, Known>()
  /** What is committed, for ever. The entry of index i stands at i - 1. */
  readonly #committed: Committed[] = []
  /** The highest term that each node has shown in an answer that binds it. */
  readonly #promised = new Map<NodeId, Term>()
  /** What each node has last said in its present life. */
  readonly #last = new Map<NodeId, { readonly term: Term; readonly commitIndex: LogIndex }>()

  constructor(nodes: ReadonlyMap<NodeId, SimNode>) {
    this.#nodes = nodes
  }

  get committedCount(): number {
    return this.#committed.length
  }

  /** The newest configuration that is committed; `null` while it is the founding one. */
  get configuration(): Configuration | null {
    return (
      this.#committed.findLast(({ entry }) => entry.payload.configuration !== undefined)?.entry.payload
        .configuration ?? null
    )
  }

  /** A node began a life from its disk. */
  started(node: SimNode): void {
    const { term, commitIndex } = node.raft.status()
    assert(term >= (this.#promised.get(node.id) ?? 0), 'a restart forgets no term that was shown', { term })
    assert(commitIndex <= node.disk.lastIndex(), 'what was applied is on the disk', { commitIndex })
    this.#last.set(node.id, { term, commitIndex })
    this.#checkCommitted(node, 0, commitIndex)
  }

  /** A node took a step. */
  stepped(node: SimNode, { ready, packets }: Stepped): void {
    const status = node.raft.status()
    const last = this.#last.get(node.id)
    assert(last === undefined || status.term >= last.term, 'a term never goes back')
    assert(last === undefined || status.commitIndex >= last.commitIndex, 'a commit index never goes back')
    for (const entry of ready.write?.entries ?? []) this.#checkEntry(node, entry)
    if (status.role === 'leader') this.#checkLeader(node, status)
    this.#checkCommitted(node, last?.commitIndex ?? 0, status.commitIndex)
    this.#checkApplied(node, ready)
    for (const packet of packets) this.#checkPacket(node, packet)
    this.#last.set(node.id, { term: status.term, commitIndex: status.commitIndex })
  }

  /** What is committed was made durable by a majority, whatever crashes and rots. */
  checkMajority(): void {
    const last = this.#committed.at(-1)
    if (last === undefined) return
    assert(this.#isKept(last.entry, last.configuration), 'a majority keeps what is committed', {
      index: last.entry.index,
      term: last.entry.term,
    })
  }

  /** Everything that is committed, entry by entry, on a majority of the present members. For the end of a run. */
  checkAll(): void {
    const configuration = this.#committed.at(-1)?.configuration
    if (configuration === undefined) return
    for (const { entry } of this.#committed) {
      assert(this.#isKept(entry, configuration), 'a majority keeps what is committed', { index: entry.index })
    }
  }

  /** Log matching: an index and a term name one entry, and one entry before it, everywhere. */
  #checkEntry(node: SimNode, entry: Entry): void {
    const prevTerm = term(node.termAt(entry.index - 1) ?? 0)
    const key = `${entry.index}/${entry.term}`
    const known = this.#known.get(key)
    if (known === undefined) {
      this.#known.set(key, { payload: entry.payload, prevTerm })
      return
    }
    assert(known.payload === entry.payload, 'index and term name one entry', { node: node.id, key })
    assert(known.prevTerm === prevTerm, 'equal entries have equal logs before them', { node: node.id, key })
  }

  /** Election safety and leader completeness. */
  #checkLeader(node: SimNode, { term, commitIndex, configuration: at }: RaftStatus): void {
    if (at.index <= commitIndex) {
      assert(votersOf(at.configuration).includes(node.id), 'a removed leader steps down when it knows', {
        term,
      })
    }
    const leader = this.#leaders.get(term)
    if (leader !== undefined) {
      assert(leader === node.id, 'a term has one leader', { term, leader, other: node.id })
      return
    }
    this.#leaders.set(term, node.id)
    for (const { entry } of this.#committed) {
      assert(this.#termAt(node, entry.index) === entry.term, 'a leader has all that is committed', {
        term,
        index: entry.index,
      })
    }
  }

  /** State machine safety: what one node commits no other contradicts, and a majority has it on its disks. */
  #checkCommitted(node: SimNode, after: number, to: number): void {
    const { role, term, configuration } = node.raft.status()
    if (role === 'leader' && to > after) {
      assert(node.termAt(to) === term, 'a leader commits by an entry of its own term', { term, to })
    }
    for (let index = after + 1; index <= to; index++) {
      const committed = this.#committed[index - 1]
      if (index <= node.base.index) {
        assert(committed !== undefined, 'a state holds what is committed', { node: node.id, index })
        continue
      }
      const entry = node.entryAt(index)
      assert(entry !== undefined, 'what is committed is in the log', { node: node.id, index })
      if (committed === undefined) {
        assert(this.#committed.length === index - 1, 'commits come in order', { index })
        this.#committed.push({ entry, configuration: configuration.configuration })
      } else {
        const { term: itsTerm, payload } = committed.entry
        assert(itsTerm === entry.term, 'a committed entry is never another', { node: node.id, index })
        assert(payload === entry.payload, 'a committed entry is never another', { index })
      }
    }
    if (to > after) this.checkMajority()
  }

  #checkApplied(node: SimNode, ready: Ready): void {
    const { applyTo } = ready
    assert(applyTo <= ready.commitIndex, 'only what is committed is applied', { applyTo })
    if (applyTo === 0) return
    const entry = this.#committed[applyTo - 1]?.entry
    const isDurable = entry !== undefined && node.disk.holds(entry.index, entry.term)
    assert(isDurable, 'only what is durable is applied', { applyTo })
  }

  /** Nothing leaves that the disk does not yet back. */
  #checkPacket(node: SimNode, { to, message }: Packet): void {
    if (message.type === 'preVote' || message.type === 'preVoteReply') return
    const { disk } = node
    assert(disk.hardState.term >= message.term, 'a term is durable before it is shown', {
      term: message.term,
    })
    this.#promised.set(node.id, message.term)
    if (message.type === 'vote') this.#vote(node, message.term, node.id)
    if (message.type === 'voteReply' && message.granted) this.#vote(node, message.term, to)
    if (message.type !== 'appendReply' || message.result !== 'matched') return
    const itsTerm = this.#termAt(node, message.index)
    assert(disk.holds(message.index, itsTerm ?? 0), 'what is acknowledged is durable', {
      node: node.id,
      index: message.index,
    })
    const leader = this.#nodes.get(this.#leaders.get(message.term) ?? to)
    // A leader that crashed may have lost what its followers kept: then nobody compares.
    if (leader === undefined || !leader.isUp) return
    const { role, term: leaderTerm } = leader.raft.status()
    if (role !== 'leader' || leaderTerm !== message.term) return
    assert(this.#termAt(leader, message.index) === itsTerm, 'what is acknowledged is the leader’s', {
      node: node.id,
      index: message.index,
    })
  }

  #vote(node: SimNode, term: Term, candidate: NodeId): void {
    const { hardState } = node.disk
    assert(hardState.term > term || hardState.votedFor === candidate, 'a vote is durable before it is given')
    const key = `${node.id}/${term}`
    const before = this.#votes.get(key)
    assert(before === undefined || before === candidate, 'a node votes once in a term', {
      node: node.id,
      term,
    })
    this.#votes.set(key, candidate)
    this.#checkVoteDeserved(node, term, candidate)
  }

  /** As long as the candidate still asks, its log must be as complete as the voter's (thesis 3.6.1). */
  #checkVoteDeserved(voter: SimNode, term: Term, candidate: NodeId): void {
    const asking = this.#nodes.get(candidate)
    if (asking === undefined || !asking.isUp) return
    // The answer waited for the disk and meanwhile another won: the voter's log is that leader's by now.
    if (voter.raft.status().leader !== 0) return
    const { role, term: itsTerm } = asking.raft.status()
    if (role !== 'candidate' || itsTerm !== term) return
    const [its, own] = [asking.last, voter.last]
    const isComplete = its.term === own.term ? its.index >= own.index : its.term > own.term
    assert(isComplete, 'a vote goes to a log as complete as the voter’s', { voter: voter.id, candidate })
  }

  /** The term of an entry in a node's log. What the node has forgotten was committed. */
  #termAt(node: SimNode, index: number): number | undefined {
    if (index === 0) return 0
    if (index < node.base.index) return this.#committed[index - 1]?.entry.term
    return node.termAt(index)
  }

  /** Did the disks of a majority hold it, of both sets of voters if there are two? */
  #isKept(entry: Entry, configuration: Configuration): boolean {
    const { voters, votersOutgoing } = configuration
    const byMajority = (members: readonly NodeId[]): boolean => {
      const holders = members.filter((id) => this.#nodes.get(id)?.disk.held(entry.index, entry.term) === true)
      return holders.length * 2 > members.length
    }
    return byMajority(voters) && (!isJoint(configuration) || byMajority(votersOutgoing))
  }
}
