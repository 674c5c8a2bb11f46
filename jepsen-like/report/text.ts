/** A run in words. Pure. */
import { ackTimes, type Availability } from '../checkers/availability.ts'
import type { HistoryEvent } from '../history.ts'
import type { Judgement, Verdict } from '../verdict.ts'

/** Everything that a report tells. */
export interface RunReport {
  readonly verdict: Verdict
  readonly judgements: readonly Judgement[]
  readonly availability: Availability
  /** Of the first workload. */
  readonly history: readonly HistoryEvent[]
  /** Faults that were asked for and are not possible here. */
  readonly leftOut: readonly string[]
  /** The command line that repeats the run. */
  readonly again: string
  readonly folder: string
}

export function textReport(report: RunReport): string {
  const { verdict, judgements, availability, history, leftOut, again } = report
  const lines = [`verdict: ${String(verdict)}`, '']
  for (const { judge, verdict: one, stories } of judgements) {
    lines.push(`${judge.padEnd(16)}${String(one)}`, ...stories.map((story) => `  ${story}`))
  }
  const acks = ackTimes(history).length
  lines.push('', `${acks} sends acknowledged, ${availability.windows.length} faults`, '')
  lines.push('longest pause of writes by kind of fault, from its begin until it is healed, when it was alone')
  for (const { fault, count, alone, pauseMs, pauseMsMax } of availability.kinds) {
    const pause = alone === 0 ? 'never alone' : `${pauseMs} ms`
    const bound = pauseMsMax === undefined ? 'stops writes' : `at most ${pauseMsMax} ms`
    lines.push(`  ${fault.padEnd(22)}${String(count).padStart(3)} times  ${pause.padStart(12)}  (${bound})`)
  }
  if (leftOut.length > 0) lines.push('', `left out here: ${leftOut.join(', ')}`)
  lines.push('', `again: ${again}`, '')
  return lines.join('\n')
}
