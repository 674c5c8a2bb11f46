/**
 * What the transport between members costs on loopback: two transports, sender and receiver in processes of
 * their own, so that the CPU time of each side is told apart. Run: `npm run bench -- peers`.
 */
import { fork } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { millis, nodeId } from '../src/base/brand.ts'
import type { Clock, Logger } from '../src/base/ports.ts'
import { PeerTransport } from '../src/dledger/peers/index.ts'

const A = nodeId(1)
const B = nodeId(2)
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' } }, strict: false })
const SECONDS = Number(values['seconds'])
const HEAD = new Uint8Array(45)
const END = new Uint8Array(1)

const clock: Clock = {
  mono: () => performance.now(),
  wall: () => millis(Date.now()),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  timer: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
}

/** One side. `onRaft` gets what comes in. */
function transport(
  own: typeof A,
  port: number,
  peerPort: number,
  onRaft: (body: Uint8Array) => void,
): PeerTransport {
  return new PeerTransport(
    {
      ownId: own,
      members: [{ id: own === A ? B : A, host: '127.0.0.1', port: peerPort }],
      listen: { host: '127.0.0.1', port },
      clusterId: 'bench',
      group: 'bench',
      identity: { folderId: `folder-${own}`, startCount: 1, processId: String(process.pid) },
      version: '0',
      clock,
      logger: quiet,
      seed: own,
      redialMs: { min: 20, max: 50 },
      connectTimeoutMs: 1000,
      silenceMs: 5000,
    },
    {
      judgePeer: () => ({ accepted: true }),
      onRaft: (_from, body) => onRaft(body),
      onCall: async (_from, _kind, body) => [body],
      onConnection: () => undefined,
    },
  )
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The far side: counts what comes, answers the end mark of a round with its count and CPU time. */
async function receiver(portA: number, portB: number): Promise<void> {
  let count = 0
  let bytes = 0
  let cpu = process.cpuUsage()
  const b = transport(B, portB, portA, (body) => {
    if (body.byteLength !== 1) {
      count++
      bytes += body.byteLength
      return
    }
    const used = process.cpuUsage(cpu)
    cpu = process.cpuUsage()
    process.send?.({ count, bytes, cpuUs: used.user + used.system })
    count = 0
    bytes = 0
  })
  await b.start()
  process.on('disconnect', () => process.exit(0))
}

interface Round {
  readonly count: number
  readonly bytes: number
  readonly cpuUs: number
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function sender(): Promise<void> {
  const [portA, portB] = [await freePort(), await freePort()]
  const args = ['receiver', String(portA), String(portB)]
  const child = fork(fileURLToPath(import.meta.url), args, { execArgv: process.execArgv })
  const rounds: Round[] = []
  child.on('message', (round) => void rounds.push(round as Round))
  const a = transport(A, portA, portB, () => undefined)
  await a.start()
  while (!a.connected(B, 'raft') || !a.connected(B, 'call')) await turn()

  /** Sends `perTurn` messages a turn for a while, as fast as the queue takes them. */
  const round = async (
    name: string,
    chunks: readonly Uint8Array[],
    perTurn: number,
    pauseMs = 0,
  ): Promise<void> => {
    const before = rounds.length
    const cpu = process.cpuUsage()
    const from = performance.now()
    while (performance.now() - from < SECONDS * 1000) {
      for (let i = 0; i < perTurn; i++) if (!a.sendRaft(B, chunks)) break
      if (pauseMs === 0) await turn()
      else await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    while (!a.sendRaft(B, [END])) await turn()
    while (rounds.length === before) await turn()
    const took = (performance.now() - from) / 1000
    const used = process.cpuUsage(cpu)
    const sent = used.user + used.system
    const result = rounds.at(-1) as Round
    const rate = Math.round(result.count / took)
    const mb = (result.bytes / took / 1e6).toFixed(0)
    const each = (us: number): string => (us / result.count).toFixed(2)
    console.log(
      `${name}: ${rate} frames/s, ${mb} MB/s, CPU us a frame: send ${each(sent)}, receive ${each(result.cpuUs)}`,
    )
  }

  await round('warm-up', [HEAD], 64)
  await round('heads of 45 bytes, 64 a turn', [HEAD], 64)
  await round('heads of 45 bytes, 8 a turn', [HEAD], 8)
  await round('heads of 45 bytes, 1 a turn', [HEAD], 1)
  await round('heads of 45 bytes, 4 each ms', [HEAD], 4, 1)
  await round('appends of 1 KiB, 16 a turn', [HEAD, new Uint8Array(1024)], 16)
  await round('appends of 64 KiB, 4 a turn', [HEAD, new Uint8Array(64 * 1024)], 4)
  await round('appends of 1 MiB, 1 a turn', [HEAD, new Uint8Array(1024 * 1024)], 1)

  for (const [name, size, width] of [
    ['calls of 100 bytes, 256 at a time', 100, 256],
    ['calls of 1 KiB, 64 at a time', 1024, 64],
    ['calls of 4 MiB, 4 at a time', 4 * 1024 * 1024, 4],
  ] as const) {
    const body = [new Uint8Array(size)]
    let count = 0
    const cpu = process.cpuUsage()
    const from = performance.now()
    const lane = async (): Promise<void> => {
      while (performance.now() - from < SECONDS * 1000) {
        await a.call(B, 1, body, { timeoutMs: 10_000 })
        count++
      }
    }
    await Promise.all(Array.from({ length: width }, lane))
    const used = process.cpuUsage(cpu)
    const rate = (count / ((performance.now() - from) / 1000)).toFixed(0)
    console.log(
      `${name}: ${rate} calls/s, caller's CPU us a call ${((used.user + used.system) / count).toFixed(1)}`,
    )
  }
  child.disconnect()
  await a.close()
}

if (process.argv[2] === 'receiver') await receiver(Number(process.argv[3]), Number(process.argv[4]))
else await sender()
