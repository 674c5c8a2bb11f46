/** The faults of a run of whole members: a series of periods with a few faults each, every fourth or so without. */
import { unreachable } from '../../src/base/assert.ts'
import type { Prng } from '../../src/base/prng.ts'
import { encodeAppend, FLOOR_CLIENT } from './append-machine.ts'
import { changeMembers } from './node-operator.ts'
import type { NodeMember } from './node-member.ts'
import type { NodeFault } from './node-settings.ts'
import type { NodeWorld } from './node-world.ts'

const FAILING = ['write', 'sync', 'read', 'truncate', 'syncFolder', 'open'] as const

/** Changes the weather of `world` from now on until `end`, in units. */
export function changeNodeWeather(world: NodeWorld, prng: Prng, end: number): void {
  if (!world.stormy) return
  const next = world.now + prng.below(900, 60)
  world.links.heal()
  const calm = prng.chance(0.25)
  world.setStormy(!calm)
  for (const fault of world.settings.faults) if (!calm && prng.chance(0.5)) strike(world, prng, fault, next)
  if (next < end) world.at(next, () => changeNodeWeather(world, prng, end))
}

function strike(world: NodeWorld, prng: Prng, fault: NodeFault, end: number): void {
  const members = [...world.members.values()]
  const one = pickMember(members, prng)
  // Also what is to come in this period ends with the storm.
  const later = (run: () => void): void => {
    world.at(world.now + prng.below(Math.max(2, end - world.now), 1), () => {
      if (world.stormy) run()
    })
  }
  const told = (what: string): void => {
    world.tally.add(`fault: ${what}`)
    world.note(one, 20, what)
  }
  switch (fault) {
    case 'partition': {
      const side = new Set(members.filter(() => prng.chance(0.5)))
      if (prng.chance(0.5)) for (const member of members) if (member !== one) side.delete(member)
      for (const from of members) {
        for (const to of members) if (side.has(from) !== side.has(to)) world.links.cut(from.id, to.id)
      }
      return told('partition')
    }
    case 'oneWay': {
      const other = prng.pick(members)
      const whole = prng.chance(0.5)
      for (const member of members) if (whole || member === other) world.links.cut(one.id, member.id)
      return told('one-way partition')
    }
    case 'crash':
      return later(() => {
        told('loss of power')
        world.crash(one)
        later(() => world.restart(one))
      })
    case 'powerCut':
      if (prng.chance(0.6)) return
      return later(() => {
        told('loss of power of all')
        for (const member of members) {
          world.crash(member)
          world.at(world.now + prng.below(100), () => world.restart(member))
        }
      })
    case 'kill':
      return later(() => {
        told('killed process')
        world.kill(one)
        later(() => world.restart(one))
      })
    case 'stop':
      return later(() => {
        told('stopped process')
        world.stop(one).catch((error: unknown) => world.fail(error))
      })
    case 'gone':
      for (const member of members) if (member !== one) world.tellGone(member, one.id)
      return told('wrong word that a member is gone')
    case 'stuckDisk':
      one.weather.stuckUntil = prng.below(end, Math.floor(world.now)) * 10_000
      return told('disk that stands still')
    case 'diskError':
      return later(() => {
        told('disk about to fail')
        one.weather.failNext = prng.pick(FAILING)
      })
    case 'fullDisk':
      return later(() => {
        told('full disk')
        one.weather.failed = true
        one.disk.capacityBytes = one.disk.usedBytes + prng.below(3000)
        later(() => {
          one.disk.capacityBytes = Number.MAX_SAFE_INTEGER
        })
      })
    case 'rot': {
      // The disk of one member is bad: of each entry a sound copy is left.
      const bad = members[world.settings.seed % members.length]
      return later(() => {
        if (bad?.rot(prng) === true) told('rot')
      })
    }
    case 'retention':
      for (let times = prng.below(4, 1); times > 0; times--) {
        later(() => {
          if (raiseFloor(members)) told('log removed')
        })
      }
      return
    case 'wallJump':
      return later(() => {
        told('jump of the wall clock')
        if (one.clock !== null) one.clock.wallOffsetMs += prng.below(3_600_000, -3_600_000)
      })
    case 'members': {
      const again = (): void => {
        if (world.now >= end || !world.stormy) return
        changeMembers(world, prng)
        world.at(world.now + prng.below(150, 10), again)
      }
      again()
      return told('changes of members')
    }
    // These happen by chance, as long as the weather is bad.
    case 'breaks':
    case 'delay':
    case 'loss':
    case 'duplicates':
    case 'reorder':
    case 'crashAtWrite':
    case 'slowDisk':
    case 'slowTables':
    case 'drift':
      return
    default:
      unreachable(fault)
  }
}

/** The leader removes all of its log but the newest segment. False: nobody leads, or the log is short. */
function raiseFloor(members: readonly NodeMember[]): boolean {
  const leader = members.find((member) => member.leads)
  if (leader === undefined) return false
  const { appliedEnd, span } = leader.server.kept
  const floor = appliedEnd - (appliedEnd % span.segmentBytes)
  if (floor <= leader.machine.floor) return false
  const data = encodeAppend({ client: FLOOR_CLIENT, number: floor }, 0)
  leader.server.propose({ size: data.byteLength, chunks: [data] }).catch(() => undefined)
  return true
}

/** Any member, rather often the one that leads. */
function pickMember(members: readonly NodeMember[], prng: Prng): NodeMember {
  const leaders = members.filter((member) => member.leads)
  return leaders.length > 0 && prng.chance(0.5) ? prng.pick(leaders) : prng.pick(members)
}
