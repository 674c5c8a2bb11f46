/**
 * A host name with three addresses that only one process knows: it runs in a mount namespace of its own, in which
 * another file lies over `/etc/hosts`. Nothing outside of that process changes.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The name that `withHosts` gives to the members. */
export const GROUP_NAME = 'dledger-group.test'

const SCRIPT = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'

/** Why no process can be given a host name of its own here; empty if it can. */
export function noHosts(): string {
  const { status, stderr } = spawnSync('unshare', [...flags(), 'true'], { encoding: 'utf8' })
  return status === 0 ? '' : `unshare does not work here (${(stderr ?? '').trim() || 'not found'})`
}

/** What stands before a command so that it resolves `GROUP_NAME` to `hosts`, in that order. */
export function withHosts(folder: string, hosts: readonly string[]): string[] {
  const file = join(mkdtempSync(join(folder, 'hosts-')), 'hosts')
  const own = hosts.map((host) => `${host} ${GROUP_NAME}`).join('\n')
  writeFileSync(file, `${readFileSync('/etc/hosts', 'utf8')}\n${own}\n`)
  return ['unshare', ...flags(), 'sh', '-c', SCRIPT, 'sh', file]
}

function flags(): string[] {
  return process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount']
}
