/** A broker group of one or three members for a bench or a run with faults: real processes, real files. */
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adminOf, type MemberStatus } from './admin.ts'
import { freePort, killHard, projectFolder, sleep, startLogged, tailOf } from './children.ts'
import { memberConfig, type MemberPlace } from './member-config.ts'

const START_MS_MAX = 30_000
const POLL_MS = 50

/** One member: where clients reach it, and its process, which changes with each start. */
export interface Member {
  readonly id: number
  readonly clientAddress: string
  readonly logFile: string
  process: ChildProcess
}

export class Cluster {
  readonly members: readonly Member[]
  private readonly start: (id: number) => ChildProcess

  constructor(members: readonly Member[], start: (id: number) => ChildProcess) {
    this.members = members
    this.start = start
  }

  addresses(): string[] {
    return this.members.map((member) => member.clientAddress)
  }

  pids(): number[] {
    return this.members.map((member) => member.process.pid ?? 0)
  }

  /** Waits until one member leads and every member follows it and has applied what it committed. */
  async healthy(): Promise<Member> {
    const until = Date.now() + START_MS_MAX
    for (;;) {
      const states = await Promise.all(this.members.map((member) => this.ask(member)))
      const leader = this.members.find((_, n) => states[n]?.role === 'leader')
      if (leader !== undefined && states.every((state) => agrees(state, leader, states))) return leader
      if (Date.now() > until) throw new Error(`the group did not become healthy\n${this.logs()}`)
      await sleep(POLL_MS)
    }
  }

  private async ask(member: Member): Promise<MemberStatus | undefined> {
    if (member.process.exitCode !== null) throw new Error(`member ${member.id} ended\n${this.logs()}`)
    return adminOf(member.clientAddress).describeMember()
  }

  private logs(): string {
    return this.members.map((member) => `member ${member.id}:\n${tailOf(member.logFile, 15)}`).join('\n')
  }

  async createTopic(name: string): Promise<void> {
    const leader = await this.healthy()
    await adminOf(leader.clientAddress).createTopic(name)
  }

  /** Kills a member as `kill -9` does. */
  async kill(member: Member): Promise<void> {
    await killHard(member.process)
  }

  restart(member: Member): void {
    member.process = this.start(member.id)
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => this.kill(member)))
  }
}

function agrees(
  state: MemberStatus | undefined,
  leader: Member,
  states: readonly (MemberStatus | undefined)[],
): boolean {
  const committed = Math.max(...states.map((other) => other?.commitIndex ?? 0))
  return state !== undefined && state.leaderId === leader.id && state.appliedIndex >= committed
}

/** What differs between the groups that are started. */
export interface ClusterOptions {
  /** More keys of the members' configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The folder that holds each member's data, by id; one below the cluster's folder if not given. */
  readonly dataFolder?: (id: number) => string
}

/** Places of `count` members on loopback, on ports that nobody uses now. */
export async function loopbackPlaces(count: number): Promise<MemberPlace[]> {
  const places: MemberPlace[] = []
  for (let id = 1; id <= count; id += 1) {
    const [clientPort, peerPort] = [await freePort(), await freePort()]
    places.push({ id, host: '127.0.0.1', clientPort, peerPort, prefix: [] })
  }
  return places
}

/** Starts `count` members on loopback with their data below `folder` and waits until they are healthy. */
export async function startCluster(count: number, folder: string): Promise<Cluster> {
  return startMembers(await loopbackPlaces(count), folder)
}

/** Starts a member at each place and waits until they are healthy. */
export async function startMembers(
  places: readonly MemberPlace[],
  folder: string,
  options: ClusterOptions = {},
): Promise<Cluster> {
  const program = join(projectFolder(), 'bin', 'dledger.cjs')
  const dataFolder = options.dataFolder ?? ((id: number) => join(folder, `data-${id}`))
  const startMember = (id: number): ChildProcess => {
    const prefix = places.find((place) => place.id === id)?.prefix ?? []
    const args = [program, 'broker', '-c', join(folder, `member-${id}.yaml`)]
    return startLogged(args, logFileOf(folder, id), prefix)
  }
  mkdirSync(folder, { recursive: true })
  for (const place of places) {
    const text = memberConfig(place, places, dataFolder(place.id), options.config)
    writeFileSync(join(folder, `member-${place.id}.yaml`), text)
  }
  const members = places.map(({ id, host, clientPort }) => {
    const logFile = logFileOf(folder, id)
    return { id, clientAddress: `${host}:${clientPort}`, logFile, process: startMember(id) }
  })
  const cluster = new Cluster(members, startMember)
  await cluster.healthy()
  return cluster
}

function logFileOf(folder: string, id: number): string {
  return join(folder, `member-${id}.log`)
}
