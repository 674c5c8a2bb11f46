/**
 * One HTTP/2 connection of the load generator on a bare socket: it writes prebuilt calls, keeps to the
 * server's windows and tells how each call ended. Everything that a call does not need is left out, since
 * the generator shares its cores with what it measures.
 */
import { connect, type Socket } from 'node:net'
import { FrameReader, isAccepted } from './frame-reader.ts'
import { type CallTemplate, frame, writeCall } from './request.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const WINDOW_BYTES = 2 ** 30
const WINDOW_BYTES_DEFAULT = 65_535
/** Calls are remembered in a ring of this many slots, by stream id. */
const SLOTS = 65_536
const OUT_BYTES = 131_072
const ACK_FLAG = 0x1
const END_STREAM = 0x1

/** What the owner of a connection hears. */
export interface ConnectionOwner {
  /** A call ended with an answer: taken or not. `since` is the time given to `send`. */
  ended(number: number, since: number, attempt: number, accepted: boolean): void
  /** A call whose answer never comes, because the connection broke or the call took too long. */
  lost(number: number, since: number, attempt: number): void
  /** There may be room for more calls. */
  refill(connection: Connection): void
  /** The connection is gone; its calls were handed to `lost` before. */
  closed(connection: Connection, reason: string): void
}

export class Connection {
  readonly address: string
  private readonly socket: Socket
  private readonly owner: ConnectionOwner
  private readonly template: CallTemplate
  private readonly inflightMax: number
  private readonly since = new Float64Array(SLOTS)
  private readonly sentAt = new Float64Array(SLOTS)
  private readonly numbers = new Float64Array(SLOTS)
  private readonly attempts = new Uint8Array(SLOTS)
  /** 0 free, 1 open, 2 the answer says accepted. */
  private readonly states = new Uint8Array(SLOTS)
  private readonly outs: Buffer[] = []
  private out: Buffer
  private outUsed = 0
  private nextStream = 1
  private open = 0
  private window = WINDOW_BYTES_DEFAULT
  private ready = false
  private reason = 'the connection ended'
  /** The last answer that was not "accepted", for people. */
  refusal = ''

  constructor(address: string, template: CallTemplate, inflightMax: number, owner: ConnectionOwner) {
    this.address = address
    this.template = template
    this.inflightMax = inflightMax
    this.owner = owner
    this.out = Buffer.allocUnsafeSlow(Math.max(OUT_BYTES, template.bytes.length))
    const [host = '', port = ''] = address.split(':')
    this.socket = connect({ host, port: Number(port), noDelay: true })
    const reader = new FrameReader(this)
    this.socket.on('connect', () => this.greet())
    this.socket.on('data', (chunk: Buffer) => {
      reader.push(chunk)
      if (this.ready) this.owner.refill(this)
      this.flush()
    })
    this.socket.on('error', (error) => (this.reason = error.message))
    this.socket.on('close', () => this.end())
  }

  private greet(): void {
    const settings = Buffer.alloc(12)
    settings.writeUInt16BE(0x1, 0) // SETTINGS_HEADER_TABLE_SIZE 0
    settings.writeUInt16BE(0x4, 6) // SETTINGS_INITIAL_WINDOW_SIZE
    settings.writeUInt32BE(WINDOW_BYTES, 8)
    const increment = Buffer.alloc(4)
    increment.writeUInt32BE(WINDOW_BYTES)
    this.socket.write(Buffer.concat([PREFACE, frame(0x4, 0, settings), frame(0x8, 0, increment)]))
  }

  /** May `send` be called now? */
  hasRoom(): boolean {
    return (
      this.ready &&
      this.open < this.inflightMax &&
      this.window >= this.template.dataBytes &&
      this.states[(this.nextStream >>> 1) % SLOTS] === 0
    )
  }

  /** Puts one call into the buffer that `flush` writes. `number` makes its message ids. */
  send(number: number, since: number, attempt: number, now: number): void {
    if (this.outUsed + this.template.bytes.length > this.out.length) this.flush()
    const slot = (this.nextStream >>> 1) % SLOTS
    this.since[slot] = since
    this.sentAt[slot] = now
    this.numbers[slot] = number
    this.attempts[slot] = attempt
    this.states[slot] = 1
    this.outUsed = writeCall(this.out, this.outUsed, this.template, this.nextStream, number)
    this.nextStream += 2
    this.open += 1
    this.window -= this.template.dataBytes
  }

  /** Writes what `send` gathered. */
  flush(): void {
    if (this.outUsed === 0) return
    const full = this.out
    this.socket.write(full.subarray(0, this.outUsed), () => this.outs.push(full))
    this.out = this.outs.pop() ?? Buffer.allocUnsafeSlow(full.length)
    this.outUsed = 0
  }

  /** Gives up calls that were written before `time`: their streams are reset and `lost` hears of them. */
  expire(time: number): void {
    const oldest = Math.max(1, this.nextStream - 2 * SLOTS)
    for (let stream = oldest; this.open > 0 && stream < this.nextStream; stream += 2) {
      const slot = (stream >>> 1) % SLOTS
      if (this.states[slot] === 0 || (this.sentAt[slot] ?? 0) >= time) continue
      const reset = frame(0x3, 0, Buffer.from([0, 0, 0, 0x8])) // RST_STREAM CANCEL
      reset.writeUInt32BE(stream, 5)
      this.socket.write(reset)
      this.lose(slot)
    }
  }

  close(): void {
    this.socket.destroy()
  }

  frame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    if (type === 0x0) this.data(stream, flags, bytes, start, end)
    else if (type === 0x1) this.finishIf(stream, flags)
    else if (type === 0x3) this.finishIf(stream, END_STREAM)
    else if (type === 0x4 && (flags & ACK_FLAG) === 0) this.settings()
    else if (type === 0x6 && (flags & ACK_FLAG) === 0) {
      this.socket.write(frame(0x6, ACK_FLAG, bytes.subarray(start, end)))
    } else if (type === 0x7) this.goAway(bytes.toString('latin1', start + 8, end))
    else if (type === 0x8 && stream === 0) this.window += bytes.readUInt32BE(start)
  }

  private data(stream: number, flags: number, bytes: Buffer, start: number, end: number): void {
    const slot = (stream >>> 1) % SLOTS
    if (end > start && this.states[slot] === 1) {
      if (isAccepted(bytes, start, end)) this.states[slot] = 2
      else
        this.refusal = bytes.toString('latin1', start + 5, Math.min(end, start + 200)).replace(/[^ -~]/g, '.')
    }
    this.finishIf(stream, flags)
  }

  private finishIf(stream: number, flags: number): void {
    if ((flags & END_STREAM) === 0) return
    const slot = (stream >>> 1) % SLOTS
    const state = this.states[slot] ?? 0
    if (state === 0) return
    this.states[slot] = 0
    this.open -= 1
    this.owner.ended(this.numbers[slot] ?? 0, this.since[slot] ?? 0, this.attempts[slot] ?? 0, state === 2)
  }

  private settings(): void {
    this.socket.write(frame(0x4, ACK_FLAG, Buffer.alloc(0)))
    this.ready = true
  }

  private goAway(text: string): void {
    this.reason = `the server said goodbye ${text}`
    this.socket.destroy()
  }

  private lose(slot: number): void {
    this.states[slot] = 0
    this.open -= 1
    this.owner.lost(this.numbers[slot] ?? 0, this.since[slot] ?? 0, this.attempts[slot] ?? 0)
  }

  private end(): void {
    this.ready = false
    for (let slot = 0; slot < SLOTS && this.open > 0; slot += 1) {
      if (this.states[slot] !== 0) this.lose(slot)
    }
    this.owner.closed(this, this.reason)
  }
}
