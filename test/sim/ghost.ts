/**
 * Sees everything and keeps what no node can know: who led which term, who voted for whom, what was committed.
 * Called after every step of every node; each check is a rule of Raft (thesis figure 3.2) or of the promise
 * that what is acknowledged is on the disks of a majority.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, type LogIndex, type NodeId, type Term } from '../../src/base/brand.ts'
import {
  isJoint,
  votersOf,
  type Configuration,
  type EntryMark,
  type Envelope,
  type HardState,
  type RaftStatus,
  type Ready,
} from '../../src/raft/index.ts'
import type { Packet } from './node.ts'

/** A node as the ghost sees it: what it believes, and what is on its disk. */
export interface Watched {
  readonly id: NodeId
  readonly isUp: boolean
  /** What its log follows: everything up to here is committed and forgotten. */
  readonly base: EntryMark
  status(): RaftStatus
  /** The term of an entry in memory, or of the base; `undefined` where there is none. */
  termAt(index: number): number | undefined
  /** Tells the entry from any other that claims its index and term. `undefined`: not at hand. */
  contentAt(index: number): unknown
  /** The configuration that an entry brings. */
  configurationIn(index: number): Configuration | undefined
  /** Would the disk hold the entry of this term after a loss of power, or what stands for it? */
  holds(index: LogIndex, term: number): boolean
  /** Was the entry of this term made durable and kept, even if it has rotted since? */
  held(index: LogIndex, term: number): boolean
  /** Term and vote on the disk. */
  durableHardState(): HardState
}

/** A committed entry, and the configuration under which its leader counted. */
interface Committed {
  readonly index: LogIndex
  readonly term: number
  /** The term of the leader that committed it. */
  readonly inTerm: Term
  readonly content: unknown
  /** What it changed the configuration to. */
  readonly brings: Configuration | undefined
  readonly configuration: Configuration
}

interface Known {
  readonly content: unknown
  readonly prevTerm: number
}

/** The knowledge of all nodes at once. A broken rule throws `InvariantError`. */
export class Ghost {
  readonly #nodes: ReadonlyMap<NodeId, Watched>
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

  constructor(nodes: ReadonlyMap<NodeId, Watched>) {
    this.#nodes = nodes
  }

  get committedCount(): number {
    return this.#committed.length
  }

  /** The newest configuration that is committed; `null` while it is the founding one. */
  get configuration(): Configuration | null {
    return this.#committed.findLast(({ brings }) => brings !== undefined)?.brings ?? null
  }

  /** A node began a life from its disk. */
  started(node: Watched): void {
    const { term, commitIndex, lastIndex } = node.status()
    assert(term >= (this.#promised.get(node.id) ?? 0), 'a restart forgets no term that was shown', { term })
    assert(commitIndex <= lastIndex, 'what was applied is on the disk', { commitIndex })
    this.#last.set(node.id, { term, commitIndex })
    this.#checkCommitted(node, 0, commitIndex)
  }

  /** A node took a step. */
  stepped(node: Watched, ready: Ready, packets: readonly (Packet | Envelope)[]): void {
    const status = node.status()
    const last = this.#last.get(node.id)
    assert(last === undefined || status.term >= last.term, 'a term never goes back')
    assert(last === undefined || status.commitIndex >= last.commitIndex, 'a commit index never goes back')
    for (const entry of ready.write?.entries ?? []) this.#checkEntry(node, entry.index, entry.term)
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
    const { index, term } = last
    assert(this.#isKept(last, last.configuration), 'a majority keeps what is committed', { index, term })
  }

  /** Everything that is committed, entry by entry, on a majority of the present members. For the end of a run. */
  checkAll(): void {
    const configuration = this.#committed.at(-1)?.configuration
    if (configuration === undefined) return
    for (const entry of this.#committed) {
      assert(this.#isKept(entry, configuration), 'a majority keeps what is committed', { index: entry.index })
    }
  }

  /** Log matching: an index and a term name one entry, and one entry before it, everywhere. */
  #checkEntry(node: Watched, index: LogIndex, entryTerm: Term): void {
    const prevTerm = node.termAt(index - 1) ?? 0
    const content = node.contentAt(index)
    const key = `${index}/${entryTerm}`
    const known = this.#known.get(key)
    if (known === undefined) {
      this.#known.set(key, { content, prevTerm })
      return
    }
    assert(known.content === content, 'index and term name one entry', { node: node.id, key })
    assert(known.prevTerm === prevTerm, 'equal entries have equal logs before them', { node: node.id, key })
  }

  /** Election safety and leader completeness. */
  #checkLeader(node: Watched, { term, commitIndex, configuration: at }: RaftStatus): void {
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
    // Not what a later leader committed: the last vote for an older one may come after that (thesis 3.6.3).
    for (const entry of this.#committed.filter(({ inTerm }) => inTerm < term)) {
      assert(this.#termAt(node, entry.index) === entry.term, 'a leader has all that is committed', {
        term,
        index: entry.index,
      })
    }
  }

  /** State machine safety: what one node commits no other contradicts, and a majority has it on its disks. */
  #checkCommitted(node: Watched, after: number, to: number): void {
    const { role, term, configuration } = node.status()
    if (role === 'leader' && to > after) {
      assert(node.termAt(to) === term, 'a leader commits by an entry of its own term', { term, to })
    }
    for (let index = after + 1; index <= to; index++) {
      const committed = this.#committed[index - 1]
      if (index <= node.base.index) {
        assert(committed !== undefined, 'a state holds what is committed', { node: node.id, index })
        continue
      }
      const [entryTerm, content] = [node.termAt(index), node.contentAt(index)]
      assert(entryTerm !== undefined, 'what is committed is in the log', { node: node.id, index })
      if (committed === undefined) {
        assert(this.#committed.length === index - 1, 'commits come in order', { index })
        const brings = node.configurationIn(index)
        const at = logIndex(index)
        this.#committed.push({
          index: at,
          term: entryTerm,
          inTerm: term,
          content,
          brings,
          configuration: configuration.configuration,
        })
      } else {
        assert(committed.term === entryTerm, 'a committed entry is never another', { node: node.id, index })
        const isKnown = content !== undefined && committed.content !== undefined
        assert(!isKnown || committed.content === content, 'a committed entry is never another', { index })
      }
    }
    if (to > after) this.checkMajority()
  }

  #checkApplied(node: Watched, ready: Ready): void {
    const { applyTo } = ready
    assert(applyTo <= ready.commitIndex, 'only what is committed is applied', { applyTo })
    if (applyTo === 0) return
    const entry = this.#committed[applyTo - 1]
    const isDurable = entry !== undefined && node.holds(entry.index, entry.term)
    assert(isDurable, 'only what is durable is applied', { applyTo })
  }

  /** Nothing leaves that the disk does not yet back. */
  #checkPacket(node: Watched, { to, message }: Packet | Envelope): void {
    if (message.type === 'preVote' || message.type === 'preVoteReply') return
    if (this.#promised.get(node.id) !== message.term) {
      const isDurable = node.durableHardState().term >= message.term
      assert(isDurable, 'a term is durable before it is shown', { term: message.term })
      this.#promised.set(node.id, message.term)
    }
    if (message.type === 'vote') this.#vote(node, message.term, node.id)
    if (message.type === 'voteReply' && message.granted) this.#vote(node, message.term, to)
    if (message.type !== 'appendReply' || message.result !== 'matched') return
    const itsTerm = this.#termAt(node, message.index)
    assert(node.holds(message.index, itsTerm ?? 0), 'what is acknowledged is durable', {
      node: node.id,
      index: message.index,
    })
    const leader = this.#nodes.get(this.#leaders.get(message.term) ?? to)
    // A leader that crashed may have lost what its followers kept: then nobody compares.
    if (leader === undefined || !leader.isUp) return
    const { role, term: leaderTerm } = leader.status()
    if (role !== 'leader' || leaderTerm !== message.term) return
    assert(this.#termAt(leader, message.index) === itsTerm, 'what is acknowledged is the leader’s', {
      node: node.id,
      index: message.index,
    })
  }

  #vote(node: Watched, term: Term, candidate: NodeId): void {
    const hardState = node.durableHardState()
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
  #checkVoteDeserved(voter: Watched, term: Term, candidate: NodeId): void {
    const asking = this.#nodes.get(candidate)
    if (asking === undefined || !asking.isUp) return
    // The answer waited for the disk and meanwhile another won: the voter's log is that leader's by now.
    if (voter.status().leader !== 0) return
    const { role, term: itsTerm, lastIndex: its } = asking.status()
    if (role !== 'candidate' || itsTerm !== term) return
    const { lastIndex: own } = voter.status()
    const [itsLast, ownLast] = [asking.termAt(its) ?? 0, voter.termAt(own) ?? 0]
    const isComplete = itsLast === ownLast ? its >= own : itsLast > ownLast
    assert(isComplete, 'a vote goes to a log as complete as the voter’s', { voter: voter.id, candidate })
  }

  /** The term of an entry in a node's log. What the node has forgotten was committed. */
  #termAt(node: Watched, index: number): number | undefined {
    if (index === 0) return 0
    if (index < node.base.index) return this.#committed[index - 1]?.term
    return node.termAt(index)
  }

  /** Did the disks of a majority hold it, of both sets of voters if there are two? */
  #isKept(entry: Committed, configuration: Configuration): boolean {
    const { voters, votersOutgoing } = configuration
    const byMajority = (members: readonly NodeId[]): boolean => {
      const holders = members.filter((id) => this.#nodes.get(id)?.held(entry.index, entry.term) === true)
      return holders.length * 2 > members.length
    }
    return byMajority(voters) && (!isJoint(configuration) || byMajority(votersOutgoing))
  }
}
