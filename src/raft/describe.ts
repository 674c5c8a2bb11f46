/**
 * One stable line for each thing that goes in or out of the core, for scenarios, traces and logs. Entries are
 * written `index/term`, runs of one term `first..last/term`.
 */
import { unreachable } from '../base/assert.ts'
import { isNoop } from './noop.ts'
import { isJoint } from './membership.ts'
import type {
  AppendIn,
  AppendOut,
  AppendReply,
  ChangeOutcome,
  Configuration,
  Entry,
  Input,
  OutMessage,
  InMessage,
  PreVote,
  RaftStatus,
  Ready,
  SnapshotMark,
  TransferOutcome,
  Vote,
  VoteReply,
  Write,
} from './types.ts'

/** A message in either direction, for example `append t2 after 4/1, 5..6, commit 4, round 3`. */
export function describeMessage(message: OutMessage | InMessage): string {
  switch (message.type) {
    case 'preVote':
    case 'vote':
      return describeAsk(message)
    case 'timeoutNow':
      return `timeoutNow t${message.term}`
    case 'installSnapshot':
      return `installSnapshot t${message.term}, ${describeMark(message.mark)}`
    case 'preVoteReply':
    case 'voteReply':
      return `${message.type} t${message.term} ${answerOf(message)}`
    case 'append':
      return describeAppend(message)
    case 'appendReply':
      return describeReply(message)
    default:
      return unreachable(message)
  }
}

/** Who belongs to the group, for example `voters 1 2 4 with 1 2 3, learners 5`; `with` only while it is joint. */
export function describeConfiguration(configuration: Configuration): string {
  const { voters, votersOutgoing, learners } = configuration
  const joint = isJoint(configuration) ? ` with ${votersOutgoing.join(' ')}` : ''
  const listening = learners.length === 0 ? '' : `, learners ${learners.join(' ')}`
  return `voters ${voters.join(' ') || 'unknown'}${joint}${listening}`
}

function describeMark({ index, term, configuration }: SnapshotMark): string {
  return `state at ${index}/${term}, ${describeConfiguration(configuration)}`
}

function describeAsk(message: PreVote | Vote): string {
  const { type, term, lastIndex, lastTerm } = message
  const wanted = type === 'vote' && message.transfer ? ', the leader wants it' : ''
  return `${type} t${term}, log ends at ${lastIndex}/${lastTerm}${wanted}`
}

/** Entries as runs of one term, for example `4..6/2 7/3`. A configuration stands alone. */
export function describeEntries(entries: readonly Entry[]): string {
  const runs: string[] = []
  for (let at = 0; at < entries.length; ) {
    const first = entries[at]
    let end = at + 1
    while (end < entries.length && continues(first, entries[end])) end++
    const range = end - at === 1 ? `${first?.index}` : `${first?.index}..${entries[end - 1]?.index}`
    runs.push(`${range}/${first?.term}${describeContent(first)}`)
    at = end
  }
  return runs.join(' ')
}

/** A write, for example `write #3: t2 voted 1; cut from 4; 4..5/2`. */
export function describeWrite(write: Write): string {
  const parts: string[] = []
  const { hardState } = write
  if (hardState !== null) parts.push(`t${hardState.term} voted ${hardState.votedFor || 'nobody'}`)
  if (write.restore !== null) parts.push(describeMark(write.restore))
  if (write.truncateFrom !== null) parts.push(`cut from ${write.truncateFrom}`)
  if (write.entries.length > 0) parts.push(describeEntries(write.entries))
  return `write #${write.id}: ${parts.join('; ')}`
}

/** A `Ready`, one line a part: role, write, messages, refusals, and how far to apply. */
export function describeReady(ready: Ready): readonly string[] {
  const lines: string[] = []
  const { roleChange, write } = ready
  if (roleChange !== null) {
    const leader = roleChange.leader === 0 ? 'nobody leads' : `${roleChange.leader} leads`
    lines.push(`${roleChange.role} t${roleChange.term}, ${leader}: ${roleChange.reason}`)
  }
  if (write !== null) lines.push(describeWrite(write))
  for (const { to, message } of ready.send) lines.push(`to ${to}: ${describeMessage(message)}`)
  const { configuration } = ready
  if (configuration !== null) {
    lines.push(`from ${configuration.index} on: ${describeConfiguration(configuration.configuration)}`)
  }
  for (const outcome of ready.changes) lines.push(describeChange(outcome))
  for (const outcome of ready.transfers) lines.push(describeTransfer(outcome))
  for (const { id, index } of ready.reads) lines.push(`read ${id} at ${index}`)
  if (ready.readsRefused.length > 0) lines.push(`reads refused: ${ready.readsRefused.join(' ')}`)
  if (ready.refused.length > 0) lines.push(`refused ${ready.refused.length}`)
  lines.push(`commit ${ready.commitIndex}, apply to ${ready.applyTo}`)
  return lines
}

/** The state of a node, then a configuration that is not the founding one, priority, hand-over, the peers of a leader. */
export function describeStatus(status: RaftStatus): string {
  const { role, term, baseIndex, lastIndex, durableIndex, commitIndex } = status
  const after = baseIndex === 0 ? '' : ` after ${baseIndex}`
  const doubt = status.doubtTerm === null ? '' : `, in doubt up to t${status.doubtTerm}`
  const place = `log ${lastIndex}${after}, durable ${durableIndex}, commit ${commitIndex}`
  const head = `${role} t${term}${doubt}, ${place}`
  const peers = status.peers.map(
    (peer) =>
      `${peer.peer} ${peer.state} match ${peer.matchIndex} next ${peer.nextIndex}` +
      (peer.inflightCount > 0 ? ` inflight ${peer.inflightCount}` : ''),
  )
  const { index, configuration } = status.configuration
  const members = index === 0 ? [] : [`${describeConfiguration(configuration)} since ${index}`]
  const wanted = status.priority === 0 ? [] : [`priority ${status.priority}`]
  const handing = status.transferTo === 0 ? [] : [`handing over to ${status.transferTo}`]
  return [head, ...members, ...wanted, ...handing, ...peers].join('; ')
}

/** What came in. */
export function describeInput(input: Input): string {
  switch (input.type) {
    case 'tick':
      return 'tick'
    case 'propose':
      return `propose ${input.payloads.length}`
    case 'changeMembers':
      return `change to ${describeConfiguration({ ...input, votersOutgoing: [] })}`
    case 'transfer':
      return `transfer to ${input.to === 0 ? 'anybody' : input.to}`
    case 'readIndex':
      return `read ${input.ids.join(' ')}`
    case 'forget':
      return `forget to ${input.index}`
    case 'snapshotReported':
      return `state at ${input.index} ${input.ok ? 'reached' : 'did not reach'} ${input.peer}`
    case 'message':
      return `from ${input.from}: ${describeMessage(input.message)}`
    case 'persisted':
      return `persisted #${input.write}`
    case 'unreachable':
      return `unreachable ${input.peer}`
    case 'gone':
      return `gone ${input.peer}`
    default:
      return unreachable(input)
  }
}

function answerOf({ granted, inDoubt }: Pick<VoteReply, 'granted' | 'inDoubt'>): string {
  if (!granted) return 'no'
  return inDoubt === true ? 'yes, in doubt' : 'yes'
}

function describeAppend(message: AppendOut | AppendIn): string {
  const carried = 'entries' in message ? describeEntries(message.entries) : describeRange(message)
  const what = carried === '' ? 'heartbeat' : carried
  const { term, prevIndex, prevTerm, commitIndex, round } = message
  return `append t${term} after ${prevIndex}/${prevTerm}: ${what}; commit ${commitIndex}, round ${round}`
}

function describeRange(message: AppendOut): string {
  if (message.last < message.first) return ''
  return message.first === message.last ? `${message.first}` : `${message.first}..${message.last}`
}

function describeReply(message: AppendReply): string {
  const { term, result, index, round } = message
  const hint = result === 'rejected' ? `, look at ${message.hintIndex}/${message.hintTerm}` : ''
  return `appendReply t${term} ${result} ${index}${hint}, round ${round}`
}

function continues(first: Entry | undefined, next: Entry | undefined): boolean {
  const plain = first?.payload.configuration === undefined && next?.payload.configuration === undefined
  return plain && next?.term === first?.term
}

function describeContent(entry: Entry | undefined): string {
  if (entry === undefined) return ''
  if (isNoop(entry.payload)) return ' (no-op)'
  const { configuration } = entry.payload
  return configuration === undefined ? '' : ` (${describeConfiguration(configuration)})`
}

function describeChange(outcome: ChangeOutcome): string {
  switch (outcome.type) {
    case 'refused':
      return `change refused: ${outcome.reason}`
    case 'changed':
      return `changed to ${describeConfiguration(outcome.configuration)}`
    case 'unknown':
      return 'change left to the next leader'
    default:
      return unreachable(outcome)
  }
}

function describeTransfer(outcome: TransferOutcome): string {
  switch (outcome.type) {
    case 'refused':
      return `transfer refused: ${outcome.reason}`
    case 'left':
      return `handed over to ${outcome.to}`
    case 'givenUp':
      return `handing over to ${outcome.to} given up`
    default:
      return unreachable(outcome)
  }
}
