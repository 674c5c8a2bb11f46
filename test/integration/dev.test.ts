/** `dledger dev` and `dledger-cli` as a person uses them: real processes, real ports, real signals. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const BIN = join(import.meta.dirname, '..', '..', 'bin')
const READY_MS_MAX = 60_000
const STOP_MS_MAX = 5_000

interface StatusMember {
  readonly id: number
  readonly role: string
  readonly processId: number
  readonly error: string | null
}
interface Status {
  readonly code: number | null
  readonly verdict: string
  readonly members: readonly StatusMember[]
}

/** One run of `dledger dev` on ports of its own. */
class Dev {
  readonly #child: ChildProcess
  output = ''

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [join(BIN, 'dledger.cjs'), 'dev', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const add = (text: Buffer): void => {
      this.output += text.toString()
    }
    this.#child.stdout?.on('data', add)
    this.#child.stderr?.on('data', add)
  }

  async says(words: RegExp): Promise<void> {
    await until(
      () => words.test(this.output),
      () => `${words} in:\n${this.output}`,
    )
  }

  /** Sends a signal; resolves with the exit code and how long it took. */
  async end(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }> {
    const started = performance.now()
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      return { code: this.#child.exitCode, ms: 0 }
    const gone = new Promise<number | null>((resolve) => this.#child.once('exit', resolve))
    this.#child.kill(signal)
    return { code: await gone, ms: performance.now() - started }
  }

  /** The process ids of the name server and the members, from the welcome. */
  pids(): number[] {
    const line = /processes +(.*)/.exec(this.output)?.[1] ?? ''
    return [...line.matchAll(/(\d+)(?:,|$)/g)].map((match) => Number(match[1]))
  }
}

let folder = ''
let args: readonly string[] = []
let clients = ''
let dev: Dev

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dledger-dev-'))
  const [port, peerPort, namesrvPort] = await freePorts()
  args = [
    '--data',
    folder,
    '--port',
    `${port}`,
    '--peer-port',
    `${peerPort}`,
    '--namesrv-port',
    `${namesrvPort}`,
  ]
  clients = [0, 1, 2].map((n) => `127.0.0.1:${port + n}`).join(',')
  dev = new Dev(args)
  await dev.says(/Ctrl-C stops/)
})

afterAll(async () => {
  await dev.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

test('a new cluster is healthy, has the topic hello and carries a message', () => {
  expect(status()).toMatchObject({ code: 0, verdict: 'healthy', members: [{ id: 1 }, { id: 2 }, { id: 3 }] })
  expect(cli('topic', 'list').stdout).toMatch(/^hello +NORMAL/m)
  expect(cli('produce', 'hello', 'a first message').stdout).toMatch(/^Sent to hello/)
  expect(cli('consume', 'hello', '-g', 'first', '-n', '1').stdout).toContain('a first message')
})

test('a mistyped topic is told with the one that is meant', () => {
  const { status: code, stderr } = cli('produce', 'helo', 'x')
  expect(code).toBe(1)
  expect(stderr).toBe(
    'error: topic "helo" does not exist; did you mean "hello"? to make it: npm run cli -- topic create helo\n',
  )
})

test('a second cluster on the same folder or ports is refused in one sentence', () => {
  const again = spawnSync(process.execPath, [join(BIN, 'dledger.cjs'), 'dev', ...args], { encoding: 'utf8' })
  expect(again.stderr).toMatch(/^error: .*in use by the process \d+.*--data\n$/)
  const other = join(folder, 'logs', 'other')
  const elsewhere = spawnSync(process.execPath, [join(BIN, 'dledger.cjs'), 'dev', ...args, '--data', other], {
    encoding: 'utf8',
  })
  expect(elsewhere.stderr).toMatch(/^error: port \d+ is in use.*--namesrv-port\n$/)
})

test('a killed leader is named, replaced by another member and started again', async () => {
  const leader = status().members.find(({ role }) => role === 'leader')
  if (leader === undefined) throw new Error('nobody leads')
  process.kill(leader.processId, 'SIGKILL')
  await until(
    () => status().verdict === 'degraded',
    () => 'a new leader',
  )
  expect(status().members.find(({ id }) => id === leader.id)).toMatchObject({ role: 'unreachable' })
  await dev.says(new RegExp(`member ${leader.id} \\(pid ${leader.processId}\\) was killed by SIGKILL`))
  await dev.says(new RegExp(`member ${leader.id} is started again`))
  await until(
    () => status().verdict === 'healthy',
    () => 'a healthy cluster',
  )
})

test('Ctrl-C stops everything with exit code 0, and the data is there at the next start', async () => {
  const before = dev.pids()
  const { code, ms } = await dev.end('SIGINT')
  expect(code).toBe(0)
  expect(ms).toBeLessThan(STOP_MS_MAX)
  expect(before.filter(lives)).toEqual([])
  expect(status()).toMatchObject({ code: 3, verdict: 'unreachable' })
  dev = new Dev(args)
  await dev.says(/Ctrl-C stops/)
  expect(cli('topic', 'describe', 'hello').stdout).toMatch(/1 messages in 8 queues\. Read by first\./)
})

test('the members end when their parent is killed', async () => {
  const pids = dev.pids()
  expect(pids).toHaveLength(4)
  await dev.end('SIGKILL')
  await until(
    () => !pids.some(lives),
    () => `the end of ${pids.join(', ')}`,
  )
})

function cli(...words: readonly string[]) {
  const options = {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, DLEDGER_ENDPOINTS: clients },
  } as const
  return spawnSync(process.execPath, [join(BIN, 'dledger-cli.cjs'), ...words], options)
}

function status(): Status {
  const { status: code, stdout } = cli('status', '--json')
  const answer = JSON.parse(stdout) as { verdict: string; groups: { members: StatusMember[] }[] }
  return { code, verdict: answer.verdict, members: answer.groups[0]?.members ?? [] }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(holds: () => boolean, what: () => string): Promise<void> {
  const end = performance.now() + READY_MS_MAX
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Three places with room for three ports each. */
async function freePorts(): Promise<[number, number, number]> {
  for (;;) {
    const start = 20_000 + Math.floor(Math.random() * 10_000)
    const free = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((n) => isFree(start + n)))
    if (free.every(Boolean)) return [start, start + 3, start + 6]
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
