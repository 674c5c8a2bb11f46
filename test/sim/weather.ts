/**
 * The faults of a run: a series of periods, each with one or a few faults or, every fourth time or so, without
 * any. Only kinds that the seed has drawn happen.
 */
import type { Prng } from '../../src/base/prng.ts'
import type { StateMachine } from '../../src/base/state-machine.ts'
import type { Member } from './member.ts'
import { actOnce } from './operator.ts'
import type { Fault } from './settings.ts'
import type { World } from './world.ts'

/** What strikes now. Other faults happen by chance as long as the weather is bad. */
const STRIKES: Partial<Record<Fault, string>> = {
  partition: 'partition',
  oneWay: 'one-way partition',
  gone: 'wrong word that a member is gone',
  stuckDisk: 'disk that stands still',
}

/** Changes the weather of `world` from now on until `end`. */
export function changeWeather<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  prng: Prng,
  end: number,
): void {
  const next = world.now + prng.below(900, 60)
  world.network.heal()
  const calm = prng.chance(0.25)
  world.network.stormy = !calm
  if (!calm) for (const fault of world.settings.faults) if (prng.chance(0.5)) strike(world, prng, fault, next)
  if (next < end) world.at(next, () => changeWeather(world, prng, end))
}

function strike<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  prng: Prng,
  fault: Fault,
  end: number,
): void {
  const members = [...world.members.values()]
  const one = pickMember(members, prng)
  const name = STRIKES[fault]
  if (name !== undefined) world.tally.add(`fault: ${name}`)
  if (fault === 'partition') {
    const side = new Set(members.filter(() => prng.chance(0.5)))
    if (prng.chance(0.3)) parts(world, prng, side)
    else if (prng.chance(0.5)) for (const member of members) if (member !== one) side.delete(member)
    for (const from of members) {
      for (const to of members) if (side.has(from) !== side.has(to)) world.network.cut(from.id, to.id)
    }
  } else if (fault === 'oneWay') {
    const other = prng.pick(members)
    const whole = prng.chance(0.5)
    for (const member of members) if (whole || member === other) world.network.cut(one.id, member.id)
  } else if (fault === 'crash') {
    const victims = prng.chance(0.15) ? members : [one]
    for (const victim of victims) {
      if (!victim.node.isUp) continue
      world.crash(victim)
      world.tally.add('fault: loss of power')
      world.at(world.now + prng.below(end - world.now, 10), () => world.restart(victim))
    }
  } else if (fault === 'gone') {
    // A wrong word: the leader lives, and its followers are told otherwise. It may be cut off and lead on in its belief.
    const isCut = prng.chance(0.5)
    for (const member of members) {
      if (member === one) continue
      world.tellGone(member, one.id)
      if (!isCut) continue
      world.network.cut(one.id, member.id)
      world.network.cut(member.id, one.id)
    }
  } else if (fault === 'stuckDisk') {
    world.stick(one, world.now + prng.below(end - world.now, 10))
  }
}

/** During a change the worst line to be cut runs between who is to go and who has come, the leader on either side. */
function parts<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  prng: Prng,
  side: Set<Member<Reply, Machine>>,
): void {
  const { configuration } = world.ghost
  for (const member of world.members.values()) {
    const isOld =
      configuration === null
        ? member.id <= world.settings.nodeCount
        : configuration.voters.includes(member.id)
    if (isOld && !(member.leads && prng.chance(0.5))) side.add(member)
    else side.delete(member)
  }
  // Members that seem to be dead are replaced, of course.
  world.at(world.now + prng.below(40), () => actOnce(world, prng))
}

/** Any member, rather often the one that leads. */
function pickMember<Reply, Machine extends StateMachine<Reply>>(
  members: readonly Member<Reply, Machine>[],
  prng: Prng,
): Member<Reply, Machine> {
  const leaders = members.filter((member) => member.leads)
  return leaders.length > 0 && prng.chance(0.5) ? prng.pick(leaders) : prng.pick(members)
}
