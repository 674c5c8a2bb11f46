/**
 * Deliberate one-line bugs. Each must make some seed fail: a simulator that has never seen a bug proves nothing.
 * `npm run sim -- --mutants` puts each into a copy of the compiled sources and runs seeds until one fails.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MachineKind } from './campaign.ts'

const SEEDS = 100

interface Mutant {
  /** What the broken program does. */
  readonly bug: string
  readonly machine: MachineKind
  /** The compiled file below `src/`, the text that is replaced in it, and by what. */
  readonly file: string
  readonly from: string
  readonly to: string
}

function inRaft(bug: string, file: string, from: string, to: string): Mutant {
  return { bug, machine: 'log', file: `raft/${file}`, from, to }
}

function inBroker(bug: string, file: string, from: string, to: string): Mutant {
  return { bug, machine: 'broker', file: `broker/machine/${file}`, from, to }
}

export const MUTANTS: readonly Mutant[] = [
  inRaft(
    'commits an older term by counting',
    'leader.js',
    '&& core.log.termAt(logIndex(index)) === core.term',
    '',
  ),
  inRaft(
    'counts itself before its disk',
    'leader.js',
    'voter === core.id ? durableIndex',
    'voter === core.id ? core.log.lastIndex',
  ),
  inRaft('sends no heartbeats', 'replication.js', 'leading.heartbeatDue ||', ''),
  inRaft(
    'acknowledges before its disk',
    'follower.js',
    'durable < verified ? durable : verified',
    'verified',
  ),
  inRaft(
    'acknowledges what no leader verified',
    'follower.js',
    'durable < verified ? durable : verified',
    'durable',
  ),
  inRaft('acknowledges before its term is durable', 'follower.js', '|| !core.hardStateDurable', ''),
  inRaft(
    'commits as far as its own log',
    'follower.js',
    'message.commitIndex < verified ?',
    'core.log.lastIndex > 0 ?',
  ),
  inRaft(
    'cuts without a conflict',
    'follower.js',
    '!core.log.matches(entry.index, entry.term)',
    'entry.index > 0',
  ),
  inRaft(
    'skips the check of the entry before',
    'follower.js',
    '!log.matches(message.prevIndex, message.prevTerm)',
    'message.prevIndex > log.lastIndex',
  ),
  inRaft('votes before its disk', 'election.js', 'reply, core.hardStateDurable)', 'reply, true)'),
  inRaft(
    'asks for votes before its disk',
    'election.js',
    'sendWhenDurable(peer, message, false)',
    'sendWhenDurable(peer, message, true)',
  ),
  inRaft(
    'votes for a shorter log',
    'election.js',
    'free && core.log.isUpToDate(message.lastIndex, message.lastTerm)',
    'free',
  ),
  inRaft(
    'votes twice in a term',
    'election.js',
    'core.votedFor === from ||',
    'core.votedFor === from || core.leader === 0 ||',
  ),
  inRaft(
    'votes while it asks for pre-votes, and goes on asking',
    'election.js',
    "core.becomeFollower(core.term, 0, 'another node got the vote')",
    '',
  ),
  inRaft('counts votes of older terms', 'election.js', '|| message.term !== core.term', ''),
  inRaft('takes any answer for a vote', 'quorum.js', 'granted ? yes :', 'true ? yes :'),
  inRaft(
    'takes less than half of the voters for a majority',
    'quorum.js',
    'Math.floor(voterCount / 2) + 1',
    'Math.floor(voterCount / 2)',
  ),
  inRaft(
    'forgets its vote when it steps down',
    'core.js',
    'this.ballot = null;\n        if',
    'this.ballot = null;\n        this.#votedFor = 0;\n        if',
  ),
  inRaft(
    'applies before its disk',
    'core.js',
    'this.#commitIndex < durable ? this.#commitIndex : durable',
    'this.#commitIndex',
  ),
  inRaft(
    'takes cut entries for durable',
    'core.js',
    'this.durability.cut(this.log.lastIndex, this.log.lastTerm)',
    '',
  ),
  inRaft(
    'does not write its term and vote',
    'ready.js',
    'this.#hardStateChanged ? end.hardState : null',
    'null',
  ),
  inRaft('does not cut on the disk', 'ready.js', 'truncateFrom: this.#truncateFrom', 'truncateFrom: null'),
  inRaft('lets late completions confirm', 'durability.js', 'write.confirms <= lastIndex', 'true'),
  inRaft(
    'does not lead back a peer that refuses',
    'progress.js',
    'this.#toProbe(logIndex(Math.max(meetIndex, this.#matchIndex) + 1))',
    '',
  ),
  inRaft(
    'asks a peer for the next place only',
    'progress.js',
    'logIndex(Math.max(after, this.#behindState))',
    'logIndex(Math.max(after + 1, this.#behindState))',
  ),
  inRaft('takes a vote in doubt for any other', 'quorum.js', 'inDoubt ?', 'false ?'),
  inRaft('follows a leader that counts what was lost', 'doubt.js', 'core.term > core.doubtTerm', 'true'),
  inRaft(
    'starts no group whose every tail is torn',
    'quorum.js',
    'granted + inDoubt === voters.length',
    'false',
  ),
  inRaft('starts below the last term of its log', 'log.js', 'lastTerm > this.lastTerm', 'lastTerm >= 0'),
  inRaft(
    'lets the new voters alone commit a change',
    'quorum.js',
    'return Math.min(incoming, majorityReached(configuration.votersOutgoing.map(reachedBy)))',
    'return incoming',
  ),
  inRaft(
    'lets the new voters alone elect during a change',
    'quorum.js',
    "return incoming === 'won' ? outgoing : 'open'",
    'return incoming',
  ),
  inRaft('keeps a configuration that was cut', 'core.js', 'this.membership.truncateFrom(index)', ''),
  inRaft(
    'never leaves the old voters',
    'change.js',
    'if (!isJoint(current) || latest.index > core.commitIndex)',
    'if (core.term > 0)',
  ),
  inRaft(
    'goes on leading a group that it left',
    'change.js',
    "core.becomeFollower(core.term, 0, 'this node was removed')",
    '{}',
  ),
  inRaft(
    'takes proposals for ever no more after a hand-over that failed',
    'transfer.js',
    'leading.transfer = null;',
    '',
  ),
  inRaft('lets reads go without asking', 'read-index.js', 'if (answered < asking.round)', 'if (false)'),
  inRaft(
    'reads before its term has committed',
    'read-index.js',
    'if (core.log.termAt(core.commitIndex) !== core.term)',
    'if (false)',
  ),
  inRaft(
    'drops its log for a state that it matches',
    'snapshot.js',
    'if (core.log.matches(mark.index, mark.term))',
    'if (false)',
  ),
  inRaft('takes a state that is behind', 'snapshot.js', 'if (mark.index > core.commitIndex)', 'if (true)'),
  inRaft('never offers a state', 'snapshot.js', 'if (!progress.mustRestore(base.index))', 'if (true)'),
  inRaft(
    'keeps the members of the log that a state replaces',
    'core.js',
    'this.membership.reset({ index, configuration })',
    '',
  ),
  inRaft('counts a state before its disk', 'durability.js', 'this.#durableIndex = floor', ''),
  inRaft(
    'takes what it has forgotten for another log',
    'log.js',
    'if (index < this.base.index)\n            return true',
    'if (index < this.base.index)\n            return false',
  ),
  inRaft(
    'sends on behind a state that was not sent',
    'progress.js',
    'ok ? logIndex(Math.max(index, this.#matchIndex) + 1) : this.#nextIndex',
    'logIndex(Math.max(index, this.#matchIndex) + 1)',
  ),
  inBroker('stores a repeat again', 'send.js', 'slot >= 0', 'false'),
  inBroker('claims from a cursor that has moved', 'pop.js', 'consumer.cursor !== start ||', ''),
  inBroker(
    'hands out what is held',
    'pop.js',
    'held.visibleAt > state.now || held.exhausted',
    'held.exhausted',
  ),
  inBroker('takes acks of older deliveries', 'pop.js', 'held.attempt === delivery.attempt && held', 'held'),
  inBroker(
    'forgets the row of a cursor',
    'pop.js',
    'consumer.cursor = end;\n    state.rows.touch(consumer)',
    'consumer.cursor = end',
  ),
  inBroker(
    'does not know a repeated claim',
    'pop.js',
    'state.requests.find(command.request, COMMAND_KINDS.claim, state.now) >= 0',
    'false',
  ),
]

/**
 * Runs all mutants of the sources compiled into `compiled`, which is not changed, or those with `only` in their
 * file or bug. Returns the exit code.
 */
export function runMutants(compiled: string, only = ''): number {
  const place = `${compiled}-mutant`
  const mutants = MUTANTS.filter(({ file, bug }) => `${file}: ${bug}`.includes(only))
  let survived = 0
  for (const mutant of mutants) {
    rmSync(place, { recursive: true, force: true })
    cpSync(compiled, place, { recursive: true })
    const how = put(place, mutant) ? verdictOf(place, mutant) : 'DOES NOT APPLY'
    if (!how.startsWith('killed')) survived++
    console.log(`${how.padEnd(20)} ${mutant.file}: ${mutant.bug}`)
  }
  rmSync(place, { recursive: true, force: true })
  console.log(`${mutants.length - survived} of ${mutants.length} mutants killed`)
  return survived === 0 ? 0 : 1
}

function put(place: string, mutant: Mutant): boolean {
  const path = join(place, 'src', mutant.file)
  const text = readFileSync(path, 'utf8')
  if (!text.includes(mutant.from)) return false
  writeFileSync(path, text.replace(mutant.from, mutant.to))
  return true
}

/** Runs seeds in a process of its own, since the bug is in the modules. */
function verdictOf(place: string, { machine }: Mutant): string {
  const module = JSON.stringify(join(place, 'test', 'sim', 'run.js'))
  const script = `import(${module}).then(({ firstFailure }) => console.log(firstFailure('${machine}', ${SEEDS})))`
  const { stdout, status } = spawnSync(process.execPath, ['-e', script], {
    timeout: 120_000,
    encoding: 'utf8',
  })
  if (status !== 0) return 'HANGS OR FAILS TO START'
  const seed = Number(stdout.trim())
  return seed > 0 ? `killed by seed ${seed}` : 'SURVIVED'
}
