/**
 * Appends to a ledger through one AppendStream, a process of its own: at full speed with so many requests under
 * way, or paced. Prints `{"event":"measuring"}` when the warm-up is over and one JSON line with the result.
 *
 * A paced request counts from when it was due, not from when it could be sent.
 */
import { type ClientHttp2Stream, connect } from 'node:http2'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { WireReader } from '../src/base/wire.ts'
import { framed, MessageReader } from '../src/rpc/framing.ts'
import type { AppendRequest } from '../src/rpc/ledger-types.ts'
import { codecOf } from '../src/rpc/protos.ts'
import { Histogram } from './histogram.ts'
import type { LedgerLoadResult } from './run-ledger-load.ts'

const WINDOW_BYTES = 2 ** 24
const MESSAGE_BYTES_MAX = 2 ** 24
const PACE_MS = 1
/** Times of requests under way, by their number. */
const SLOTS = 65_536

interface Options {
  readonly address: string
  readonly ledger: string
  readonly entries: number
  readonly size: number
  readonly inflight: number
  /** Requests a second, 0 for full speed. */
  readonly rate: number
  readonly warm: number
  readonly seconds: number
}

class LedgerLoad {
  readonly #options: Options
  readonly #request: Buffer
  readonly #histogram = new Histogram()
  readonly #since = new Float64Array(SLOTS)
  #sent = 0
  #answered = 0
  #counted = 0
  #failed = 0
  #dueAt = 0
  #measuring = false

  constructor(options: Options) {
    this.#options = options
    const requests = codecOf<AppendRequest>('dledger.v1.AppendRequest')
    const entry = Buffer.alloc(options.size, 'abcdefghijklmnop')
    const entries = Array.from({ length: options.entries }, () => entry)
    this.#request = framed(requests.encode({ ledger: options.ledger, entries }))
  }

  async run(): Promise<LedgerLoadResult> {
    const { address, rate, warm, seconds } = this.#options
    const session = connect(`http://${address}`, { settings: { initialWindowSize: WINDOW_BYTES } })
    const stream = session.request({
      ':method': 'POST',
      ':path': '/dledger.v1.Ledger/AppendStream',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const reader = new MessageReader(MESSAGE_BYTES_MAX)
    stream.on('data', (chunk: Buffer) => {
      for (const message of reader.push(chunk)) this.#take(message)
      if (rate === 0) this.#fill(stream)
    })
    stream.on('error', (error) => {
      throw error
    })
    this.#dueAt = performance.now() + 100
    const pace = rate === 0 ? undefined : setInterval(() => this.#pace(stream), PACE_MS)
    this.#fill(stream)
    await sleep(warm * 1_000)
    this.#measuring = true
    console.log(JSON.stringify({ event: 'measuring' }))
    const startedAt = performance.now()
    const cpu = process.cpuUsage()
    await sleep(seconds * 1_000)
    this.#measuring = false
    const spent = process.cpuUsage(cpu)
    const elapsed = (performance.now() - startedAt) / 1_000
    clearInterval(pace)
    session.destroy()
    return {
      event: 'result',
      entriesPerSecond: Math.round((this.#counted * this.#options.entries) / elapsed),
      requestsPerSecond: Math.round(this.#counted / elapsed),
      failed: this.#failed,
      latencyMs: this.#histogram.latencies(),
      cpuMicrosPerRequest: Math.round((spent.user + spent.system) / Math.max(1, this.#counted)),
    }
  }

  /** Sends as many requests as may be under way. */
  #fill(stream: ClientHttp2Stream): void {
    if (this.#options.rate > 0) return
    const count = this.#options.inflight - (this.#sent - this.#answered)
    const now = performance.now()
    for (let n = 0; n < count; n++) this.#since[(this.#sent + n) % SLOTS] = now
    this.#write(stream, count)
  }

  /** Sends what is due. */
  #pace(stream: ClientHttp2Stream): void {
    const now = performance.now()
    const gap = 1_000 / this.#options.rate
    let count = 0
    for (; this.#dueAt <= now && this.#sent + count - this.#answered < SLOTS; this.#dueAt += gap) {
      this.#since[(this.#sent + count) % SLOTS] = this.#dueAt
      count++
    }
    this.#write(stream, count)
  }

  #write(stream: ClientHttp2Stream, count: number): void {
    if (count <= 0) return
    this.#sent += count
    stream.write(Buffer.concat(Array.from({ length: count }, () => this.#request)))
  }

  #take(message: Buffer): void {
    const now = performance.now()
    const reader = new WireReader(message)
    while (reader.next()) {
      // AppendStreamResponse: results are field 1. AppendResult: appended is field 1.
      if (reader.field !== 1) continue
      const since = this.#since[this.#answered % SLOTS] ?? now
      this.#answered++
      if (message[reader.valueStart] !== 0x0a) this.#failed++
      else if (this.#measuring) {
        this.#counted++
        this.#histogram.add(now - since)
      }
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

const { values } = parseArgs({
  options: {
    address: { type: 'string', default: '' },
    ledger: { type: 'string', default: 'bench' },
    entries: { type: 'string', default: '64' },
    size: { type: 'string', default: '1024' },
    inflight: { type: 'string', default: '64' },
    rate: { type: 'string', default: '0' },
    warm: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '4' },
  },
})
const load = new LedgerLoad({
  address: values.address,
  ledger: values.ledger,
  entries: Number(values.entries),
  size: Number(values.size),
  inflight: Number(values.inflight),
  rate: Number(values.rate),
  warm: Number(values.warm),
  seconds: Number(values.seconds),
})
console.log(JSON.stringify(await load.run()))
process.exit(0)
