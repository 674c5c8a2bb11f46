/** Runs many seeds, and makes a failing one as small as it gets: fewer faults, the same failure. */
import { BrokerWorkload } from './broker-workload.ts'
import { HashWorkload } from './hash-workload.ts'
import { runSeed, type Verdict } from './run-seed.ts'
import { drawSettings, type Fault } from './settings.ts'

/** What runs on top of the log. */
export type MachineKind = 'log' | 'broker'

export interface Smallest {
  readonly verdict: Verdict
  /** The faults that are not needed for the failure. */
  readonly without: readonly Fault[]
}

/** Runs one seed with one machine. `keepLines` asks for the last lines of its story. */
export function runOne(
  kind: MachineKind,
  seed: number,
  without: readonly Fault[] = [],
  keepLines = 0,
): Verdict {
  const settings = drawSettings(seed, without)
  return kind === 'log'
    ? runSeed(settings, new HashWorkload(), keepLines)
    : runSeed(settings, new BrokerWorkload(settings), keepLines)
}

/** Leaves out one kind of fault after the other, as long as the seed still fails, and tells the story. */
export function shrink(kind: MachineKind, seed: number, keepLines: number): Smallest {
  let without: readonly Fault[] = []
  for (const fault of drawSettings(seed).faults) {
    const fewer = [...without, fault]
    if (runOne(kind, seed, fewer).failure !== null) without = fewer
  }
  return { verdict: runOne(kind, seed, without, keepLines), without }
}
