/**
 * The load generator, a process of its own: SendMessage calls at full speed or paced, over several
 * connections and addresses, with or without retry. Prints `{"event":"measuring"}` when the warm-up is over
 * and one JSON line with the result at the end.
 *
 * A paced call counts from when it was due, not from when it could be sent. A retried call keeps its message
 * ids and its time.
 */
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { Connection, type ConnectionOwner } from './connection.ts'
import { Histogram } from './histogram.ts'
import type { LoadResult } from './load-result.ts'
import { type CallTemplate, callTemplate } from './request.ts'

const RECONNECT_MS = 50
const ATTEMPT_MS_MAX = 3_000
const PACE_MS = 1

interface Options {
  readonly addresses: readonly string[]
  readonly connections: number
  readonly inflight: number
  readonly batch: number
  readonly ratePerSecond: number
  readonly warmSeconds: number
  readonly seconds: number
  /** How often a call is sent at most. */
  readonly attempts: number
  readonly templates: ReadonlyMap<string, CallTemplate>
}

interface Waiting {
  readonly number: number
  readonly since: number
  readonly attempt: number
}

class Load implements ConnectionOwner {
  private readonly options: Options
  private readonly live = new Set<Connection>()
  private readonly again: Waiting[] = []
  private readonly histogram = new Histogram()
  private nextNumber = 0
  private dueAt = 0
  private measuring = false
  private stopped = false
  private calls = 0
  private failed = 0
  private retried = 0
  private acceptedAt = 0
  private gapMs = 0
  private gapBegan = 0
  private lastError = ''

  constructor(options: Options) {
    this.options = options
  }

  async run(): Promise<LoadResult> {
    const { addresses, connections, ratePerSecond, warmSeconds, seconds } = this.options
    for (let n = 0; n < connections; n += 1) this.open(addresses[n % addresses.length] ?? '')
    this.dueAt = performance.now() + 200
    const pace = ratePerSecond > 0 ? setInterval(() => this.pace(), PACE_MS) : undefined
    const expire = setInterval(() => this.expire(), 100)
    await sleep(warmSeconds * 1000)
    this.measuring = true
    console.log(JSON.stringify({ event: 'measuring' }))
    const startedAt = performance.now()
    const cpu = process.cpuUsage()
    this.acceptedAt = startedAt
    await sleep(seconds * 1000)
    this.measuring = false
    const spent = process.cpuUsage(cpu)
    const elapsed = (performance.now() - startedAt) / 1000
    // The silence at the end is a gap too.
    this.gap(performance.now())
    this.stopped = true
    clearInterval(pace)
    clearInterval(expire)
    for (const connection of this.live) connection.close()
    return this.result(elapsed, spent.user + spent.system)
  }

  private result(seconds: number, cpuMicros: number): LoadResult {
    return {
      event: 'result',
      seconds,
      calls: this.calls,
      callsPerSecond: Math.round(this.calls / seconds),
      messagesPerSecond: Math.round((this.calls * this.options.batch) / seconds),
      failed: this.failed,
      retried: this.retried,
      latencyMs: this.histogram.latencies(),
      longestGapMs: Math.round(this.gapMs),
      gapBeganAtMs: Math.round(performance.timeOrigin + this.gapBegan),
      cpuMicrosPerCall: Math.round((cpuMicros / Math.max(1, this.calls)) * 10) / 10,
      lastError: this.lastError,
    }
  }

  private open(address: string): void {
    const template = this.options.templates.get(address)
    if (template === undefined) throw new Error(`no calls were made for ${address}`)
    this.live.add(new Connection(address, template, this.options.inflight, this))
  }

  refill(connection: Connection): void {
    if (this.stopped) return
    const now = performance.now()
    while (connection.hasRoom()) {
      const waiting = this.again.shift()
      if (waiting !== undefined) connection.send(waiting.number, waiting.since, waiting.attempt, now)
      else if (this.options.ratePerSecond === 0) connection.send(this.take(), now, 1, now)
      else return
    }
  }

  /** Sends what is due, one connection after the other. What finds no room stays due. */
  private pace(): void {
    const now = performance.now()
    const gap = 1000 / this.options.ratePerSecond
    let sent = true
    while (sent && this.dueAt <= now) {
      sent = false
      for (const connection of this.live) {
        if (this.dueAt > now || !connection.hasRoom()) continue
        connection.send(this.take(), this.dueAt, 1, now)
        this.dueAt += gap
        sent = true
      }
    }
    for (const connection of this.live) {
      if (this.again.length > 0) this.refill(connection)
      connection.flush()
    }
  }

  private take(): number {
    const number = this.nextNumber
    this.nextNumber += this.options.batch
    return number
  }

  ended(number: number, since: number, attempt: number, accepted: boolean): void {
    if (!accepted) {
      this.retry(number, since, attempt)
      return
    }
    if (!this.measuring) return
    const now = performance.now()
    this.calls += 1
    this.histogram.add(now - since)
    this.gap(now)
    this.acceptedAt = now
  }

  private gap(now: number): void {
    if (now - this.acceptedAt <= this.gapMs) return
    this.gapMs = now - this.acceptedAt
    this.gapBegan = this.acceptedAt
  }

  lost(number: number, since: number, attempt: number): void {
    if (!this.stopped) this.retry(number, since, attempt)
  }

  private retry(number: number, since: number, attempt: number): void {
    for (const connection of this.live) if (connection.refusal !== '') this.lastError = connection.refusal
    if (attempt >= this.options.attempts) {
      this.failed += 1
      return
    }
    this.retried += 1
    this.again.push({ number, since, attempt: attempt + 1 })
  }

  private expire(): void {
    const before = performance.now() - ATTEMPT_MS_MAX
    for (const connection of this.live) connection.expire(before)
  }

  closed(connection: Connection, reason: string): void {
    this.live.delete(connection)
    if (this.stopped) return
    this.lastError = reason
    setTimeout(() => {
      if (!this.stopped) this.open(connection.address)
    }, RECONNECT_MS)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      addresses: { type: 'string' },
      topic: { type: 'string', default: 'bench' },
      size: { type: 'string', default: '1024' },
      batch: { type: 'string', default: '1' },
      connections: { type: 'string', default: '4' },
      inflight: { type: 'string', default: '64' },
      rate: { type: 'string', default: '0' },
      warm: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '5' },
      attempts: { type: 'string', default: '1' },
    },
  })
  const addresses = (values.addresses ?? '').split(',').filter((address) => address !== '')
  if (addresses.length === 0) throw new Error('--addresses host:port[,host:port] is missing')
  const salt = randomBytes(8).toString('hex').toUpperCase()
  const shape = { topic: values.topic, bodyBytes: Number(values.size), batch: Number(values.batch), salt }
  const templates = new Map(addresses.map((authority) => [authority, callTemplate({ ...shape, authority })]))
  return {
    addresses,
    connections: Number(values.connections),
    inflight: Number(values.inflight),
    batch: shape.batch,
    ratePerSecond: Number(values.rate),
    warmSeconds: Number(values.warm),
    seconds: Number(values.seconds),
    attempts: Number(values.attempts),
    templates,
  }
}

const result = await new Load(optionsOf(process.argv.slice(2))).run()
console.log(JSON.stringify(result))
