/**
 * Members on 127.0.0.1 with a wire between each pair that a test can cut, freeze and watch. Every member dials
 * the others through wires, so that addresses are known before anybody listens.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { millis, nodeId, type NodeId } from '../../../src/base/brand.ts'
import type { Clock, Logger } from '../../../src/base/ports.ts'
import type {
  ConnectionEvent,
  Ending,
  PeerGreeting,
  PeerIdentity,
  PeerTransportOptions,
  Verdict,
} from '../../../src/dledger/peers/api.ts'
import { Connection } from '../../../src/dledger/peers/connection.ts'
import { PeerTransport } from '../../../src/dledger/peers/transport.ts'

export const SILENCE_MS = 400

export const realClock: Clock = {
  mono: () => performance.now(),
  wall: () => millis(Date.now()),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(signal.reason as Error)
      })
    }),
  timer: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
}

/** Resolves as soon as `holds`, looking after every turn of the loop; rejects after `ms`. */
export async function until(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = performance.now() + ms
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Passes on bytes between who connects to `port` and 127.0.0.1:`target`. */
export class Wire {
  target = 0
  /** Bytes are neither read nor passed on, as when a cable is out. */
  frozen = false
  /** How many sockets came in. */
  count = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor() {
    this.#server = createServer((left) => this.#join(left))
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** Breaks every connection that goes through. New ones are let in. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  freeze(): void {
    this.frozen = true
    for (const socket of this.#sockets) socket.pause()
  }

  thaw(): void {
    this.frozen = false
    for (const socket of this.#sockets) socket.resume()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(left: Socket): void {
    this.count++
    if (this.target === 0) {
      left.on('error', () => undefined)
      left.resetAndDestroy()
      return
    }
    const right = connect(this.target, '127.0.0.1')
    for (const [from, to] of [
      [left, right],
      [right, left],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause()
      })
      to.on('drain', () => {
        if (!this.frozen) from.resume()
      })
      from.on('error', () => to.destroy())
      from.on('end', () => to.end())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.frozen) from.pause()
    }
  }
}

export const A = nodeId(1)
export const B = nodeId(2)
export const C = nodeId(3)

/** A member and everything that its transport told. */
export class Member {
  readonly transport: PeerTransport
  readonly id: NodeId
  readonly raft: { from: NodeId; body: Uint8Array }[] = []
  readonly events: ConnectionEvent[] = []
  readonly greetings: PeerGreeting[] = []
  judge: (greeting: PeerGreeting) => Verdict | Promise<Verdict> = () => ({ accepted: true })
  answer: (
    kind: number,
    body: Uint8Array,
    signal: AbortSignal,
    from: NodeId,
  ) => Promise<readonly Uint8Array[]> = async (_kind, body) => [body]
  onRaft: ((from: NodeId, body: Uint8Array) => void) | null = null

  constructor(options: PeerTransportOptions) {
    this.id = options.ownId
    this.transport = new PeerTransport(options, {
      judgePeer: (greeting) => {
        this.greetings.push(greeting)
        return this.judge(greeting)
      },
      onRaft: (from, body) => {
        if (this.onRaft !== null) this.onRaft(from, body)
        else this.raft.push({ from, body: body.slice() })
      },
      onCall: (from, kind, body, signal) => this.answer(kind, body, signal, from),
      onConnection: (event) => void this.events.push(event),
    })
  }

  connected(...peers: NodeId[]): boolean {
    return peers.every(
      (peer) => this.transport.connected(peer, 'raft') && this.transport.connected(peer, 'call'),
    )
  }

  has(type: ConnectionEvent['type'], fields: Partial<Record<string, unknown>> = {}): boolean {
    return this.events.some(
      (event) =>
        event.type === type &&
        Object.entries(fields).every(([name, value]) =>
          Object.entries(event).some(([n, v]) => n === name && v === value),
        ),
    )
  }
}

/** Members, their wires, and the closing of both. `wire(from, to)` carries what `from` dials. */
export class Net {
  readonly #wires = new Map<string, { wire: Wire; port: number }>()
  readonly #members = new Set<Member>()
  readonly #ids: readonly NodeId[]

  private constructor(ids: readonly NodeId[]) {
    this.#ids = ids
  }

  static async of(...ids: NodeId[]): Promise<Net> {
    const net = new Net(ids)
    for (const from of ids) {
      for (const to of ids) {
        const wire = new Wire()
        net.#wires.set(`${from}-${to}`, { wire, port: await wire.listen() })
      }
    }
    return net
  }

  wire(from: NodeId, to: NodeId): Wire {
    return this.#entry(from, to).wire
  }

  options(id: NodeId, change: Partial<PeerTransportOptions> = {}): PeerTransportOptions {
    return {
      ownId: id,
      members: this.#ids.map((to) => ({ id: to, host: '127.0.0.1', port: this.#entry(id, to).port })),
      listen: { host: '127.0.0.1', port: 0 },
      clusterId: 'test',
      group: 'g',
      identity: identityOf(id),
      version: '0.0.0',
      clock: realClock,
      logger: quiet,
      seed: id,
      redialMs: { min: 10, max: 50 },
      connectTimeoutMs: 1000,
      silenceMs: SILENCE_MS,
      ...change,
    }
  }

  /** Starts a member and lets the wires to it through. */
  async start(id: NodeId, change: Partial<PeerTransportOptions> = {}): Promise<Member> {
    const member = new Member(this.options(id, change))
    await this.add(member)
    return member
  }

  async add(member: Member): Promise<void> {
    this.#members.add(member)
    await member.transport.start()
    for (const from of this.#ids) this.wire(from, member.id).target = member.transport.port
  }

  async stop(member: Member): Promise<void> {
    this.#members.delete(member)
    for (const from of this.#ids) this.wire(from, member.id).target = 0
    await member.transport.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.#members) await member.transport.close()
    for (const { wire } of this.#wires.values()) await wire.close()
  }

  #entry(from: NodeId, to: NodeId): { wire: Wire; port: number } {
    const entry = this.#wires.get(`${from}-${to}`)
    if (entry === undefined) throw new Error('no such wire')
    return entry
  }
}

export function identityOf(id: NodeId, startCount = 1): PeerIdentity {
  return { folderId: `folder-${id}`, startCount, processId: `process-${id}-${startCount}` }
}

/** Two connections that are joined by a socket each, bound to link 0, with what comes to them. */
export class Pair {
  readonly left: Connection
  readonly right: Connection
  readonly leftSocket: Socket
  readonly rightSocket: Socket
  readonly leftSeen: { kind: number; body: Uint8Array }[] = []
  readonly rightSeen: { kind: number; body: Uint8Array }[] = []
  readonly leftEnds: Ending[] = []
  readonly rightEnds: Ending[] = []
  leftChunks = 0
  rightChunks = 0
  rightBytes = 0
  onLeft: (kind: number, body: Uint8Array) => void = () => undefined
  onRight: (kind: number, body: Uint8Array) => void = () => undefined

  private constructor(left: Socket, right: Socket) {
    this.leftSocket = left
    this.rightSocket = right
    this.left = new Connection(left, {
      frame: (kind, body) => {
        this.leftSeen.push({ kind, body })
        this.onLeft(kind, body)
      },
      ended: (ending) => void this.leftEnds.push(ending),
    })
    this.right = new Connection(right, {
      frame: (kind, body) => {
        this.rightSeen.push({ kind, body })
        this.onRight(kind, body)
      },
      ended: (ending) => void this.rightEnds.push(ending),
    })
    left.on('data', () => this.leftChunks++)
    right.on('data', (chunk) => {
      this.rightChunks++
      this.rightBytes += chunk.length
    })
    this.left.bindIn(0)
    this.right.bindIn(0)
  }

  static async make(): Promise<Pair> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const came = new Promise<Socket>((resolve) => server.once('connection', resolve))
    const left = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await new Promise((resolve) => left.once('connect', resolve))
    const pair = new Pair(left, await came)
    server.close()
    return pair
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.left.end('local', 'the test is over')
    this.right.end('local', 'the test is over')
    await until(() => this.leftSocket.closed && this.rightSocket.closed, 'the sockets are closed')
  }
}
