/** Who belongs to a simulated group of whole members, and somebody who changes that whatever the weather. */
import type { NodeId } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import { describeInput, votersOf } from '../../src/raft/index.ts'
import type { NodeMember } from './node-member.ts'
import type { NodeWorld } from './node-world.ts'
import { changeFrom } from './operator.ts'

/** The members of the newest configuration that is committed. */
export function currentMembers({ ghost, founders, members }: NodeWorld): readonly NodeMember[] {
  const { configuration } = ghost
  const ids: readonly NodeId[] =
    configuration === null ? founders : [...votersOf(configuration), ...configuration.learners]
  return [...members.values()].filter(({ id }) => ids.includes(id))
}

/** Asks whoever leads for other members. What is asked for may make no sense; then it must be refused. */
export function changeMembers(world: NodeWorld, prng: Prng): void {
  const leader = [...world.members.values()].find((member) => member.leads)
  if (leader === undefined) return
  const { configuration } = leader.status().configuration
  const asked = changeFrom(configuration, [...world.members.keys()], prng)
  world.note(leader, 21, `is asked for a ${describeInput(asked)}`)
  leader.server.requests.changeMembers(asked).then(
    ({ type }) => world.tally.add(`reached: members ${type}`),
    (error: unknown) => world.fail(error),
  )
}
