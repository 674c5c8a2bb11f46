/** Runs the load generator once and measures the CPU time of the servers meanwhile. */
import { benchProgram, startRead } from './children.ts'
import { cpuMicros } from './cpu.ts'
import type { LoadResult } from './load-result.ts'

/** One run. What is left out has the generator's default: 1 message a call, 256 in flight, full speed. */
export interface LoadPlan {
  readonly addresses: readonly string[]
  readonly topic: string
  readonly seconds: number
  readonly warmSeconds: number
  readonly batch?: number
  readonly ratePerSecond?: number
  readonly inflight?: number
  readonly attempts?: number
}

/** The generator's result and, for each watched process in order, its CPU microseconds for each message. */
export interface Measured {
  readonly load: LoadResult
  readonly cpuMicrosPerMessage: readonly number[]
}

/** `measuring` is called when the warm-up is over. Rejects when the generator ends without a result. */
export async function runLoad(
  plan: LoadPlan,
  pids: readonly number[],
  measuring: () => void = () => undefined,
): Promise<Measured> {
  let before: number[] = []
  let load: LoadResult | undefined
  let spent: number[] = []
  const child = startRead([benchProgram('load'), ...argumentsOf(plan)], (line) => {
    const said = JSON.parse(line) as LoadResult | { readonly event: 'measuring' }
    if (said.event === 'measuring') {
      before = pids.map(cpuMicros)
      measuring()
      return
    }
    load = said
    spent = pids.map((pid, n) => cpuMicros(pid) - (before[n] ?? 0))
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (load === undefined) throw new Error(`the load generator ended with code ${String(code)} and no result`)
  const messages = Math.max(1, load.calls * (plan.batch ?? 1))
  return { load, cpuMicrosPerMessage: spent.map((micros) => micros / messages) }
}

function argumentsOf(plan: LoadPlan): string[] {
  const values: Readonly<Record<string, string | number | undefined>> = {
    addresses: plan.addresses.join(','),
    topic: plan.topic,
    seconds: plan.seconds,
    warm: plan.warmSeconds,
    batch: plan.batch,
    rate: plan.ratePerSecond,
    inflight: plan.inflight,
    attempts: plan.attempts,
  }
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  )
}
