/**
 * A switch in user space, for kernels without netem: hosts send what is to be slow or flaky through a VXLAN tunnel
 * to this program, which holds each frame back, or drops it, and sends it on. Reads who is how slow from a file of
 * lines `FROM TO DELAY_MS JITTER_MS LOSS_PERCENT` with addresses; the last line of a pair holds.
 *
 *   node user-switch.js HOST PORT FILE
 */
import { createSocket } from 'node:dgram'
import { readFileSync, statSync } from 'node:fs'
import { fillChecksum, wayOf } from './frame-fix.ts'

const READ_MS = 50
const BUFFER_BYTES = 4 * 1024 * 1024

interface Quality {
  readonly host: string
  readonly delayMs: number
  readonly jitterMs: number
  readonly loss: number
}

const [host = '', port = '4789', file = ''] = process.argv.slice(2)
let pairs = new Map<string, Quality>()
let seen = 0

setInterval(() => {
  const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (changed !== seen) pairs = changed === 0 ? new Map() : readPairs()
  seen = changed
}, READ_MS)

const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES })
socket.on('message', (frame) => {
  const way = wayOf(frame)
  const quality = way === undefined ? undefined : pairs.get(`${way.from} ${way.to}`)
  if (quality === undefined || Math.random() * 100 < quality.loss) return
  fillChecksum(frame)
  // Frames whose delays differ overtake each other, as on a bad line.
  const delayMs = quality.delayMs + (Math.random() * 2 - 1) * quality.jitterMs
  setTimeout(() => socket.send(frame, Number(port), quality.host), Math.max(0, delayMs))
})
socket.bind(Number(port), host)

function readPairs(): Map<string, Quality> {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return new Map(
    lines.map((line) => {
      const [from = '', to = '', delay, jitter, loss] = line.split(' ')
      const quality = { host: to, delayMs: Number(delay), jitterMs: Number(jitter), loss: Number(loss) }
      return [`${lastOf(from)} ${lastOf(to)}`, quality]
    }),
  )
}

function lastOf(address: string): string {
  return address.split('.').at(-1) ?? ''
}
