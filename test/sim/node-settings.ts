/** What one seed of the node ring draws: sizes of the log, speeds of disk and links, clients and faults. */
import { Prng } from '../../src/base/prng.ts'
import type { Settings } from './settings.ts'

/** Every kind of fault of whole members. Each can be taken out of a seed. */
export const NODE_FAULTS = [
  // Links: `breaks`, `delay` and `partition` are what the contract of the link allows, and the next three more.
  'breaks',
  'delay',
  'partition',
  'oneWay',
  'loss',
  'duplicates',
  'reorder',
  // Processes and power.
  'crash',
  'crashAtWrite',
  'powerCut',
  'kill',
  'stop',
  'gone',
  // Disks.
  'slowDisk',
  'stuckDisk',
  'diskError',
  'fullDisk',
  'rot',
  // Clocks.
  'drift',
  'wallJump',
  'slowTables',
  // The floor of the log rises, past what members have that are away.
  'retention',
  // The group itself.
  'members',
] as const

export type NodeFault = (typeof NODE_FAULTS)[number]

/** Sizes in bytes, times in microseconds unless their names say otherwise. */
export interface NodeSettings extends Omit<Settings, 'faults' | 'gatherUnits' | 'priorities'> {
  readonly faults: ReadonlySet<NodeFault>
  readonly tickMs: number
  readonly segmentBytes: number
  readonly recordBytesMax: number
  readonly writeBytesMax: number
  readonly tailCacheBytesMax: number
  /** One way over a link in good weather, at most. */
  readonly linkUs: number
  /** One sync of a sound disk, at most. */
  readonly syncUs: number
  /** At which rate a state is received. */
  readonly stateBytesPerSecond: number
  /** Clients wake together, at multiples of this. */
  readonly roundMs: number
}

/** Draws the settings of a seed. Faults in `without` are off, whatever the seed says. */
export function drawNodeSettings(seed: number, without: readonly NodeFault[] = []): NodeSettings {
  const prng = new Prng(seed * 6151 + 29)
  const faults = NODE_FAULTS.filter((_, at) => new Prng(seed * 6151 + at * 104_729).chance(0.35))
  // What has rotted where the others removed it cannot be repaired (docs/storage-faults.md).
  const together = faults.filter((fault) => fault !== 'retention' || !faults.includes('rot'))
  const electionTicksMin = prng.below(16, 6)
  const segmentBytes = prng.pick([8192, 16_384, 65_536])
  const happening = new Set(together.filter((fault) => !without.includes(fault)))
  // Both at once is more than is promised: the one sound copy may be where the older voters do not look.
  if (happening.has('rot')) happening.delete('members')
  return {
    seed,
    spareCount: happening.has('members') ? new Prng(seed * 6151 + 5).below(3, 1) : 0,
    nodeCount: prng.chance(0.8) ? 3 : prng.chance(0.5) ? 5 : 4,
    stormUnits: prng.below(70_000, 20_000),
    faults: happening,
    clientCount: prng.below(31, 15),
    pauseUnits: prng.pick([20, 35, 50]),
    electionTicksMin,
    electionTicksMax: electionTicksMin + prng.below(electionTicksMin + 2, 3),
    heartbeatTicks: prng.pick([1, 2, 3, 3, 4]),
    inflightCountMax: prng.pick([1, 2, 4, 64]),
    inflightBytesMax: prng.pick([500, 4000, 1_000_000]),
    appendEntriesMax: prng.pick([1, 3, 10, 512]),
    appendBytesMax: prng.pick([500, 4000, 100_000]),
    tickMs: prng.pick([50, 100, 100, 150]),
    segmentBytes,
    recordBytesMax: 8192,
    writeBytesMax: prng.pick([10_000, 20_000, 100_000]),
    tailCacheBytesMax: prng.pick([500, 4000, 1_000_000]),
    linkUs: prng.pick([300, 3000, 20_000]),
    syncUs: prng.pick([200, 3000, 15_000]),
    stateBytesPerSecond: new Prng(seed * 6151 + 31).pick([20_000, 200_000, 1 << 30]),
    roundMs: prng.chance(0.1) ? 50 : prng.pick([200, 400]),
  }
}
