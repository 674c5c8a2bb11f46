/** A connection under test with a client made by hand. */
import { Connection } from '../../../src/http2/connection.ts'
import type { ConnectionOptions, ConnectionUser } from '../../../src/http2/connection-user.ts'
import type { HeaderList } from '../../../src/http2/header-field.ts'
import { headerBlock } from '../../../src/http2/hpack-encoder.ts'
import type { Stream, StreamUser } from '../../../src/http2/stream.ts'
import { TestSocket } from './test-socket.ts'
import { framesIn, opening, wordsOf, type WireFrame } from './wire.ts'

export const okHeaders = headerBlock([[':status', '200']])
export const okTrailers = headerBlock([['grpc-status', '0']])

/** Lets everything that needs no time happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Writes down what happens to a stream. */
export class Recorder implements StreamUser {
  readonly events: string[] = []
  readonly stream: Stream
  readonly headers: HeaderList
  readonly chunks: Buffer[] = []

  constructor(stream: Stream, headers: HeaderList) {
    this.stream = stream
    this.headers = headers
    stream.user = this
    if (stream.inputEnded) this.events.push('end')
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks)
  }

  data(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.events.push(`data ${chunk.byteLength}`)
  }

  inputEnded(): void {
    this.events.push('end')
  }

  drained(): void {
    this.events.push('drained')
  }

  closed(): void {
    this.events.push('closed')
  }
}

export class World implements ConnectionUser {
  readonly socket = new TestSocket()
  readonly connection: Connection
  readonly calls: Recorder[] = []
  readonly log: string[] = []
  now = 0
  /** What to do with a request, beside writing it down. */
  onRequest: (call: Recorder) => void = () => undefined

  constructor(options: Partial<ConnectionOptions> = {}) {
    const limits = { streamsMax: 100, streamWindowBytes: 1 << 18, connectionWindowBytes: 1 << 20 }
    const others = { headersBytesMax: 16_384, mono: () => this.now }
    this.connection = new Connection(this.socket.asSocket, { ...limits, ...others, ...options }, this)
  }

  /** A connection whose client has said hello; the server's hello is read. */
  static async opened(options: Partial<ConnectionOptions> = {}): Promise<World> {
    const world = new World(options)
    await world.send(opening)
    world.socket.taken()
    return world
  }

  get lastCall(): Recorder {
    const call = this.calls.at(-1)
    if (call === undefined) throw new Error('there was no call')
    return call
  }

  request(stream: Stream, headers: HeaderList): void {
    const call = new Recorder(stream, headers)
    this.calls.push(call)
    this.onRequest(call)
  }

  ready(): void {
    this.log.push('ready')
  }

  heard(): void {
    if (this.log.at(-1) !== 'heard') this.log.push('heard')
  }

  closed(reason: string | undefined): void {
    this.log.push(`closed ${reason ?? ''}`)
  }

  /** The client sends bytes. */
  async send(...chunks: readonly Buffer[]): Promise<void> {
    this.socket.push(Buffer.concat(chunks))
    await settle()
  }

  /** The frames that the server sent since the last time. */
  frames(): WireFrame[] {
    return framesIn(this.socket.taken())
  }

  /** The same in words. */
  words(): string[] {
    return this.frames().map(wordsOf)
  }

  /** Sends bytes and gives what the server says to them, in words. */
  async told(...chunks: readonly Buffer[]): Promise<string[]> {
    await this.send(...chunks)
    return this.words()
  }
}

/** Answers with headers, a body and trailers. */
export function answer({ stream }: Recorder, body: Uint8Array = Buffer.from('ok')): void {
  stream.respond(okHeaders)
  stream.write(body)
  stream.end(okTrailers)
}
