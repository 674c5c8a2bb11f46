/** One core on its own, for tests that play all the others: short ways to make messages and to look at answers. */
import { logIndex, nodeId, term, type NodeId } from '../../src/base/brand.ts'
import {
  configurationRecordBytes,
  describeReady,
  Raft,
  type AppendIn,
  type AppendReply,
  type Configuration,
  type ConfigurationAt,
  type Entry,
  type InMessage,
  type Input,
  type OutMessage,
  type RaftOptions,
  type RaftStatus,
  type Ready,
  type TermRun,
  type Write,
} from '../../src/raft/index.ts'

export const ELECTION_TICKS_MIN = 10
export const ELECTION_TICKS_MAX = 20
export const HEARTBEAT_TICKS = 2
const SIZE = 100

export interface SoloOptions extends Partial<Omit<RaftOptions, 'id' | 'voters' | 'recovered'>> {
  readonly id?: number
  readonly voters?: number
  /** Configurations that recovery found in the log. */
  readonly configurations?: readonly ConfigurationAt[]
  /** The term of each entry that recovery found. */
  readonly log?: readonly number[]
  /** What the log follows; absent: nothing is forgotten. */
  readonly base?: readonly [index: number, term: number]
  readonly term?: number
  readonly votedFor?: number
  readonly applied?: number
  /** What was acknowledged in terms up to this one may be lost. */
  readonly doubt?: number
}

/** Node 1 of three, unless asked otherwise. Its disk writes only when told. */
export class Solo {
  readonly raft: Raft
  readonly pending: Write[] = []
  readonly readies: Ready[] = []
  readonly voterCount: number

  constructor(options: SoloOptions = {}) {
    this.voterCount = options.voters ?? 3
    this.raft = new Raft(raftOptions(options))
  }

  get status(): RaftStatus {
    return this.raft.status()
  }

  step(...inputs: readonly Input[]): Ready {
    const ready = this.raft.step(inputs)
    if (ready.write !== null) this.pending.push(ready.write)
    this.readies.push(ready)
    return ready
  }

  tick(count = 1): readonly OutMessage[] {
    return this.step(...Array.from({ length: count }, () => ({ type: 'tick' }) as const)).send.map(
      ({ message }) => message,
    )
  }

  /** A message of another node; returns what is sent in answer. */
  hear(from: number, message: InMessage): readonly OutMessage[] {
    const { send } = this.step({ type: 'message', from: nodeId(from), message })
    return send.map((envelope) => envelope.message)
  }

  /** The disk does everything, or the oldest `count` writes; returns what is sent because of it. */
  persist(count = this.pending.length): readonly OutMessage[] {
    return this.pending.splice(0, count).flatMap(({ id }) => {
      const { send } = this.step({ type: 'persisted', write: id })
      return send.map(({ message }) => message)
    })
  }

  propose(...sizes: readonly number[]): Ready {
    return this.step({ type: 'propose', payloads: sizes.map((size) => ({ size })) })
  }

  /** Asks for other members. */
  change(voters: readonly number[], learners: readonly number[] = []): Ready {
    return this.step({ type: 'changeMembers', voters: voters.map(nodeId), learners: learners.map(nodeId) })
  }

  /** A peer answers, as every peer does in every round, that it has everything. */
  answer(...peers: readonly number[]): void {
    const { term: t, lastIndex } = this.status
    for (const peer of peers) {
      const round = this.roundTo(peer)
      this.hear(peer, matched(t, lastIndex, round))
    }
  }

  /** The latest round that a peer was told of. */
  roundTo(peer: number): number {
    const rounds = this.readies.flatMap(({ send }) =>
      send.flatMap(({ to, message }) => (to === peer && message.type === 'append' ? [message.round] : [])),
    )
    return Math.max(0, ...rounds)
  }

  /** Asks for votes and gets as far as a candidate whose requests may leave. */
  campaign(): void {
    for (let at = 0; at <= ELECTION_TICKS_MAX && this.status.role === 'follower'; at++) this.tick()
    const asked = term(this.status.term + 1)
    if (this.status.role === 'preCandidate') {
      for (const peer of this.others()) this.hear(peer, { type: 'preVoteReply', term: asked, granted: true })
    }
    this.persist()
  }

  /** Wins an election; the no-op is durable here but nowhere else. */
  lead(): this {
    this.campaign()
    for (const peer of this.others()) {
      this.hear(peer, { type: 'voteReply', term: this.status.term, granted: true })
    }
    this.persist()
    return this
  }

  /** What the last step led to, as text. */
  get told(): string {
    const last = this.readies.at(-1)
    return last === undefined ? '' : describeReady(last).join('\n')
  }

  others(): readonly number[] {
    return nodes(this.voterCount).filter((voter) => voter !== this.status.id)
  }
}

export function solo(options: SoloOptions = {}): Solo {
  return new Solo(options)
}

/** The options of a core that recovered this. */
export function raftOptions(options: SoloOptions): RaftOptions {
  const {
    id = 1,
    voters = 3,
    log = [],
    term: saved = log.at(-1) ?? options.base?.[1] ?? 0,
    votedFor = 0,
    applied = 0,
    doubt,
    base = [0, 0],
    configurations = [],
    ...rest
  } = options
  return {
    id: nodeId(id),
    voters: nodes(voters),
    seed: 7,
    electionTicksMin: ELECTION_TICKS_MIN,
    electionTicksMax: ELECTION_TICKS_MAX,
    heartbeatTicks: HEARTBEAT_TICKS,
    inflightCountMax: 4,
    inflightBytesMax: 100_000,
    appendEntriesMax: 100,
    appendBytesMax: 100_000,
    ...rest,
    recovered: {
      hardState: { term: term(saved), votedFor: votedFor === 0 ? 0 : nodeId(votedFor) },
      doubtTerm: doubt === undefined ? null : term(doubt),
      base: { index: logIndex(base[0]), term: term(base[1]) },
      lastIndex: logIndex(base[0] + log.length),
      termRuns: termRuns(log, base[0]),
      appliedIndex: logIndex(applied),
      configurations,
      sizeOf: () => SIZE,
    },
  }
}

/** A configuration in short: `outgoing` only while it is joint. */
export function members(
  voters: readonly number[],
  learners: readonly number[] = [],
  outgoing: readonly number[] = [],
): Configuration {
  return {
    voters: voters.map(nodeId),
    votersOutgoing: outgoing.map(nodeId),
    learners: learners.map(nodeId),
  }
}

/** The entry of a configuration. */
export function configurationEntry(index: number, t: number, configuration: Configuration): Entry {
  const payload = { size: configurationRecordBytes(configuration), configuration }
  return { index: logIndex(index), term: term(t), payload }
}

export function termRuns(log: readonly number[], base = 0): TermRun[] {
  const runs: TermRun[] = []
  log.forEach((entryTerm, at) => {
    if (runs.at(-1)?.term !== entryTerm) runs.push({ first: logIndex(base + at + 1), term: term(entryTerm) })
  })
  return runs
}

/** Entries of these terms from `first` on. */
export function entries(first: number, terms: readonly number[]): Entry[] {
  return terms.map((entryTerm, at) => ({
    index: logIndex(first + at),
    term: term(entryTerm),
    payload: { size: SIZE },
  }))
}

export interface AppendParts {
  readonly term: number
  readonly prev?: readonly [index: number, term: number]
  readonly terms?: readonly number[]
  readonly commit?: number
  readonly round?: number
}

export function append({ term: t, prev = [0, 0], terms = [], commit = 0, round = 1 }: AppendParts): AppendIn {
  return {
    type: 'append',
    term: term(t),
    prevIndex: logIndex(prev[0]),
    prevTerm: term(prev[1]),
    commitIndex: logIndex(commit),
    round,
    entries: entries(prev[0] + 1, terms),
  }
}

export function vote(t: number, lastIndex: number, lastTerm: number, transfer = false): InMessage {
  return { type: 'vote', term: term(t), lastIndex: logIndex(lastIndex), lastTerm: term(lastTerm), transfer }
}

export function preVote(t: number, lastIndex: number, lastTerm: number): InMessage {
  return { type: 'preVote', term: term(t), lastIndex: logIndex(lastIndex), lastTerm: term(lastTerm) }
}

export function voteReply(t: number, granted: boolean): InMessage {
  return { type: 'voteReply', term: term(t), granted }
}

export function preVoteReply(t: number, granted: boolean): InMessage {
  return { type: 'preVoteReply', term: term(t), granted }
}

export function matched(t: number, index: number, round = 0): AppendReply {
  return {
    type: 'appendReply',
    term: term(t),
    round,
    result: 'matched',
    index: logIndex(index),
    hintIndex: logIndex(0),
    hintTerm: term(0),
  }
}

export function rejected(
  t: number,
  index: number,
  hint: readonly [index: number, term: number],
  round = 0,
): AppendReply {
  return {
    type: 'appendReply',
    term: term(t),
    round,
    result: 'rejected',
    index: logIndex(index),
    hintIndex: logIndex(hint[0]),
    hintTerm: term(hint[1]),
  }
}

/** The append replies among messages. */
export function repliesOf(messages: readonly OutMessage[]): readonly AppendReply[] {
  return messages.filter((message) => message.type === 'appendReply')
}

export function nodes(count: number): readonly NodeId[] {
  return Array.from({ length: count }, (_, at) => nodeId(at + 1))
}
