/**
 * Runs the processes of the development cluster as a service manager would: the output of each goes to a file,
 * one that ends is started again after 3 s, and all end with this process, because they hear its channel close.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { ChildMessage } from '../base/config.ts'

export const RESTART_MS = 3_000
/** Stopping takes no longer than this; what is left then is killed. */
export const STOP_MS_MAX = 4_500

const PROGRAM = fileURLToPath(new URL('../../bin/dledger.cjs', import.meta.url))

const messageSchema: z.ZodType<ChildMessage> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), pid: z.number() }),
  z.object({ type: z.literal('role'), role: z.string(), term: z.number(), leaderId: z.number() }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
])

/** One process to run. */
export interface ChildPlan {
  readonly name: string
  readonly args: readonly string[]
  readonly logFile: string
}

/** What is heard of the processes. */
export interface ChildEvents {
  message(name: string, pid: number, message: ChildMessage): void
  ended(name: string, pid: number, code: number | null, signal: string | null): void
  started(name: string, pid: number): void
}

export class DevChildren {
  readonly #events: ChildEvents
  readonly #running = new Map<string, ChildProcess>()
  readonly #restarts = new Set<NodeJS.Timeout>()
  #stopping = false

  constructor(events: ChildEvents) {
    this.#events = events
  }

  /** Starts a process and keeps it running until `stop`. */
  start(plan: ChildPlan): void {
    const log = openSync(plan.logFile, 'a')
    const child = fork(PROGRAM, [...plan.args], { stdio: ['ignore', log, log, 'ipc'], execArgv: [] })
    closeSync(log)
    const pid = child.pid ?? 0
    this.#running.set(plan.name, child)
    this.#events.started(plan.name, pid)
    child.on('message', (message) => {
      const known = messageSchema.safeParse(message)
      if (known.success) this.#events.message(plan.name, pid, known.data)
    })
    // A process that cannot even be started ends without an exit event.
    child.once('error', () => this.#ended(plan, child, null, null))
    child.once('exit', (code, signal) => this.#ended(plan, child, code, signal))
  }

  /** The process ids by name, of those that run now. */
  pids(): ReadonlyMap<string, number> {
    return new Map([...this.#running].map(([name, child]) => [name, child.pid ?? 0]))
  }

  /** Stops all in order and resolves when none is left, after `STOP_MS_MAX` at the latest. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const restart of this.#restarts) clearTimeout(restart)
    const gone = [...this.#running.values()].map(
      (child) => new Promise<void>((resolve) => child.once('exit', () => resolve())),
    )
    for (const child of this.#running.values()) if (child.connected) child.disconnect()
    const cutOff = setTimeout(() => this.kill(), STOP_MS_MAX)
    await Promise.all(gone)
    clearTimeout(cutOff)
  }

  /** Ends all at once. */
  kill(): void {
    for (const child of this.#running.values()) child.kill('SIGKILL')
  }

  #ended(plan: ChildPlan, child: ChildProcess, code: number | null, signal: string | null): void {
    if (this.#running.get(plan.name) !== child) return
    this.#running.delete(plan.name)
    if (this.#stopping) return
    const restart = setTimeout(() => {
      this.#restarts.delete(restart)
      this.start(plan)
    }, RESTART_MS)
    this.#restarts.add(restart)
    this.#events.ended(plan.name, child.pid ?? 0, code, signal)
  }
}
