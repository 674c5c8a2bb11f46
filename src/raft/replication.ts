/**
 * What a leader sends at the end of a step: new entries as far as each peer's window lets them, heartbeats, and
 * the commit index when no append will carry it soon. A heartbeat follows the last append that was sent, so a
 * peer that missed one refuses the heartbeat, and so the loss is seen within a round without any timer for it.
 */
import { logIndex, type LogIndex } from '../base/brand.ts'
import type { Core, Leading } from './core.ts'
import type { Log } from './log.ts'
import type { Progress } from './progress.ts'
import { offerSnapshot } from './snapshot.ts'
import type { AppendReply } from './types.ts'

/** Sends to every peer what it may get now. */
export function replicate(core: Core, leading: Leading): void {
  for (const progress of leading.progress.values()) {
    if (progress.nextIndex <= core.log.base.index) offerSnapshot(core, progress)
    sendEntries(core, leading, progress)
    if (leading.heartbeatDue || isCommitNews(core, progress)) {
      sendAppend(core, leading, progress, logIndex(progress.nextIndex - 1))
    }
  }
  leading.heartbeatDue = false
}

/**
 * Where a peer that refused may agree with this log at the latest: not after its hint, and not in a term that
 * is higher than the hint's, since the peer has no such entry before it. Always before the refused index.
 */
export function meetingPoint(log: Log, refusal: AppendReply): LogIndex {
  const before = logIndex(refusal.index - 1)
  return log.lastAtMost(refusal.hintIndex < before ? refusal.hintIndex : before, refusal.hintTerm)
}

/**
 * Everything is committed and the peer has it all, but does not know: followers apply, and serve reads of what
 * was just made, as soon as they know. Under load the next append carries the commit index, so this says no.
 */
function isCommitNews(core: Core, progress: Progress): boolean {
  const { lastIndex } = core.log
  const allDone = core.commitIndex === lastIndex && progress.matchIndex === lastIndex
  return allDone && progress.commitSent < core.commitIndex
}

function sendEntries(core: Core, leading: Leading, progress: Progress): void {
  const { log, options } = core
  while (progress.nextIndex <= log.lastIndex) {
    const batch = log.batch(progress.nextIndex, options.appendEntriesMax, options.appendBytesMax)
    if (!progress.maySend(batch.bytes)) return
    sendAppend(core, leading, progress, batch.last)
    progress.sent(batch.last, batch.bytes)
  }
}

/** An append of `nextIndex..last`: none of them for a heartbeat. */
function sendAppend(core: Core, leading: Leading, progress: Progress, last: LogIndex): void {
  const first = progress.nextIndex
  const prevIndex = logIndex(first - 1)
  progress.toldCommit(core.commitIndex)
  core.out.send(progress.peer, {
    type: 'append',
    term: core.term,
    prevIndex,
    prevTerm: core.log.termAt(prevIndex),
    commitIndex: core.commitIndex,
    round: leading.rounds.current,
    first,
    last,
  })
}
