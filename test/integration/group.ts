/**
 * A broker group of real processes for integration tests: real sockets, real files, real signals. Everything
 * that was started is ended again, by pid, when the group closes or the test process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { Admin, type MemberStatus } from './admin.ts'

const PROGRAM = process.env['DLEDGER_PROGRAM'] ?? join(import.meta.dirname, '..', '..', 'bin', 'dledger.cjs')
const HEALTHY_MS_MAX = 30_000
const started = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL')
})

export interface GroupOptions {
  readonly count?: number
  /** More keys of the members' configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The folder that holds each member's data, by id; a folder of the group's own if not given. */
  readonly dataFolder?: (id: number) => string
  /** Each member's client address, by id; 127.0.0.1 with a port of its own if not given. */
  readonly clientAddress?: (id: number) => string
}

export class Member {
  readonly id: number
  readonly endpoint: string
  readonly peerPort: number
  readonly folder: string
  readonly dataFolder: string
  readonly admin: Admin
  process: ChildProcess | null = null

  constructor(id: number, endpoint: string, peerPort: number, folder: string, dataFolder: string) {
    this.id = id
    this.endpoint = endpoint
    this.peerPort = peerPort
    this.folder = folder
    this.dataFolder = dataFolder
    this.admin = new Admin(this.endpoint)
  }

  get configFile(): string {
    return join(this.folder, `member-${this.id}.yaml`)
  }

  get logFile(): string {
    return join(this.folder, `member-${this.id}.log`)
  }

  get alive(): boolean {
    return this.process !== null && this.process.exitCode === null && this.process.signalCode === null
  }

  start(): void {
    const log = openSync(this.logFile, 'a')
    const child = spawn(process.execPath, [PROGRAM, 'broker', '-c', this.configFile], {
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    started.add(child)
    child.once('exit', () => started.delete(child))
    this.process = child
  }

  /** Sends a signal; for SIGKILL and SIGTERM resolves when the process is gone. */
  async signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.process
    if (child === null || !this.alive) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await gone
  }

  /** What the member wrote to its log. */
  log(): string {
    return readFileSync(this.logFile, 'utf8')
  }
}

export class Group {
  readonly members: Member[]
  readonly folder: string

  private constructor(members: Member[], folder: string) {
    this.members = members
    this.folder = folder
  }

  /** Starts a new group and waits until it is healthy. */
  static async start(options: GroupOptions = {}): Promise<Group> {
    const count = options.count ?? 3
    const folder = mkdtempSync(join(tmpdir(), 'dledger-group-'))
    const members: Member[] = []
    for (let id = 1; id <= count; id++) {
      const dataFolder = options.dataFolder?.(id) ?? join(folder, `data-${id}`)
      const endpoint = options.clientAddress?.(id) ?? `127.0.0.1:${await freePort()}`
      members.push(new Member(id, endpoint, await freePort(), folder, dataFolder))
    }
    const group = new Group(members, folder)
    for (const member of members) group.#writeConfig(member, options.config ?? {})
    for (const member of members) member.start()
    await group.healthy()
    return group
  }

  /** Starts one more member with an empty folder, which waits to be made one of the group. It is not counted yet. */
  async joining(id: number): Promise<Member> {
    const dataFolder = join(this.folder, `data-${id}`)
    const endpoint = `127.0.0.1:${await freePort()}`
    const member = new Member(id, endpoint, await freePort(), this.folder, dataFolder)
    this.#writeConfig(member, {
      bootstrap: undefined,
      join: 'integration-test',
      members: [addressesOf(member)],
    })
    member.start()
    return member
  }

  get endpoints(): string[] {
    return this.members.map((member) => member.endpoint)
  }

  member(id: number): Member {
    const member = this.members.find((one) => one.id === id)
    if (member === undefined) throw new Error(`there is no member ${id}`)
    return member
  }

  others(member: Member): Member[] {
    return this.members.filter((one) => one !== member)
  }

  /** The states of the members that answer. */
  async states(): Promise<Map<Member, MemberStatus>> {
    const states = new Map<Member, MemberStatus>()
    await Promise.all(
      this.members.map(async (member) => {
        const state = await member.admin.describeMember()
        if (state !== undefined) states.set(member, state)
      }),
    )
    return states
  }

  /** Waits until a member leads and says so. */
  async leader(): Promise<Member> {
    return this.#until('a leader', async () => {
      for (const [member, state] of await this.states()) {
        if (state.role === 'leader' && state.appliedIndex >= state.commitIndex) return member
      }
      return undefined
    })
  }

  /** Waits until all members follow one leader and have applied everything. Returns the leader. */
  async healthy(): Promise<Member> {
    return this.#until('all members agree', async () => {
      const states = await this.states()
      if (states.size < this.members.length) return undefined
      const leader = [...states].find(([, state]) => state.role === 'leader')
      if (leader === undefined) return undefined
      const same = [...states.values()].every(
        (state) => state.leaderId === leader[0].id && state.appliedIndex === leader[1].commitIndex,
      )
      return same ? leader[0] : undefined
    })
  }

  /** Waits until all members have the same digest at the same index, and returns it. */
  async sameDigest(): Promise<string> {
    return this.#until('equal digests at an equal index', async () => {
      const states = [...(await this.states()).values()]
      if (states.length < this.members.length) return undefined
      const last = states.map((state) => state.digests.at(-1))
      const first = last[0]
      if (first === undefined || last.some((digest) => digest?.index !== first.index)) return undefined
      const digests = new Set(last.map((digest) => digest?.digest))
      if (digests.size > 1) throw new Error(`digests differ at ${first.index}: ${[...digests].join(', ')}`)
      return first.digest
    })
  }

  async close(): Promise<void> {
    for (const member of this.members) {
      await member.signal('SIGCONT')
      await member.signal('SIGKILL')
      member.admin.close()
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  #writeConfig(member: Member, more: Readonly<Record<string, unknown>>): void {
    mkdirSync(member.dataFolder, { recursive: true })
    const config = {
      group: 'broker-test',
      id: member.id,
      data: member.dataFolder,
      bootstrap: 'integration-test',
      members: this.members.map(addressesOf),
      ...more,
    }
    writeFileSync(member.configFile, stringify(config))
  }

  async #until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const end = Date.now() + HEALTHY_MS_MAX
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      if (Date.now() > end) throw new Error(`waited in vain for ${what}\n${this.#tails()}`)
      await sleep(50)
    }
  }

  #tails(): string {
    return this.members
      .map((member) => `member ${member.id}: ${member.log().split('\n').slice(-12).join('\n')}`)
      .join('\n')
  }
}

function addressesOf(member: Member): {
  readonly id: number
  readonly client: string
  readonly peer: string
} {
  return { id: member.id, client: member.endpoint, peer: `127.0.0.1:${member.peerPort}` }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A port of this machine that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}
