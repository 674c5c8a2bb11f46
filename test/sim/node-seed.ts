/**
 * Runs one seed of the node ring: faults, then heal, then everything must converge, serve, drain, and pass
 * the last checks. With some luck of the draw only a majority is healed at first; it must serve alone.
 */
import { assert } from '../../src/base/assert.ts'
import { messageOf } from '../../src/base/errors.ts'
import { Prng } from '../../src/base/prng.ts'
import { segmentPath } from '../../src/dledger/segment.ts'
import { AppendWorkload } from './append-workload.ts'
import type { NodeMember } from './node-member.ts'
import type { NodeSettings } from './node-settings.ts'
import { currentMembers } from './node-operator.ts'
import { changeNodeWeather } from './node-weather.ts'
import { NodeWorld } from './node-world.ts'
import { Trace } from './trace.ts'

export interface NodeVerdict {
  readonly settings: NodeSettings
  /** `null` when everything held. */
  readonly failure: string | null
  readonly hash: string
  readonly events: number
  readonly committed: number
  readonly terms: number
  /** Calls of clients that had an answer. */
  readonly answered: number
  readonly simulatedMs: number
  /** Faults that struck and rare states that were reached. */
  readonly tally: Readonly<Record<string, number>>
  /** The last lines of the story, when they were asked for. */
  readonly story: readonly string[]
}

/** Runs a seed to its verdict. Never rejects: whatever is thrown is the failure. */
export async function runNodeSeed(settings: NodeSettings, keepLines = 0): Promise<NodeVerdict> {
  const trace = new Trace(keepLines)
  const workload = new AppendWorkload()
  let world: NodeWorld | null = null
  let failure: string | null = null
  try {
    world = new NodeWorld(settings, workload, trace)
    await runWorld(world, workload)
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
  }
  return {
    settings,
    failure,
    hash: trace.hash,
    events: trace.count,
    committed: world?.ghost.committedCount ?? 0,
    terms: Math.max(0, ...(world === null ? [] : ups(world).map((member) => member.status().term))),
    answered: world?.answered ?? 0,
    simulatedMs: (world?.now ?? 0) * 10,
    tally: world?.tally.all ?? {},
    story: trace.lines,
  }
}

async function runWorld(world: NodeWorld, workload: AppendWorkload): Promise<void> {
  const { settings } = world
  const prng = new Prng(settings.seed + 1)
  changeNodeWeather(world, prng, settings.stormUnits)
  await world.runTo(settings.stormUnits)
  world.calm()
  const members = [...world.members.values()]
  const one = prng.pick(members)
  // A group with damaged tails may need all of its members to start.
  // So may one of two voters.
  const isFixed = settings.spareCount === 0
  const mayLack = isFixed && members.every((member) => member === one || (member.isUp && !member.inDoubt))
  const minority = mayLack && prng.chance(0.5) ? one : null
  if (minority !== null) world.crash(minority)
  for (const member of members) if (member !== minority) world.restart(member)
  await converge(world, minority)
  if (minority !== null) {
    world.restart(minority)
    await converge(world, null)
  }
  world.drain()
  await settle(world)
  await scrub(world)
  world.ghost.checkAll()
  judge(world)
  workload.finish()
}

/** Everybody but `away` follows one leader, and what is proposed from now on is applied everywhere. */
async function converge(world: NodeWorld, away: NodeMember | null): Promise<void> {
  const { electionTicksMax, tickMs } = world.settings
  const patience = (electionTicksMax * tickMs * 16) / 10 + 3000
  const start = world.now
  const before = world.ghost.committedCount
  let target = 0
  while (world.now - start < patience) {
    await world.runTo(world.now + 20)
    const here = currentMembers(world).filter((member) => member !== away)
    const leaders = ups(world).filter((member) => member.leads)
    const served = world.ghost.committedCount
    if (leaders.length === 1 && served > before + 1 && target === 0) target = served
    if (target > 0 && here.every((member) => member.isUp && member.machine.appliedIndex >= target)) return
  }
  assert(false, 'a healed group converges and serves', { states: states(world), before })
}

/** With nothing new to do, all logs become equal and everything in them is applied. */
async function settle(world: NodeWorld): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await world.runTo(world.now + 20)
    const here = currentMembers(world).filter((member) => member.isUp)
    const [first, ...others] = here.map((member) => member.status())
    const isEqual = others.every((other) => other.lastIndex === first?.lastIndex)
    const isApplied = here.every((member) => member.machine.appliedIndex === first?.lastIndex)
    if (isEqual && isApplied && here.length === currentMembers(world).length) return
  }
  assert(false, 'a drained group has equal logs', { states: states(world) })
}

/** Everything is read once more, so that what has rotted is repaired. */
async function scrub(world: NodeWorld): Promise<void> {
  const scrubs = ups(world).map((member) => ({ member, isDone: false }))
  for (const scrubbed of scrubs) {
    const run = async (): Promise<void> => {
      await scrubbed.member.scrub()
      scrubbed.isDone = true
    }
    run().catch((error: unknown) => world.fail(error))
  }
  for (let i = 0; i < 200; i++) {
    await world.runTo(world.now + 20)
    if (scrubs.every(({ isDone }) => isDone)) return
  }
  assert(false, 'a scrub ends')
}

/** Equal digests, and segments that are equal byte for byte. */
function judge(world: NodeWorld): void {
  const [first, ...others] = currentMembers(world)
  assert(first !== undefined, 'a member is up')
  const digest = first.machine.digests().applied.digest
  // What is held for readers goes a little later.
  const from = Math.max(...ups(world).map((member) => member.server.kept.span.start))
  const segments = segmentsOf(first, from)
  for (const other of others) {
    assert(other.machine.digests().applied.digest === digest, 'state machines are equal', { id: other.id })
    const its = segmentsOf(other, from)
    assert(its.length === segments.length, 'logs have the same segments', { id: other.id })
    its.forEach((path, at) => {
      assert(path === segments[at], 'logs have the same segments', { id: other.id, path })
      const isEqual = Buffer.compare(other.disk.bytesOf(path), first.disk.bytesOf(path)) === 0
      assert(isEqual, 'segments are equal byte for byte', { id: other.id, path })
    })
  }
}

function segmentsOf(member: NodeMember, from: number): string[] {
  return member.disk.paths().filter((path) => path.endsWith('.segment') && path >= segmentPath(from))
}

function ups(world: NodeWorld): readonly NodeMember[] {
  return [...world.members.values()].filter((member) => member.isUp)
}

function states(world: NodeWorld): string {
  const told = [...world.members.values()].map((member) => {
    if (!member.isUp) return `${member.id} ${member.isAlive ? 'starting' : 'down'}`
    const { role, term, lastIndex, commitIndex } = member.status()
    return `${member.id} ${role} t${term} ${lastIndex}/${commitIndex}/${member.machine.appliedIndex}`
  })
  return told.join(', ')
}
