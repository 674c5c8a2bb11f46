/** What faults work on: the group, its network and disks, and the pauses between them. */
import type { ChildProcess } from 'node:child_process'
import { adminOf, type MemberStatus } from '../../bench/admin.ts'
import { killHard, sleep, tailOf } from '../../bench/children.ts'
import type { Cluster, Member } from '../../bench/cluster.ts'
import type { ImageDisks } from '../cluster/image-disks.ts'
import { runScript } from '../scripts.ts'

const POLL_MS = 50
const END_MS_MAX = 10_000

/** A name server of the run. */
export interface NameServer {
  process: ChildProcess
  readonly start: () => ChildProcess
}

export class Scene {
  readonly cluster: Cluster
  /** The file that the fault scripts read; empty without namespaces. */
  readonly nodesFile: string
  readonly disks: ImageDisks | undefined
  readonly nameServer: NameServer | undefined

  constructor(
    cluster: Cluster,
    nodesFile: string,
    disks: ImageDisks | undefined,
    nameServer: NameServer | undefined,
  ) {
    this.cluster = cluster
    this.nodesFile = nodesFile
    this.disks = disks
    this.nameServer = nameServer
  }

  /** The one who leads in the latest term that anybody tells; the first member if nobody does. */
  async leader(): Promise<Member> {
    const { members } = this.cluster
    const states = await this.states()
    const leading = members.filter((_, n) => states[n]?.role === 'leader')
    const termOf = (member: Member): number => states[members.indexOf(member)]?.term ?? 0
    const newest = leading.sort((a, b) => termOf(b) - termOf(a))[0] ?? members[0]
    if (newest === undefined) throw new Error('the group has no members')
    return newest
  }

  async followers(): Promise<Member[]> {
    const leader = await this.leader()
    return this.cluster.members.filter((member) => member !== leader)
  }

  states(): Promise<(MemberStatus | undefined)[]> {
    return Promise.all(this.cluster.members.map((member) => adminOf(member.clientAddress).describeMember()))
  }

  /** Waits until all members follow one leader; throws with their last words when it takes too long or one ended. */
  async settled(msMax: number): Promise<void> {
    const end = performance.now() + msMax
    for (;;) {
      const ended = this.ended().map((member) => `member ${member.id}`)
      if (ended.length > 0) throw new Error(`${ended.join(', ')} ended by itself\n${this.lastWords()}`)
      const states = await this.states()
      const leaders = new Set(states.map((state) => state?.leaderId ?? 0))
      if (leaders.size === 1 && !leaders.has(0)) return
      if (performance.now() > end)
        throw new Error(`the group did not settle in ${msMax} ms\n${this.lastWords()}`)
      await sleep(POLL_MS)
    }
  }

  /** Members that ended although nobody ended them. */
  ended(): Member[] {
    return this.cluster.members.filter((member) => !isAlive(member.process))
  }

  restart(member: Member): void {
    if (!isAlive(member.process)) this.cluster.restart(member)
  }

  /** Asks a member to end in order and waits for it. */
  async terminate(member: Member): Promise<void> {
    if (!isAlive(member.process)) return
    const gone = new Promise<void>((resolve) => member.process.once('exit', () => resolve()))
    member.process.kill('SIGTERM')
    await Promise.race([gone, sleep(END_MS_MAX)])
    await killHard(member.process)
  }

  script(name: string, ...args: readonly string[]): Promise<string> {
    return runScript(this.nodesFile, name, ...args)
  }

  lastWords(): string {
    return this.cluster.members
      .map((member) => `member ${member.id}:\n${tailOf(member.logFile, 8)}`)
      .join('\n')
  }
}

export function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
