/**
 * Judges how long writes paused: the longest time without an acknowledged send around each fault, against what
 * its kind may cost, and whether writes are back in time after it is healed. Pure.
 */
import type { HistoryEvent } from '../history.ts'
import type { Judgement } from '../verdict.ts'

/** What each kind of fault may cost. */
export interface AvailabilityRules {
  /** The longest pause in milliseconds of a kind, by its name; a kind that stops writes has none. */
  readonly pauseMsMax: ReadonlyMap<string, number>
  /** After healing, a send must be acknowledged within this. */
  readonly backMsMax: number
  /** When the harness itself stood still, as a machine that is too busy makes it: no fault of the group. */
  readonly stalls: readonly { readonly begin: number; readonly end: number }[]
}

/** One fault of the history. Milliseconds of the harness's clock. */
export interface FaultWindow {
  readonly fault: string
  readonly about: string
  readonly begin: number
  readonly end: number
  /** When everything about it was put right; the end of the history if that never came. */
  readonly healed: number
}

/** The pauses of one kind of fault. `alone`: how many of its faults had no other at the same time. */
export interface KindPauses {
  readonly fault: string
  readonly count: number
  readonly alone: number
  readonly pauseMs: number
  readonly pauseMsMax: number | undefined
}

export interface Availability extends Judgement {
  readonly kinds: readonly KindPauses[]
  readonly windows: readonly FaultWindow[]
}

export function checkAvailability(history: readonly HistoryEvent[], rules: AvailabilityRules): Availability {
  const windows = windowsOf(history)
  const acks = ackTimes(history)
  const kinds = new Map<string, { count: number; alone: number; pauseMs: number }>()
  const stories: string[] = []
  for (const window of windows) {
    const kind = kinds.get(window.fault) ?? { count: 0, alone: 0, pauseMs: 0 }
    kinds.set(window.fault, kind)
    kind.count++
    const back = acks.find((time) => time >= window.healed)
    if ((back ?? Number.POSITIVE_INFINITY) - window.healed > rules.backMsMax) {
      stories.push(
        `writes were not back ${rules.backMsMax} ms after ${window.fault} (${window.about}) was healed`,
      )
    }
    if (windows.some((other) => other !== window && overlap(other, window))) continue
    kind.alone++
    const pauseMs = longestPause(acks, window.begin, window.healed, rules.stalls)
    kind.pauseMs = Math.max(kind.pauseMs, pauseMs)
    const allowed = rules.pauseMsMax.get(window.fault)
    if (allowed !== undefined && pauseMs > allowed) {
      const at = Math.round(window.begin / 1_000)
      stories.push(`${window.fault} at ${at} s (${window.about}): no send was acknowledged for ${pauseMs} ms`)
    }
  }
  const told = [...kinds].map(([fault, kind]) => ({
    fault,
    ...kind,
    pauseMsMax: rules.pauseMsMax.get(fault),
  }))
  const verdict = stories.length > 0 ? false : windows.length > 0 || 'unknown'
  const why = windows.length === 0 ? ['no fault was injected'] : stories
  return { judge: 'availability', verdict, stories: why, kinds: told, windows }
}

/** Each fault from its begin to its end, in the order of their begins. One of a kind is open at a time. */
export function windowsOf(history: readonly HistoryEvent[]): FaultWindow[] {
  const last = history.at(-1)?.ts ?? 0
  const windows: FaultWindow[] = []
  for (const event of history) {
    if (event.t !== 'nemesis') continue
    const { fault, about, ts } = event
    if (event.phase === 'begin') {
      windows.push({ fault, about, begin: ts, end: last, healed: last })
      continue
    }
    const at = windows.findLastIndex((window) => window.fault === fault)
    const window = windows[at]
    if (window === undefined) continue
    windows[at] = event.phase === 'end' ? { ...window, end: ts } : { ...window, healed: ts }
  }
  return windows
}

/** The longest time between two neighbouring acks that reaches into [begin, end], less the stalls within it. */
export function longestPause(
  acks: readonly number[],
  begin: number,
  end: number,
  stalls: AvailabilityRules['stalls'] = [],
): number {
  const near = stalls.filter((stall) => stall.end > begin && stall.begin < end)
  const lasted = (from: number, to: number): number =>
    near.reduce(
      (ms, stall) => ms - Math.max(0, Math.min(stall.end, to) - Math.max(stall.begin, from)),
      to - from,
    )
  let before = begin
  let longest = 0
  for (const time of acks) {
    if (time < begin) before = time
    else {
      if (before >= end) break
      longest = Math.max(longest, lasted(before, time))
      before = time
    }
  }
  if (before < end) longest = Math.max(longest, lasted(before, end))
  return Math.round(longest)
}

/** When sends were acknowledged, in order. */
export function ackTimes(history: readonly HistoryEvent[]): number[] {
  const sends = new Set<number>()
  const times: number[] = []
  for (const event of history) {
    if (event.t === 'invoke' && event.v.f === 'send') sends.add(event.i)
    else if (event.t === 'ok' && sends.has(event.ref)) times.push(event.ts)
  }
  return times
}

function overlap(one: FaultWindow, other: FaultWindow): boolean {
  return one.begin < other.healed && other.begin < one.healed
}
