/** Where a process is connected to, read from `/proc`: the files it has open and the sockets of the machine. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const ESTABLISHED = '01'

/** Remote IPv4 addresses of the established connections of `pid` (and below it) to `port`, with their count. */
export function establishedTo(pid: number, port: number): Map<string, number> {
  const found = new Map<string, number>()
  const inodes = new Set([pid, ...childrenOf(pid)].flatMap(socketsOf))
  for (const { host, inode } of remotes(port)) {
    if (inodes.has(inode)) found.set(host, (found.get(host) ?? 0) + 1)
  }
  return found
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? []
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

function childrenOf(pid: number): number[] {
  try {
    const own = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    const children = own === '' ? [] : own.split(' ').map(Number)
    return children.flatMap((child) => [child, ...childrenOf(child)])
  } catch {
    return []
  }
}

function remotes(port: number): { host: string; inode: string }[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, , remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/)
        const [address = '', remotePort = ''] = remote.split(':')
        if (state !== ESTABLISHED || Number.parseInt(remotePort, 16) !== port) return []
        return { host: ipv4Of(address), inode }
      }),
  )
}

/** The last four bytes, which the kernel writes as one number in the order of this machine (little endian). */
function ipv4Of(hex: string): string {
  const last = hex.slice(-8)
  return [6, 4, 2, 0].map((at) => Number.parseInt(last.slice(at, at + 2), 16)).join('.')
}
