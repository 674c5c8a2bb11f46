/** The programs beside the members: `dledger-cli` once, a name server for a while, a member that must not start. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Member } from './group.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin')
const CLI_MS_MAX = 20_000
const END_MS_MAX = 20_000
const servers = new Set<ChildProcess>()

process.on('exit', () => {
  for (const server of servers) server.kill('SIGKILL')
})

/** How a program ended. */
export interface Ended {
  readonly code: number
  readonly text: string
}

/** Runs `dledger-cli` to its end. */
export function cli(...args: readonly string[]): Promise<Ended> {
  const file = join(BIN, 'dledger-cli.cjs')
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { timeout: CLI_MS_MAX }, (error, out, notes) => {
      const code = error === null ? 0 : Number(error.code ?? -1)
      resolve({ code, text: `${out}${notes}` })
    })
  })
}

/** Starts a member that cannot start, and returns its exit code and what it said to people. */
export async function startInVain(member: Member): Promise<Ended> {
  const before = sizeOf(member.logFile)
  member.start()
  const child = member.process
  if (child === null) throw new Error('the member was not started')
  const code = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`member ${member.id} did not end:\n${member.log()}`))
    }, END_MS_MAX)
    child.once('exit', (exitCode, signal) => {
      clearTimeout(timer)
      resolve(exitCode ?? (signal === null ? -1 : -2))
    })
  })
  const lines = readFileSync(member.logFile).subarray(before).toString().split('\n')
  return { code, text: lines.filter((line) => line !== '' && !line.startsWith('{')).join('\n') }
}

/** Changes a member's configuration file; a key that is `undefined` is removed. */
export function editConfig(member: Member, change: Readonly<Record<string, unknown>>): void {
  const config = parse(readFileSync(member.configFile, 'utf8')) as Record<string, unknown>
  writeFileSync(member.configFile, stringify({ ...config, ...change }))
}

/** A name server on a port of its own. */
export class NameServerProcess {
  readonly address: string
  readonly #folder: string
  #process: ChildProcess | null = null

  constructor(address: string, folder: string) {
    this.address = address
    this.#folder = folder
  }

  start(): void {
    const name = join(this.#folder, `namesrv-${this.address.replace(':', '-')}`)
    writeFileSync(`${name}.yaml`, stringify({ listen: this.address }))
    const log = openSync(`${name}.log`, 'a')
    const args = [join(BIN, 'dledger.cjs'), 'namesrv', '-c', `${name}.yaml`]
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] })
    closeSync(log)
    servers.add(child)
    child.once('exit', () => servers.delete(child))
    this.#process = child
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (child === null || !servers.has(child)) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await gone
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
