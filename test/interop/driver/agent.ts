/**
 * One process that holds clients of one language, and what to ask of it: a request is a line of JSON with a
 * number and an operation, its answer a line with the same number; what comes by itself is a line with `event`.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { establishedTo } from './connections.ts'

const ANSWER_MS_MAX = 60_000
const END_MS_MAX = 5_000

/** A message as a library gave it to its user. `at` is the agent's wall clock in ms. */
export interface Received {
  /** What `ack` and `change` name; messages of a push consumer have none. */
  readonly ref: number
  readonly id: string
  readonly topic: string
  readonly body: string
  readonly tag?: string | null
  readonly keys: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  readonly attempt: number
  readonly group?: string | null
  readonly at: number
}

/** A message that came to a listener (`message`) or a transaction checker (`check`). */
export interface Came extends Received {
  readonly event: 'message' | 'check'
  readonly consumer?: string
  readonly producer?: string
}

/** What a send asks for beside topic and body. */
export interface SendOptions {
  readonly tag?: string
  readonly keys?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
  readonly group?: string
  readonly deliverAt?: number
  readonly priority?: number
}

/** How an agent is started. */
export interface AgentPlace {
  readonly language: string
  /** The program and its first arguments; endpoints and `on` or `off` for TLS follow. */
  readonly command: readonly string[]
  readonly endpoints: string
  readonly tls: boolean
  readonly env: Readonly<Record<string, string>>
  /** Where its log and the library's own logs go. */
  readonly folder: string
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export class Agent {
  readonly language: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Map<string, (came: Came) => void>()
  #next = 1
  #ended: Promise<void>

  constructor(place: AgentPlace) {
    const { language, command, endpoints, tls, env, folder } = place
    this.language = language
    // One of the libraries logs to `logs` where it runs, and gives up when that is not there.
    mkdirSync(join(folder, 'logs'), { recursive: true })
    const log = createWriteStream(join(folder, 'agent.log'), { flags: 'a' })
    const args = [...command.slice(1), endpoints, tls ? 'on' : 'off']
    const child = spawn(command[0] ?? '', args, { cwd: folder, env: { ...process.env, ...env } })
    this.#child = child
    child.stderr.pipe(log, { end: false })
    child.stdin.on('error', () => undefined)
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{"') || !this.#take(line)) log.write(`${line}\n`)
    })
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => log.write(`${String(error)}\n`))
      child.once('close', () => {
        for (const one of this.#waiting.values()) one.reject(new Error(`the ${language} program ended`))
        this.#waiting.clear()
        resolve()
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Which of these hosts its connections to `port` go to, by count. */
  connections(port: number): Map<string, number> {
    return establishedTo(this.pid, port)
  }

  /** Messages that come to the push consumer or the checker of this name. */
  on(name: string, listener: (came: Came) => void): void {
    this.#listeners.set(name, listener)
  }

  /** Does one operation. Rejects with the library's error as text. */
  ask<T = unknown>(op: string, fields: object, msMax = ANSWER_MS_MAX): Promise<T> {
    const n = this.#next++
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(n)
        reject(new Error(`${op} was not answered within ${msMax / 1000} s`))
      }, msMax)
      const settle = (end: () => void): void => {
        clearTimeout(timer)
        end()
      }
      this.#waiting.set(n, {
        resolve: (value) => settle(() => resolve(value as T)),
        reject: (error) => settle(() => reject(error)),
      })
      this.#child.stdin.write(`${JSON.stringify({ n, op, ...fields })}\n`)
    })
  }

  send(
    producer: string,
    topic: string,
    body: string,
    more: SendOptions = {},
  ): Promise<{ id: string; handle?: string }> {
    return this.ask('send', { producer, topic, body, ...more })
  }

  async receive(consumer: string, max: number, invisibleMs: number): Promise<readonly Received[]> {
    const answer = await this.ask<{ messages: readonly Received[] }>('receive', {
      consumer,
      max,
      invisibleMs,
    })
    return answer.messages
  }

  ack(message: Received): Promise<unknown> {
    return this.ask('ack', { ref: message.ref })
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS_MAX)
    await this.#ended
    clearTimeout(timer)
  }

  /** Whether the line was one of the protocol. */
  #take(text: string): boolean {
    let line: { n?: number; ok?: unknown; error?: string; event?: string } & Partial<Came>
    try {
      line = JSON.parse(text) as typeof line
    } catch {
      return false
    }
    if (line.event === 'message' || line.event === 'check') {
      this.#listeners.get(line.consumer ?? line.producer ?? '')?.(line as Came)
      return true
    }
    const waiting = line.n === undefined ? undefined : this.#waiting.get(line.n)
    if (line.n === undefined || waiting === undefined) return line.event === 'hello'
    this.#waiting.delete(line.n)
    if (line.error === undefined) waiting.resolve(line.ok)
    else waiting.reject(new Error(line.error))
    return true
  }
}
