/**
 * Reads without an entry of the log (thesis 6.4): the leader notes its commit index, makes sure by a round of
 * heartbeats that nobody else has led since, and then lets every machine that has applied the index serve the read.
 * Requests gather while a round is under way, so that there is one round at a time, however many reads.
 */
import type { Core, Leading } from './core.ts'
import { quorumReached } from './quorum.ts'

/** Takes requests, or refuses them when this node does not lead. */
export function onReadIndex(core: Core, ids: readonly number[]): void {
  if (core.leading === null) core.out.refuseReads(ids)
  else core.leading.reads.waiting.push(...ids)
}

/**
 * The end of a step: answers the reads whose round a majority has answered, and begins the next round. Not before
 * an entry of this term is committed: until then the leader does not know what is committed.
 */
export function advanceReads(core: Core, leading: Leading): void {
  allowAnswered(core, leading)
  const { reads, rounds } = leading
  if (reads.asking !== null || reads.waiting.length === 0) return
  if (core.log.termAt(core.commitIndex) !== core.term) return
  reads.asking = { ids: reads.waiting, round: rounds.begin(), index: core.commitIndex }
  reads.waiting = []
  leading.heartbeatDue = true
  // Who decides alone needs no answer.
  allowAnswered(core, leading)
}

function allowAnswered(core: Core, { reads, rounds, progress }: Leading): void {
  const { asking } = reads
  if (asking === null) return
  const answered = quorumReached(core.membership.current, (voter) =>
    voter === core.id ? rounds.current : (progress.get(voter)?.heardRound ?? 0),
  )
  if (answered < asking.round) return
  core.out.allowReads(asking.ids, asking.index)
  reads.asking = null
}
