/** A server on a free port, clients for it, and promises that tests open by hand. */
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type Socket } from 'node:net'
import { ChannelCredentials, Client, type ClientOptions } from '@grpc/grpc-js'
import { millis } from '../../../src/base/brand.ts'
import type { Clock, Logger } from '../../../src/base/ports.ts'
import { type RpcServer, type RpcServerOptions, startRpcServer } from '../../../src/rpc/server.ts'
import type { Method } from '../../../src/rpc/service.ts'

export const clock: Clock = {
  mono: () => performance.now(),
  wall: () => millis(Date.now()),
  sleep: (ms, signal) => wait(ms, undefined, { signal }),
  timer(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export interface LogLine {
  readonly level: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly phrase: string
}

/** A logger that keeps its lines. */
export function keepingLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: string) => (facts: Readonly<Record<string, unknown>>, phrase: string) => {
    lines.push({ level, facts, phrase })
  }
  const logger = {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (): Logger => logger,
  }
  return logger
}

/** A server on a free port of the loopback. */
export function serve(
  methods: readonly Method[],
  options: Partial<RpcServerOptions> = {},
): Promise<RpcServer> {
  return startRpcServer({ host: '127.0.0.1', port: 0, methods, clock, logger: keepingLogger(), ...options })
}

const own: ClientOptions = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': -1,
  'grpc.enable_retries': 0,
}

/** A grpc-js client without types: bytes in, bytes out. */
export function grpcClient(port: number, credentials = ChannelCredentials.createInsecure()): Client {
  return new Client(`127.0.0.1:${port}`, credentials, own)
}

export const same = (bytes: Buffer): Buffer => bytes

/** A unary call. Rejects with the error of grpc-js. */
export function unary(
  client: Client,
  path: string,
  request: Buffer,
  timeoutMs = 10_000,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + timeoutMs
    client.makeUnaryRequest(path, same, same, request, { deadline }, (error, response) => {
      if (error === null) resolve(response)
      else reject(error)
    })
  })
}

/** A promise with its ends. */
export class Gate<T = void> {
  readonly promise: Promise<T>
  open: (value: T) => void = () => undefined

  constructor() {
    this.promise = new Promise((resolve) => {
      this.open = resolve
    })
  }
}

/** A plain socket to the server, and everything that it gets until it closes. */
export async function plainSocket(port: number): Promise<{ socket: Socket; closed: Promise<Buffer> }> {
  const socket = connect(port, '127.0.0.1')
  const got: Buffer[] = []
  socket.on('data', (chunk: Buffer) => got.push(chunk))
  socket.on('error', () => undefined)
  const closed = new Promise<Buffer>((resolve) => socket.on('close', () => resolve(Buffer.concat(got))))
  await new Promise((resolve) => socket.once('connect', resolve))
  return { socket, closed }
}

/** Resolves when the condition holds; gives up after 5 s. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !holds(); tries++) await wait(5)
  if (!holds()) throw new Error('the condition never held')
}
