/**
 * Who looks after a simulated group: changes its members, hands over leadership and lets logs be
 * forgotten, whatever the weather. What is asked for may
 * make no sense; then the leader must say so.
 */
import type { NodeId } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { StateMachine } from '../../src/base/state-machine.ts'
import type { Configuration, Target } from '../../src/raft/index.ts'
import type { Member } from './member.ts'
import type { World } from './world.ts'

/** Looks after `world` from now on until `end`. */
export function operate<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  prng: Prng,
  end: number,
): void {
  const next = world.now + prng.below(150, 10)
  if (next >= end) return
  world.at(next, () => {
    actOnce(world, prng)
    operate(world, prng, end)
  })
}

/** Does one thing now, mostly at a member that thinks it leads. */
export function actOnce<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  prng: Prng,
): void {
  const members = [...world.members.values()].filter((member) => member.node.isUp)
  const leaders = members.filter((member) => member.node.raft.status().role === 'leader')
  const one = leaders.length > 0 && prng.chance(0.9) ? prng.pick(leaders) : members[0]
  if (one !== undefined) act(world, one, prng)
}

function act<Reply, Machine extends StateMachine<Reply>>(
  world: World<Reply, Machine>,
  one: Member<Reply, Machine>,
  prng: Prng,
): void {
  const { faults } = world.settings
  const all = [...world.members.keys()]
  if (faults.has('forget') && prng.chance(0.5)) {
    const running = [...world.members.values()].filter((member) => member.node.isUp)
    world.forget(prng.pick(running), prng)
  }
  if (faults.has('transfer') && prng.chance(0.3)) {
    world.give(one, { type: 'transfer', to: prng.chance(0.5) ? 0 : prng.pick(all) })
  }
  if (faults.has('members')) {
    world.give(one, changeFrom(one.node.raft.status().configuration.configuration, all, prng))
  }
}

/** Some other members: more learners, or other voters from those who listen, up to all of them at once. */
export function changeFrom(
  { voters, learners }: Configuration,
  all: readonly NodeId[],
  prng: Prng,
): Target & { readonly type: 'changeMembers' } {
  const outside = all.filter((id) => !voters.includes(id) && !learners.includes(id))
  if (outside.length > 0 && prng.chance(0.5)) {
    const more = outside.filter(() => prng.chance(0.6))
    return { type: 'changeMembers', voters, learners: [...learners, ...more] }
  }
  const change = prng.pick([0.2, 0.5, 1])
  const coming = learners.filter(() => prng.chance(Math.max(change, 0.5)))
  const leaving = voters.filter(() => prng.chance(change))
  const listening = [
    ...learners.filter((id) => !coming.includes(id)),
    ...leaving.filter(() => prng.chance(0.5)),
  ]
  const staying = voters.filter((id) => !leaving.includes(id))
  // Not everything on one member, for then nothing may fail at all.
  if (staying.length + coming.length < 2) return { type: 'changeMembers', voters, learners: [] }
  return { type: 'changeMembers', voters: [...staying, ...coming], learners: listening }
}
