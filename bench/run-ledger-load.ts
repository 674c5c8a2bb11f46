/** Runs the load generator of ledgers once and measures the CPU time of the servers meanwhile. */
import { benchProgram, startRead } from './children.ts'
import { cpuMicros } from './cpu.ts'
import type { Latencies } from './histogram.ts'

/** What the generator tells at the end. Rates and latencies are of the measured seconds. */
export interface LedgerLoadResult {
  readonly event: 'result'
  readonly entriesPerSecond: number
  readonly requestsPerSecond: number
  /** Requests that were refused, of the whole run. */
  readonly failed: number
  readonly latencyMs: Latencies
  readonly cpuMicrosPerRequest: number
}

export interface LedgerLoadPlan {
  readonly address: string
  readonly ledger: string
  /** In each request. */
  readonly entries: number
  /** Requests under way. */
  readonly inflight: number
  /** Requests a second, 0 for full speed. */
  readonly rate: number
  readonly warm: number
  readonly seconds: number
}

/** The generator's result and, for each watched process, its CPU microseconds for each entry. */
export interface LedgerMeasured {
  readonly load: LedgerLoadResult
  readonly cpuMicrosPerEntry: readonly number[]
}

/** Rejects when the generator ends without a result. */
export async function runLedgerLoad(plan: LedgerLoadPlan, pids: readonly number[]): Promise<LedgerMeasured> {
  let before: number[] = []
  let spent: number[] = []
  let load: LedgerLoadResult | undefined
  const args = Object.entries(plan).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = startRead([benchProgram('ledger-load'), ...args], (line) => {
    const said = JSON.parse(line) as LedgerLoadResult | { readonly event: 'measuring' }
    if (said.event === 'measuring') {
      before = pids.map(cpuMicros)
      return
    }
    load = said
    spent = pids.map((pid, n) => cpuMicros(pid) - (before[n] ?? 0))
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (load === undefined) throw new Error(`the load generator ended with code ${String(code)} and no result`)
  const entries = Math.max(1, load.entriesPerSecond * plan.seconds)
  return { load, cpuMicrosPerEntry: spent.map((micros) => micros / entries) }
}
