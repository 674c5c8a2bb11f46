/** Finds out before anything starts whether ports are free, and who has those that are not. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { messageOf } from '../base/errors.ts'

const TCP_LISTEN = '0A'

/** Why a port of loopback cannot be used, or `undefined` when it can. */
export async function portFault(port: number): Promise<string | undefined> {
  const error = await listenError(port)
  if (error === undefined) return undefined
  if (error.code !== 'EADDRINUSE') return `port ${port} cannot be used: ${messageOf(error)}`
  const owner = await portOwner(port)
  return `port ${port} is in use${owner === undefined ? '' : ` by ${owner.name} (pid ${owner.pid})`}`
}

function listenError(port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

/** The process that listens on a port, where the system tells (/proc on Linux). */
export async function portOwner(
  port: number,
): Promise<{ readonly pid: number; readonly name: string } | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(textOf))
  const inodes = new Set(tables.flatMap((table) => listenersOn(table, port)))
  if (inodes.size === 0) return undefined
  const pids = (await namesIn('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    for (const file of await namesIn(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(await linkOf(`/proc/${pid}/fd/${file}`))?.[1]
      if (inode !== undefined && inodes.has(inode)) return { pid: Number(pid), name: await nameOf(pid) }
    }
  }
  return undefined
}

/** The inodes of the sockets that listen on a port, from a table of /proc/net. */
export function listenersOn(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) === true && fields[3] === TCP_LISTEN)
    .map((fields) => fields[9] ?? '')
}

async function nameOf(pid: string): Promise<string> {
  const words = (await textOf(`/proc/${pid}/cmdline`)).split('\0').filter((word) => word !== '')
  const [program = '', script] = words.map((word) => word.split('/').at(-1) ?? '')
  return program === 'node' && script !== undefined ? `node ${script}` : program || 'a process'
}

/** Rule: what cannot be read (another user's process, no /proc) is as if it were not there. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function linkOf(path: string): Promise<string> {
  return readlink(path).catch(() => '')
}

function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch(() => [])
}
