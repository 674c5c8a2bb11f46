/** The development cluster at work: starts everything, tells of changes, and stops everything. */
import { join } from 'node:path'
import { CONFIG_DEFAULTS, type ChildMessage } from '../base/config.ts'
import { BrokerError } from '../base/errors.ts'
import { keptCertificate } from '../rpc/certificate.ts'
import { AdminClient } from './admin-client.ts'
import { type ChildPlan, DevChildren, RESTART_MS } from './dev-children.ts'
import type { DevFolder } from './dev-folder.ts'
import { clientEndpoints, type DevShape, processesOf, TLS_FOLDER } from './dev-plan.ts'
import { endText, killLine, welcomeText } from './dev-texts.ts'
import { dim, say } from './terminal.ts'
import { PROGRAM_VERSION } from '../observe/version.ts'

export const DEV_TOPIC = 'hello'
const TELL_AFTER_MS = 2_000
const TOPIC_MS_MAX = 20_000
const WINDOWS = process.platform === 'win32'

export class DevCluster {
  readonly #shape: DevShape
  readonly #folder: DevFolder
  readonly #children: DevChildren
  readonly #waiting = new Set<string>()
  readonly #lastRole = new Map<string, string>()
  #leader = { id: 0, term: 0 }
  #welcomed = false
  #changed: () => void = () => {}
  #failed: (error: BrokerError) => void = () => {}
  readonly #failure: Promise<never>

  constructor(shape: DevShape, folder: DevFolder) {
    this.#shape = shape
    this.#folder = folder
    this.#failure = new Promise<never>((_, reject) => {
      this.#failed = reject
    })
    // It is awaited only during the start; after that nobody is interested.
    this.#failure.catch(() => {})
    this.#children = new DevChildren({
      message: (name, pid, message) => this.#heard(name, pid, message),
      ended: (name, pid, code, signal) => this.#ended(name, pid, code, signal),
      started: (name, pid) => {
        if (this.#welcomed) tell(`${name} is started again, pid ${pid}`)
      },
    })
  }

  /** Starts all processes and says what runs. Rejects with `BrokerError` when one of them cannot start. */
  async start(): Promise<void> {
    const tls = await keptCertificate(join(this.#folder.path, TLS_FOLDER), [], Date.now())
    const isNew = this.#folder.load()?.founded !== true
    const planned = this.#folder.prepare(this.#shape, (bootstrap) => processesOf(this.#shape, bootstrap))
    for (const one of planned) this.#waiting.add(one.name)
    for (const one of planned) this.#children.start(this.#planOf(one))
    await this.#until(
      () => this.#waiting.size === 0,
      () => `${[...this.#waiting].join(', ')} to open`,
    )
    await this.#until(
      () => this.#leader.id !== 0,
      () => 'the members to elect a leader',
    )
    if (isNew) await this.#makeTopic()
    this.#folder.founded(this.#shape)
    this.#welcomed = true
    say(
      welcomeText({
        version: PROGRAM_VERSION,
        shape: this.#shape,
        folder: this.#folder.path,
        caPath: tls.caPath,
        topic: DEV_TOPIC,
        leaderId: this.#leader.id,
        processes: [...this.#children.pids()].map(([name, pid]) => ({ name, pid })),
        ms: performance.now(),
        windows: WINDOWS,
      }),
    )
  }

  /** Stops all processes. */
  async stop(): Promise<void> {
    // Ends whatever the start still waits for.
    this.#failed(new BrokerError('CANCELLED', 'the cluster is being stopped'))
    await this.#children.stop()
  }

  /** Ends all processes at once. */
  kill(): void {
    this.#children.kill()
  }

  #planOf(one: Parameters<DevFolder['configFile']>[0]): ChildPlan {
    return {
      name: one.name,
      args: [one.command, '-c', this.#folder.configFile(one)],
      logFile: this.#folder.logFile(one),
    }
  }

  #heard(name: string, pid: number, message: ChildMessage): void {
    if (message.type === 'ready') this.#waiting.delete(name)
    if (message.type === 'failed') this.#fail(name, message.message)
    if (message.type === 'role') this.#roleChanged(name, pid, message)
    this.#changed()
  }

  #roleChanged(name: string, pid: number, message: Extract<ChildMessage, { type: 'role' }>): void {
    const { role, term, leaderId } = message
    if (leaderId !== 0 && term >= this.#leader.term) this.#leader = { id: leaderId, term }
    const words = roleText(name, pid, message)
    if (this.#welcomed && this.#lastRole.get(name) !== words) tell(words)
    this.#lastRole.set(name, words)
    if (role === 'leader' && term > this.#leader.term) this.#leader = { id: leaderId, term }
  }

  #ended(name: string, pid: number, code: number | null, signal: string | null): void {
    const text = endText(name, pid, code, signal)
    if (this.#welcomed) tell(`${text}; it is started again in ${RESTART_MS / 1_000} s`)
    else this.#fail(name, text)
  }

  /** Before the welcome a process that fails ends the start; afterwards it is told. */
  #fail(name: string, why: string): void {
    if (this.#welcomed) {
      tell(`${name}: ${why}`)
      return
    }
    const log = `${this.#folder.path}/logs`
    this.#failed(new BrokerError('CLOSED', `${name} cannot start: ${why} (its log is in ${log})`))
  }

  /** Waits for news of the processes until `holds`; says for what when it takes long. */
  async #until(holds: () => boolean, what: () => string): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#changed = () => {
        if (holds()) resolve()
      }
      this.#changed()
    })
    await this.#told(Promise.race([reached, this.#failure]), what)
  }

  async #told<T>(work: Promise<T>, what: () => string): Promise<T> {
    const teller = setInterval(() => say(dim(`waiting for ${what()} ...`)), TELL_AFTER_MS)
    try {
      return await work
    } finally {
      clearInterval(teller)
    }
  }

  async #makeTopic(): Promise<void> {
    const client = new AdminClient(clientEndpoints(this.#shape))
    try {
      await this.#told(
        Promise.race([createTopic(client), this.#failure]),
        () => `topic ${DEV_TOPIC} to be made`,
      )
    } finally {
      client.close()
    }
  }
}

/** Tries again while the group has no leader. */
async function createTopic(client: AdminClient): Promise<void> {
  const until = performance.now() + TOPIC_MS_MAX
  for (;;) {
    try {
      await client.call('CreateTopic', { name: DEV_TOPIC })
      return
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      if (error.code === 'TOPIC_EXISTS') return
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function roleText(name: string, pid: number, message: Extract<ChildMessage, { type: 'role' }>): string {
  const { role, term, leaderId } = message
  if (role === 'leader') return `${name} leads in term ${term}    (${killLine(pid, WINDOWS)} kills it)`
  if (role === 'follower' && leaderId !== 0) return `${name} follows member ${leaderId} in term ${term}`
  return `${name} is ${role} in term ${term}`
}

function tell(text: string): void {
  say(`${dim(new Date().toLocaleTimeString('en-GB'))}  ${text}`)
}

/** The shape when no flag says otherwise. */
export const DEV_SHAPE: DevShape = {
  nodes: 3,
  port: CONFIG_DEFAULTS.clientPort,
  namesrvPort: CONFIG_DEFAULTS.namesrvPort,
  peerPort: CONFIG_DEFAULTS.peerPort,
}
