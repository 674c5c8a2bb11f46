/** A member's metrics, named as people of this field know them (prefix `rocketmq_dledger_`). */
import type { Family } from '../observe/prometheus.ts'
import type { MemberFacts } from './describe-member.ts'

const ROLES: Readonly<Record<string, number>> = { preCandidate: 1, candidate: 1, follower: 2, leader: 3 }
const PREFIX = 'rocketmq_dledger_'

export function memberMetrics(facts: MemberFacts): readonly Family[] {
  return [
    ...raftGauges(facts),
    ...peerGauges(facts),
    ...logFamilies(facts),
    ...conditionFamilies(facts),
    ...timeFamilies(facts),
    ...consumeFamilies(facts),
    ...processGauges(facts),
  ]
}

function raftGauges({ broker, storage }: MemberFacts): readonly Family[] {
  const raft = broker.ledger.status
  const role = broker.ledger.refusal === null ? (ROLES[raft.role] ?? 0) : 0
  return [
    gauge('role', 'What this member is: 0 refused, 1 candidate, 2 follower, 3 leader.', role),
    gauge('has_leader', 'Whether this member knows a leader.', raft.leader === 0 ? 0 : 1),
    gauge('term', 'The current term.', raft.term),
    gauge('last_index', 'The last entry in the log.', raft.lastIndex),
    gauge('durable_index', 'The last entry that is on the disk here.', raft.durableIndex),
    gauge('commit_index', 'The last entry that is known to be committed.', raft.commitIndex),
    gauge('applied_index', 'The last entry that was applied.', broker.machine.appliedIndex),
    gauge('log_bytes', 'Where the log ends.', storage.log.end),
  ]
}

function peerGauges({ broker, config }: MemberFacts): readonly Family[] {
  const { peers, lastIndex } = broker.ledger.status
  const samples = (value: (peer: (typeof peers)[number]) => number) =>
    peers.map((peer) => ({ labels: { peer: String(peer.peer) }, value: value(peer) }))
  return [
    {
      type: 'gauge',
      name: `${PREFIX}peer_match_index`,
      help: 'The last entry that a peer is known to hold. On a leader only.',
      samples: samples((peer) => peer.matchIndex),
    },
    {
      type: 'gauge',
      name: `${PREFIX}peer_lag_entries`,
      help: 'How many entries a peer is behind the log of this leader.',
      samples: samples((peer) => lastIndex - peer.matchIndex),
    },
    {
      type: 'gauge',
      name: `${PREFIX}peer_inflight_bytes`,
      help: 'Bytes sent to a peer that it has not confirmed.',
      samples: samples((peer) => peer.inflightBytes),
    },
    {
      type: 'gauge',
      name: `${PREFIX}peer_last_contact_milliseconds`,
      help: 'How long a peer has not answered this leader.',
      samples: samples((peer) => peer.silentTicks * config.raft.tickMs),
    },
  ]
}

function logFamilies({ broker }: MemberFacts): readonly Family[] {
  const { metrics } = broker.ledger
  const timed = (name: string, help: string, value: (typeof metrics)['appendMs']): Family => ({
    type: 'histogram',
    name: `${PREFIX}${name}_latency_milliseconds`,
    help,
    samples: [{ value }],
  })
  return [
    timed('append', 'From making an entry to answering its commands.', metrics.appendMs),
    timed('fsync', 'One write of the log with its fdatasync.', metrics.syncMs),
    timed('quorum_ack', 'From making an entry until a majority had it on disk.', metrics.quorumMs),
    timed('apply', 'From committing an entry to having applied it.', metrics.applyMs),
    counter('entries_total', 'Entries that this member made as a leader.', metrics.entriesMade.value),
    counter('written_bytes_total', 'Bytes written to the log.', metrics.bytesWritten.value),
    counter('leader_changes_total', 'How often this member saw a new leader.', metrics.leaderChanges.value),
    {
      type: 'counter',
      name: `${PREFIX}elections_total`,
      help: 'Elections that this member began, and those that it won.',
      samples: [
        { labels: { result: 'begun' }, value: metrics.electionsBegun },
        { labels: { result: 'won' }, value: metrics.electionsWon },
      ],
    },
    {
      type: 'counter',
      name: `${PREFIX}rejected_appends_total`,
      help: 'Commands that were not taken, and why.',
      samples: [
        { labels: { reason: 'overload' }, value: metrics.refusedBusy },
        { labels: { reason: 'not_leader' }, value: metrics.refusedNotLeader },
      ],
    },
  ]
}

function conditionFamilies({ storage, broker, scrub }: MemberFacts): readonly Family[] {
  const { found, repaired, open } = storage.log.care.damage
  const inDoubt = broker.ledger.status.doubtTerm === null ? 0 : 1
  return [
    gauge('in_doubt', 'Whether this member may lack what it acknowledged: its vote counts less.', inDoubt),
    counter('damaged_records_total', 'Records that were found damaged on the disk.', found),
    counter('repaired_records_total', 'Repairs of damaged records from other members.', repaired),
    gauge('open_records', 'Damaged records that no other member could give so far.', open),
    counter('scrub_passes_total', 'Whole readings of the log in the background.', scrub.passes),
    gauge('scrubbed_bytes', 'How far the present reading of the log is.', scrub.bytes),
  ]
}

function timeFamilies({ broker, clock }: MemberFacts): readonly Family[] {
  const { machine, clocks, timerMetrics } = broker
  const transactions = machine.transactionCounts
  const { agreed, offsetMs, isOff } = clocks.state
  const behind = broker.ledger.leading ? Math.max(0, clock.wall() - offsetMs - broker.now()) : 0
  return [
    gauge('clocks_agree', 'Whether the clocks of a majority of the members agree.', agreed ? 1 : 0),
    gauge('clock_offset_milliseconds', "This member's clock minus the majority's time.", offsetMs),
    gauge('clock_off', "Whether this member's clock is not followed.", isOff ? 1 : 0),
    gauge('log_time_behind_milliseconds', 'How far log time is behind the time. 0 but on a leader.', behind),
    gauge('transactions_open', 'Transactions that nobody has ended, parked ones too.', transactions.open),
    gauge('transactions_parked', 'Those that were checked as often as they may be.', transactions.parked),
    gauge('transactions_open_bytes', 'The bytes of their half messages.', transactions.bytes),
    gauge('timers_pending', 'Delayed messages that wait for their time.', machine.timers.count),
    gauge('timers_pending_bytes', 'Their bytes in the log.', machine.timers.bytes),
    counter('timers_fired_total', 'Delayed messages that came, on this leader.', timerMetrics.fired.value),
    counter('timers_recalled_total', 'Delayed messages that were taken back.', timerMetrics.recalled.value),
    {
      type: 'histogram',
      name: `${PREFIX}timer_lateness_milliseconds`,
      help: 'From the due time of a delayed message to its place in a queue.',
      samples: [{ value: timerMetrics.latenessMs }],
    },
  ]
}

function consumeFamilies({ broker }: MemberFacts): readonly Family[] {
  const passed = broker.queueReads.passedMessages
  return [
    gauge(
      'missed_messages',
      'Messages that retention took before groups were given them.',
      broker.machine.missedInAll,
    ),
    counter('pulls_passed_messages_total', 'Messages that pulls asked for and retention had taken.', passed),
  ]
}

function processGauges({ broker, clock, startedMono, indexBehind }: MemberFacts): readonly Family[] {
  const { freeBytes, totalBytes } = broker.diskGuard.space
  return [
    gauge('index_behind_messages', 'Messages that the message index lacks yet.', indexBehind),
    gauge('disk_free_bytes', 'What is free on the disk of the data folder.', freeBytes),
    gauge('disk_total_bytes', 'The size of the disk of the data folder.', totalBytes),
    gauge('uptime_seconds', 'How long this process serves.', (clock.mono() - startedMono) / 1000),
    {
      type: 'gauge',
      name: 'process_resident_memory_bytes',
      help: 'Resident memory of the process.',
      samples: [{ value: process.memoryUsage.rss() }],
    },
  ]
}

function gauge(name: string, help: string, value: number): Family {
  return { type: 'gauge', name: `${PREFIX}${name}`, help, samples: [{ value }] }
}

function counter(name: string, help: string, value: number): Family {
  return { type: 'counter', name: `${PREFIX}${name}`, help, samples: [{ value }] }
}
