/** A broker group of one or three members for a bench: real processes, real files, loopback. */
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

/** Starts `count` members with their data below `folder` and waits until they are healthy. */
export async function startCluster(count: number, folder: string): Promise<Cluster> {
  const places: MemberPlace[] = []
  for (let id = 1; id <= count; id += 1) {
    places.push({
      id,
      clientPort: await freePort(),
      peerPort: await freePort(),
    })
  }
  const startMember = (id: number): ChildProcess => {
    const program = join(projectFolder(), 'bin', 'dledger.cjs')
    return startLogged([program, 'broker', '-c', join(folder, `member-${id}.yaml`)], logFileOf(folder, id))
  }
  mkdirSync(folder, { recursive: true })
  for (const place of places) {
    writeFileSync(join(folder, `member-${place.id}.yaml`), memberConfig(place, places, folder))
  }
  const members = places.map(({ id, clientPort }) => {
    const logFile = logFileOf(folder, id)
    return { id, clientAddress: `127.0.0.1:${clientPort}`, logFile, process: startMember(id) }
  })
  const cluster = new Cluster(members, startMember)
  await cluster.healthy()
  return cluster
}

function logFileOf(folder: string, id: number): string {
  return join(folder, `member-${id}.log`)
}
