/**
 * Network namespaces for one run: one with an address of its own for each member, one for the client, and one
 * that holds the bridge between them. Nothing of it touches the host's own network. Only root may.
 */
import { execFileSync } from 'node:child_process'
import type { MemberPlace } from '../../bench/member-config.ts'
import { OUR_HARDWARE } from './frame-fix.ts'

/** Every namespace of ours starts so, and then names the process that made it: `dlj-4711-n1`. */
const PREFIX = 'dlj-'
const CLIENT_PORT = 8081
const PEER_PORT = 40911
/** Where the switch of our own listens, on the client's address. */
export const SWITCH_PORT = 4789
const KILL_ROUNDS = 50
const TRIES_MAX = 5

/** The namespaces of one run. */
export interface Namespaces {
  readonly members: readonly MemberPlace[]
  /** What a command line starts with to run where the clients are, and their address. */
  readonly clientPrefix: readonly string[]
  readonly clientHost: string
  /** The text of the file that the fault scripts read (scripts/lib.sh). */
  readonly nodesText: string
}

/** Why there can be no namespaces here; empty when there can. */
export function noNamespaces(): string {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  try {
    ip('netns', 'list')
    return ''
  } catch {
    return 'network namespaces need the program ip (iproute2)'
  }
}

/** Makes the namespaces of this process. Ends with `removeNamespaces`, also when this throws. */
export function makeNamespaces(count: number): Namespaces {
  const own = `${PREFIX}${process.pid}-`
  const bridge = `${own}sw`
  ip('netns', 'add', bridge)
  ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0')
  ip('-n', bridge, 'link', 'set', 'br0', 'up')
  const members = Array.from({ length: count }, (_, n): MemberPlace => {
    const id = n + 1
    const prefix = plug(bridge, `${own}n${id}`, `p${id}`, addressOf(id))
    return { id, host: addressOf(id), clientPort: CLIENT_PORT, peerPort: PEER_PORT, prefix }
  })
  const clientHost = addressOf(count + 1)
  const clientPrefix = plug(bridge, `${own}c`, 'pc', clientHost)
  tunnel(members, clientHost)
  const lines = members.map(
    ({ id, host, clientPort, prefix }) => `${id} ${host}:${clientPort} ${prefix.join(' ')}`,
  )
  lines.push(`client ${clientHost}:0 ${clientPrefix.join(' ')}`)
  return { members, clientPrefix, clientHost, nodesText: `${lines.join('\n')}\n` }
}

/** Ends every process in the namespaces of one maker, or of all makers that are gone, and removes them. */
export function removeNamespaces(maker?: number): string[] {
  const names = ip('netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(PREFIX))
    .filter((name) => (maker === undefined ? !alive(makerOf(name)) : makerOf(name) === maker))
  for (const name of names) endAll(name)
  for (const name of names) ip('netns', 'del', name)
  return names
}

function addressOf(place: number): string {
  return `198.18.0.${place}`
}

/** One namespace with an interface on the bridge; returns the prefix for command lines there. */
function plug(bridge: string, name: string, port: string, address: string): readonly string[] {
  ip('netns', 'add', name)
  ip('-n', bridge, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
  ip('-n', bridge, 'link', 'set', port, 'master', 'br0', 'up')
  ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0')
  ip('-n', name, 'link', 'set', 'eth0', 'up')
  ip('-n', name, 'link', 'set', 'lo', 'up')
  return ['ip', 'netns', 'exec', name]
}

/**
 * The tunnel to the switch of our own (user-switch.ts): what is routed into `vx0` reaches the switch at
 * `switchHost`, and comes out of the other's `vx0`. Nothing is routed there until a script does so.
 */
function tunnel(places: readonly MemberPlace[], switchHost: string): void {
  const hardware = (id: number): string =>
    [...OUR_HARDWARE, 0, id].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
  for (const { id, prefix } of places) {
    const name = prefix.at(-1) ?? ''
    const kind = [
      'type',
      'vxlan',
      'id',
      '77',
      'remote',
      switchHost,
      'dstport',
      String(SWITCH_PORT),
      'nolearning',
    ]
    ip('-n', name, 'link', 'add', 'vx0', 'address', hardware(id), 'mtu', '1450', ...kind, 'dev', 'eth0')
    ip('-n', name, 'link', 'set', 'vx0', 'up')
    for (const other of places.filter((one) => one.id !== id)) {
      const about = ['lladdr', hardware(other.id), 'dev', 'vx0', 'nud', 'permanent']
      ip('-n', name, 'neigh', 'add', other.host, ...about)
    }
  }
}

function makerOf(name: string): number {
  return Number(/^dlj-(\d+)-/.exec(name)?.[1] ?? 0)
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Kills until nobody is left: a process may be starting another one meanwhile. */
function endAll(name: string): void {
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const pids = ip('netns', 'pids', name).split('\n').filter(Boolean).map(Number)
    if (pids.length === 0) return
    for (const pid of pids.filter((one) => one !== process.pid)) kill(pid)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself meanwhile.
  }
}

/** A signal to our process group, as Ctrl-C is, may hit the program too: then it runs again. */
function ip(...args: readonly string[]): string {
  for (let tried = 1; ; tried++) {
    try {
      return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    } catch (error) {
      if ((error as { signal?: string | null }).signal == null || tried === TRIES_MAX) throw error
    }
  }
}
