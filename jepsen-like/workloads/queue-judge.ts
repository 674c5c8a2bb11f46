/** What the queue workloads make of the findings of their checker. Pure. */
import { checkQueue, type QueueRules } from '../checkers/queue.ts'
import type { HistoryEvent } from '../history.ts'
import type { Judgement } from '../verdict.ts'

const EXAMPLES_MAX = 5
/** Of all sends, at most this part may be of unknown outcome: the checker knows less with each. */
const UNKNOWN_MAX = 0.01

export function judgeQueue(
  history: readonly HistoryEvent[],
  rules: QueueRules,
  unknownMax = UNKNOWN_MAX,
): Judgement {
  const found = checkQueue(history, rules)
  const story = (what: string, keys: readonly string[]): string[] => {
    if (keys.length === 0) return []
    const more = keys.length > EXAMPLES_MAX ? ' ...' : ''
    return [`${keys.length} ${what}: ${keys.slice(0, EXAMPLES_MAX).join(' ')}${more}`]
  }
  const bad = [
    ...story('acknowledged messages lost', found.lost),
    ...story('messages from nowhere', found.phantom),
    ...story('messages handed out twice at a time', found.doubled),
    ...story('messages came again after their ack had succeeded', found.resurrected),
  ]
  if (bad.length > 0) return { judge: 'queue', verdict: false, stories: bad }
  const sends = found.acknowledged + found.failedSends + found.unknownSends
  const doubts = []
  if (!rules.drained) doubts.push('not everything acknowledged was received before the run gave up')
  if (found.acknowledged < rules.acknowledgedMin)
    doubts.push(`only ${found.acknowledged} sends were acknowledged`)
  if (found.unknownSends > sends * unknownMax) {
    doubts.push(`the outcome of ${found.unknownSends} of ${sends} sends is unknown`)
  }
  return { judge: 'queue', verdict: doubts.length === 0 || 'unknown', stories: doubts }
}
