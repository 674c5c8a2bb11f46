/**
 * Runs one seed: faults, then heal, then everything must converge, serve a fresh proposal and pass the last
 * checks. With some luck of the draw only a majority is healed; it must serve alone.
 */
import { assert } from '../../src/base/assert.ts'
import type { NodeId } from '../../src/base/brand.ts'
import { messageOf } from '../../src/base/errors.ts'
import { Prng } from '../../src/base/prng.ts'
import type { StateMachine } from '../../src/base/state-machine.ts'
import { describeStatus, isJoint } from '../../src/raft/index.ts'
import type { Member } from './member.ts'
import { operate } from './operator.ts'
import { TICK_UNITS, type Settings } from './settings.ts'
import { Trace } from './trace.ts'
import { changeWeather } from './weather.ts'
import type { Workload } from './workload.ts'
import { UNIT_MS, World } from './world.ts'

/** An append, its answer and a write in between, in good weather. */
const ROUND_TRIP_UNITS = 20

export interface Verdict {
  readonly settings: Settings
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

/** Runs a seed to its verdict. Never throws: whatever is thrown is the failure. */
export function runSeed<Reply, Machine extends StateMachine<Reply>>(
  settings: Settings,
  workload: Workload<Reply, Machine>,
  keepLines = 0,
): Verdict {
  const trace = new Trace(keepLines)
  let world: World<Reply, Machine> | null = null
  let failure: string | null = null
  try {
    world = new World(settings, workload, trace)
    runWorld(world, workload)
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
  }
  const terms =
    world === null ? 0 : Math.max(0, ...ups(world).map((member) => member.node.raft.status().term))
  return {
    settings,
    failure,
    hash: trace.hash,
    events: trace.count,
    committed: world?.ghost.committedCount ?? 0,
    terms,
    answered: world?.answered ?? 0,
    simulatedMs: (world?.now ?? 0) * UNIT_MS,
    tally: { ...world?.tally.all, ...world?.marks.all },
    story: trace.lines,
  }
}

function runWorld<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  workload: Workload<Reply, Machine>,
): void {
  const { settings } = world
  const prng = new Prng(settings.seed + 1)
  changeWeather(world, prng, settings.stormUnits)
  operate(world, prng.split(), settings.stormUnits)
  world.runTo(settings.stormUnits)
  world.calm()
  const patience = settings.electionTicksMax * TICK_UNITS * 12 + 1500
  const spared = [...world.members.values()].filter((member) => isNeedless(world, member.id))
  // A group with damaged tails may need all of its members to start.
  const mayLack = spared.length > 0 && !settings.faults.has('damagedTail')
  const minority = mayLack && prng.chance(0.3) ? prng.pick(spared) : null
  if (minority?.node.isUp === true) world.crash(minority)
  for (const member of world.members.values()) if (member !== minority) world.restart(member)
  converge(world, patience)
  if (minority !== null) {
    world.restart(minority)
    converge(world, patience)
  }
  world.ghost.checkAll()
  const [furthest] = [...ups(world)].sort((a, b) => b.appliedIndex - a.appliedIndex)
  assert(furthest !== undefined, 'a member is up')
  workload.finish(furthest.machine)
}

/** Would every configuration that is written anywhere still have its majorities without this member? */
function isNeedless<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  id: NodeId,
): boolean {
  const founders = [...world.members.keys()].slice(0, world.settings.nodeCount)
  const sets = [...world.members.values()].flatMap(({ node }) =>
    node.disk
      .configurations()
      .flatMap(({ configuration: { voters, votersOutgoing } }) => [voters, votersOutgoing]),
  )
  return [founders, ...sets].every((set) => set.length >= 3 || !set.includes(id))
}

/** The members of the newest committed configuration that run. */
function present<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
): readonly Member<Reply, Machine>[] {
  const { configuration } = world.ghost
  if (configuration === null) return ups(world).filter(({ id }) => id <= world.settings.nodeCount)
  return ups(world).filter(
    ({ id }) => configuration.voters.includes(id) || configuration.learners.includes(id),
  )
}

/** Everybody who is up follows one leader, and what is proposed from now on is applied everywhere. */
function converge<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  patience: number,
): void {
  const start = world.now
  const before = world.ghost.committedCount
  // With windows of one entry a member catches up one round trip at a time.
  const furthest = Math.max(0, ...ups(world).map(({ appliedIndex }) => appliedIndex))
  const behind = Math.max(0, ...present(world).map(({ appliedIndex }) => furthest - appliedIndex))
  let target = 0
  while (world.now - start < patience + behind * ROUND_TRIP_UNITS) {
    world.runTo(world.now + 50)
    const leaders = ups(world).filter((member) => member.leads)
    const served = world.ghost.committedCount
    const isSettled = leaders.every(({ node }) => !isJoint(node.raft.status().configuration.configuration))
    if (leaders.length === 1 && isSettled && served > before + 1 && target === 0) target = served
    if (target > 0 && present(world).every((member) => member.appliedIndex >= target)) return
  }
  const states = ups(world).map((member) => {
    return `${member.id} ${describeStatus(member.node.raft.status())}, applied ${member.appliedIndex}`
  })
  assert(false, 'a healed group converges and serves', { states: states.join(', '), before })
}

function ups<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
): readonly Member<Reply, Machine>[] {
  return [...world.members.values()].filter((member) => member.node.isUp)
}
