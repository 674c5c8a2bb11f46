/**
 * The kinds of faults. Each begins on a group that is well, and what it returns ends it; then the group heals.
 * Those of one group disturb the same thing and are never at work at the same time.
 */
import { connect, type Socket } from 'node:net'
import { killHard, sleep } from '../../bench/children.ts'
import type { Member } from '../../bench/cluster.ts'
import { splitEndpoint } from '../../src/base/config.ts'
import type { Prng } from '../../src/base/prng.ts'
import { clear, fill } from '../cluster/small-disk.ts'
import type { Kind } from './schedule.ts'
import type { Scene } from './scene.ts'

/** Ends the fault. */
export type Undo = () => Promise<void>

/** A fault that has begun: to whom, in words, and how it ends. */
export interface Begun {
  readonly about: string
  readonly undo: Undo
}

export interface Fault extends Kind {
  /** What it needs beside processes. */
  readonly needs: 'nothing' | 'namespaces' | 'disks' | 'name server'
  /** How long writes may pause when it is alone; left out for what stops writes by its nature. */
  readonly pauseMsMax?: number
  begin(scene: Scene, prng: Prng): Promise<Begun>
}

const KILL_MS_MAX = 2_000
const BLACK_HOLE_MS_MAX = 3_000
const FLOOD_CONNECTIONS = 600
const END_OF_FULL_MS = 500
const SETTLE_BEFORE_COPY_MS = 60

type Choose = (scene: Scene, prng: Prng) => Promise<readonly Member[]>

/** The arguments of a script, made of the ids of the chosen members and of the others. */
type Words = (chosen: readonly string[], others: readonly string[]) => readonly string[]

const deafen: Words = (chosen, others) => [others.join(','), ...chosen]

const slow: Words = (chosen) => [chosen.join(','), '60', '40']
const flaky: Words = (chosen) => [chosen.join(','), '10']

const leader: Choose = async (scene) => [await scene.leader()]
const follower: Choose = async (scene, prng) => [prng.pick(await scene.followers())]
const majority: Choose = async (scene, prng) => [await scene.leader(), prng.pick(await scene.followers())]
const all: Choose = (scene) => Promise.resolve(scene.cluster.members)

export const FAULTS: readonly Fault[] = [
  { ...processes('kill-leader', leader, kill), pauseMsMax: KILL_MS_MAX },
  { ...processes('kill-follower', follower, kill), pauseMsMax: KILL_MS_MAX },
  processes('kill-majority', majority, kill),
  processes('kill-all', all, kill),
  { ...processes('restart-leader', leader, terminate), pauseMsMax: KILL_MS_MAX },
  { ...processes('pause-leader', leader, pause), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...processes('pause-follower', follower, pause), pauseMsMax: BLACK_HOLE_MS_MAX },
  processes('pause-majority', majority, pause),
  { ...rolling(), pauseMsMax: KILL_MS_MAX },
  { ...network('isolate-leader', leader, 'isolate'), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...network('isolate-follower', follower, 'isolate'), pauseMsMax: BLACK_HOLE_MS_MAX },
  network('isolate-all', all, 'isolate', (ids) => ['--peers-only', ...ids]),
  { ...network('split-leader', leader, 'split'), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...network('one-way-from-leader', leader, 'one-way'), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...network('one-way-to-leader', leader, 'one-way', deafen), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...network('bridge-leader', leader, 'bridge'), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...network('bridge-follower', follower, 'bridge'), pauseMsMax: BLACK_HOLE_MS_MAX },
  network('ring', () => Promise.resolve([]), 'ring'),
  { ...network('slow-leader', leader, 'slow', slow), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...network('slow-follower', follower, 'slow', slow), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...network('flaky-leader', leader, 'flaky', flaky), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...network('flaky-follower', follower, 'flaky', flaky), pauseMsMax: BLACK_HOLE_MS_MAX },
  { ...flood(), pauseMsMax: KILL_MS_MAX },
  { ...namesDead(), pauseMsMax: KILL_MS_MAX },
  { ...diskFull(), pauseMsMax: BLACK_HOLE_MS_MAX },
  powerCut('power-cut-leader', leader),
  powerCut('power-cut-all', all),
]

/** A fault of processes: `act` is done to each chosen member, and what it returns ends it. */
function processes(
  name: string,
  choose: Choose,
  act: (scene: Scene, member: Member) => Promise<Undo>,
): Fault {
  const begin = async (scene: Scene, prng: Prng): Promise<Begun> => {
    const members = await choose(scene, prng)
    const undos = await Promise.all(members.map((member) => act(scene, member)))
    const undo = async (): Promise<void> => {
      for (const one of undos) await one()
    }
    return { about: namesOf(members), undo }
  }
  return { name, group: 'processes', needs: 'nothing', begin }
}

async function kill(scene: Scene, member: Member): Promise<Undo> {
  await scene.cluster.kill(member)
  return () => Promise.resolve(scene.restart(member))
}

async function terminate(scene: Scene, member: Member): Promise<Undo> {
  await scene.terminate(member)
  return () => Promise.resolve(scene.restart(member))
}

function pause(_scene: Scene, member: Member): Promise<Undo> {
  member.process.kill('SIGSTOP')
  return Promise.resolve(() => {
    member.process.kill('SIGCONT')
    return Promise.resolve()
  })
}

/** One after the other ends in order and starts again, when the others follow a leader. */
function rolling(): Fault {
  const begin = async (scene: Scene): Promise<Begun> => {
    for (const member of scene.cluster.members) {
      await scene.terminate(member)
      scene.restart(member)
      await scene.settled(15_000)
    }
    return { about: 'one after the other', undo: () => Promise.resolve() }
  }
  return { name: 'rolling-restart', group: 'processes', needs: 'nothing', begin }
}

/** A fault of the network: one of the scripts that people run by hand, with what `words` makes of the ids. */
function network(name: string, choose: Choose, script: string, words: Words = (chosen) => chosen): Fault {
  const begin = async (scene: Scene, prng: Prng): Promise<Begun> => {
    const chosen = await choose(scene, prng)
    const others = scene.cluster.members.filter((member) => !chosen.includes(member))
    const args = words(idsOf(chosen), idsOf(others))
    await scene.script(script, ...args)
    return { about: [script, ...args].join(' '), undo: async () => void (await scene.script('heal')) }
  }
  return { name, group: 'network', needs: 'namespaces', begin }
}

/** Connections that say nothing, and some that talk nonsense, to the leader's client port. */
function flood(): Fault {
  const begin = async (scene: Scene): Promise<Begun> => {
    const member = await scene.leader()
    const address = splitEndpoint(member.clientAddress) ?? { host: '', port: 0 }
    const sockets = Array.from({ length: FLOOD_CONNECTIONS }, (_, n): Socket => {
      const socket = connect(address)
      socket.on('error', () => socket.destroy())
      if (n % 4 === 0) socket.write('GET / HTTP/1.1\r\n\r\n')
      return socket
    })
    await sleep(0)
    const undo = (): Promise<void> => {
      for (const socket of sockets) socket.destroy()
      return Promise.resolve()
    }
    return { about: `${FLOOD_CONNECTIONS} connections to member ${member.id}`, undo }
  }
  return { name: 'connection-flood', group: 'clients', needs: 'nothing', begin }
}

function namesDead(): Fault {
  const begin = async (scene: Scene): Promise<Begun> => {
    const server = scene.nameServer
    if (server === undefined) throw new Error('the run has no name server')
    await killHard(server.process)
    const undo = (): Promise<void> => {
      server.process = server.start()
      return Promise.resolve()
    }
    return { about: 'every name server killed', undo }
  }
  return { name: 'name-servers-dead', group: 'names', needs: 'name server', begin }
}

/** The leader's disk is filled to the last byte; a member that ended of it starts again when there is room. */
function diskFull(): Fault {
  const begin = async (scene: Scene): Promise<Begun> => {
    const member = await scene.leader()
    const folder = scene.disks?.folder(member.id) ?? ''
    fill(folder, 0)
    const undo = async (): Promise<void> => {
      clear(folder)
      // It may be about to end of what it found before.
      await sleep(END_OF_FULL_MS)
      scene.restart(member)
    }
    return { about: namesOf([member]), undo }
  }
  return { name: 'disk-full', group: 'processes', needs: 'disks', begin }
}

/** All chosen members stand still, their disks are kept as they are, they die, and start on what was kept. */
function powerCut(name: string, choose: Choose): Fault {
  const begin = async (scene: Scene, prng: Prng): Promise<Begun> => {
    const members = await choose(scene, prng)
    const { disks } = scene
    if (disks === undefined) throw new Error('the run has no disks of its own')
    for (const member of members) member.process.kill('SIGSTOP')
    // A write that the kernel was doing is over after this.
    await sleep(SETTLE_BEFORE_COPY_MS)
    for (const { id } of members) disks.freeze(id)
    await Promise.all(members.map((member) => scene.cluster.kill(member)))
    for (const { id } of members) disks.thaw(id)
    const undo = (): Promise<void> => {
      for (const member of members) scene.restart(member)
      return Promise.resolve()
    }
    return { about: namesOf(members), undo }
  }
  return { name, group: 'processes', needs: 'disks', begin }
}

function idsOf(members: readonly Member[]): string[] {
  return members.map((member) => String(member.id))
}

function namesOf(members: readonly Member[]): string {
  return members.map((member) => `member ${member.id}`).join(', ')
}
