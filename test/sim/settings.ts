/**
 * What one seed draws: the size of the group, its limits, the workload and which faults may happen how often.
 * Most faults are off in most seeds, since a mix of everything hides what a single one would show.
 */
import { nodeId, type NodeId } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'

/** Every kind of fault. Each can be taken out of a seed to find the smallest set that still fails. */
export const FAULTS = [
  'loss',
  'duplicates',
  'reorder',
  'delay',
  'partition',
  'oneWay',
  'crash',
  'crashAtWrite',
  'slowDisk',
  'stuckDisk',
  'skew',
  'unreachable',
  'slowApply',
  'gone',
  'damagedTail',
  'members',
  'transfer',
  'preferred',
  'forget',
] as const

export type Fault = (typeof FAULTS)[number]

/** Units of time a tick. All other times are in these units too. */
export const TICK_UNITS = 10

export interface Settings {
  readonly seed: number
  /** How many found the group. */
  readonly nodeCount: number
  /** How many more may join it. */
  readonly spareCount: number
  /** How long faults happen. */
  readonly stormUnits: number
  readonly faults: ReadonlySet<Fault>
  readonly clientCount: number
  /** The mean pause of a client between two actions. */
  readonly pauseUnits: number
  /** Which members are wanted as leaders. */
  readonly priorities: ReadonlyMap<NodeId, number>
  readonly electionTicksMin: number
  readonly electionTicksMax: number
  readonly heartbeatTicks: number
  readonly inflightCountMax: number
  readonly inflightBytesMax: number
  readonly appendEntriesMax: number
  readonly appendBytesMax: number
  /** Inputs that arrive within this time are one step. */
  readonly gatherUnits: number
}

/** Draws the settings of a seed. Faults in `without` are off, whatever the seed says. */
export function drawSettings(seed: number, without: readonly Fault[] = []): Settings {
  const prng = new Prng(seed * 7919 + 17)
  // A generator each, so that a new kind of fault does not change what the seeds draw beside it.
  const faults = FAULTS.filter((_, at) => new Prng(seed * 7919 + at * 104_729).chance(0.35))
  const electionTicksMin = prng.below(16, 6)
  const happening = new Set(faults.filter((fault) => !without.includes(fault)))
  // Both at once is more than is promised: the one copy that damage left may be where the older voters do not look.
  if (happening.has('damagedTail')) happening.delete('members')
  return {
    seed,
    spareCount: happening.has('members') ? new Prng(seed * 7919 + 5).below(5, 1) : 0,
    nodeCount: prng.chance(0.6) ? 3 : prng.chance(0.9) ? 5 : 1,
    stormUnits: prng.below(8000, 2500),
    faults: happening,
    priorities: happening.has('preferred') ? drawPriorities(new Prng(seed * 7919 + 6)) : new Map(),
    clientCount: prng.below(7, 1),
    pauseUnits: prng.pick([5, 15, 40, 120]),
    electionTicksMin,
    electionTicksMax: electionTicksMin + prng.below(electionTicksMin + 2, 3),
    heartbeatTicks: prng.below(4, 1),
    inflightCountMax: prng.pick([1, 2, 4, 64]),
    inflightBytesMax: prng.pick([200, 1000, 1_000_000]),
    appendEntriesMax: prng.pick([1, 3, 10, 512]),
    appendBytesMax: prng.pick([100, 600, 100_000]),
    gatherUnits: prng.pick([0, 0, 2, 8]),
  }
}

function drawPriorities(prng: Prng): ReadonlyMap<NodeId, number> {
  return new Map([1, 2, 3, 4, 5].map((id) => [nodeId(id), prng.below(3)]))
}
