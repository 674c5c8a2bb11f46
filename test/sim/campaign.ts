/** Runs single seeds of any kind, and makes a failing one as small as it gets: fewer faults, the same failure. */
import { BrokerWorkload } from './broker-workload.ts'
import { HashWorkload } from './hash-workload.ts'
import { runNodeSeed, type NodeVerdict } from './node-seed.ts'
import { drawNodeSettings, NODE_FAULTS, type NodeFault } from './node-settings.ts'
import { runSeed, type Verdict } from './run-seed.ts'
import { drawSettings, FAULTS, type Fault } from './settings.ts'

/** `log` and `broker`: the core ring with a machine on top. `node`: whole members. */
export type Kind = 'log' | 'broker' | 'node'
export type AnyVerdict = Verdict | NodeVerdict

export interface Smallest {
  readonly verdict: AnyVerdict
  /** The faults that are not needed for the failure. */
  readonly without: readonly string[]
}

/** One seed in so many runs twice: it must tell the same story. */
const TWICE_EVERY = 50

/** Runs one seed. `without` takes faults out by name, `keepLines` asks for the last lines of its story. */
export async function runOne(
  kind: Kind,
  seed: number,
  without: readonly string[] = [],
  keepLines = 0,
): Promise<AnyVerdict> {
  if (kind === 'node') return runNodeSeed(drawNodeSettings(seed, without.filter(isNodeFault)), keepLines)
  const settings = drawSettings(seed, without.filter(isFault))
  return kind === 'log'
    ? runSeed(settings, new HashWorkload(), keepLines)
    : runSeed(settings, new BrokerWorkload(settings), keepLines)
}

/** Is this one of the seeds that run twice? */
export function runsTwice(seed: number): boolean {
  return seed % TWICE_EVERY === 1
}

/** As `runOne`, and now and then once more: the same seed must be the same story. */
export async function runChecked(kind: Kind, seed: number): Promise<AnyVerdict> {
  const once = await runOne(kind, seed)
  if (!runsTwice(seed) || once.failure !== null) return once
  const { hash } = await runOne(kind, seed)
  return hash === once.hash
    ? once
    : { ...once, failure: `the same seed gave the stories ${once.hash} and ${hash}` }
}

/** Leaves out one kind of fault after the other, as long as the seed still fails, and tells the story. */
export async function shrink(kind: Kind, seed: number, keepLines: number): Promise<Smallest> {
  let without: readonly string[] = []
  for (const fault of (await runOne(kind, seed)).settings.faults) {
    const fewer = [...without, fault]
    if ((await runOne(kind, seed, fewer)).failure !== null) without = fewer
  }
  return { verdict: await runOne(kind, seed, without, keepLines), without }
}

/** The first of `count` seeds that fails; 0 when all hold. */
export async function firstFailure(kind: Kind, count: number): Promise<number> {
  for (let seed = 1; seed <= count; seed++) if ((await runOne(kind, seed)).failure !== null) return seed
  return 0
}

function isFault(word: string): word is Fault {
  return FAULTS.some((fault) => fault === word)
}

function isNodeFault(word: string): word is NodeFault {
  return NODE_FAULTS.some((fault) => fault === word)
}
