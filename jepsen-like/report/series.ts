/** What is drawn of a history: sends acknowledged and their latency, second by second. Pure. */
import type { HistoryEvent } from '../history.ts'

/** One second of a run. Latencies in milliseconds, 0 without sends. */
export interface Second {
  readonly acknowledged: number
  readonly p50: number
  readonly max: number
}

/** Seconds from `begin`, in milliseconds of the history's clock. A send counts where it was acknowledged. */
export function secondsOf(history: readonly HistoryEvent[], begin: number): Second[] {
  const invoked = new Map<number, number>()
  const latencies: number[][] = []
  for (const event of history) {
    if (event.t === 'invoke' && event.v.f === 'send') invoked.set(event.i, event.ts)
    const since = event.t === 'ok' ? invoked.get(event.ref) : undefined
    if (since === undefined) continue
    const second = Math.max(0, Math.floor((event.ts - begin) / 1_000))
    while (latencies.length <= second) latencies.push([])
    latencies[second]?.push(event.ts - since)
  }
  return latencies.map((list) => {
    const sorted = list.sort((a, b) => a - b)
    return {
      acknowledged: sorted.length,
      p50: sorted[Math.floor(sorted.length / 2)] ?? 0,
      max: sorted.at(-1) ?? 0,
    }
  })
}
