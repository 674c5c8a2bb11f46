/**
 * One process a data folder. The file `lock` names the process that owns the folder: its pid, the time when
 * it started and the boot of the machine, so that a number used again by another process is not mistaken for
 * the owner. The file of a process that is gone is taken over. Node has no flock; LevelDB's own lock on the
 * tables, which the kernel keeps, stands behind this one.
 */
import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { BrokerError } from '../base/errors.ts'
import { hasCode } from './node-disk.ts'

const LOCK_NAME = 'lock'
const ATTEMPTS_MAX = 5

const OWNER_SCHEMA = z.object({ pid: z.int().min(1), started: z.string(), boot: z.string() })
type Owner = z.infer<typeof OWNER_SCHEMA>

export class FolderLock {
  readonly #path: string
  readonly #text: string
  #held = true

  private constructor(path: string, text: string) {
    this.#path = path
    this.#text = text
  }

  /** Takes the lock of an existing folder. Throws FOLDER_REFUSED while another process has it. */
  static async take(folder: string): Promise<FolderLock> {
    const path = join(folder, LOCK_NAME)
    const own = join(folder, `${LOCK_NAME}.${randomUUID()}`)
    const text = `${JSON.stringify(await describeProcess(process.pid))}\n`
    await writeSynced(own, text)
    try {
      for (let i = 0; i < ATTEMPTS_MAX; i++) {
        if (await tryLink(own, path)) return new FolderLock(path, text)
        await removeIfStale(folder, path)
      }
    } finally {
      await rm(own, { force: true })
    }
    throw new BrokerError('FOLDER_REFUSED', `The lock of data folder ${folder} could not be taken.`)
  }

  /** Gives the folder free. */
  async release(): Promise<void> {
    if (!this.#held) return
    this.#held = false
    if ((await readOrUndefined(this.#path)) === this.#text) await rm(this.#path, { force: true })
  }
}

/** What tells a process from every other one. Empty texts where the machine has no /proc. */
export async function describeProcess(pid: number): Promise<Owner> {
  const stat = await readOrUndefined(`/proc/${pid}/stat`)
  // The name in parentheses may hold spaces; the start time is the 22nd field, the 20th behind it.
  // A process that ended and only waits for its parent (state Z or X) owns nothing any more.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  const ended = fields[0] === 'Z' || fields[0] === 'X'
  const started = (ended ? undefined : fields[19]) ?? ''
  const boot = (await readOrUndefined('/proc/sys/kernel/random/boot_id'))?.trim() ?? ''
  return { pid, started, boot }
}

/** The whole text appears at once or not at all: a lock is never seen half written. */
async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Throws FOLDER_REFUSED while the owner lives. Otherwise moves exactly the file that was looked at away. */
async function removeIfStale(folder: string, path: string): Promise<void> {
  const seen = await readOrUndefined(path)
  if (seen === undefined) return
  const owner = parseOwner(seen)
  if (owner !== undefined && (await lives(owner))) {
    throw new BrokerError(
      'FOLDER_REFUSED',
      `The data folder ${folder} is in use by the process ${owner.pid}.`,
    )
  }
  const aside = join(folder, `${LOCK_NAME}.${randomUUID()}`)
  try {
    await rename(path, aside)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  // Another process may have taken over between the look and the move: then it gets its lock back.
  if ((await readOrUndefined(aside)) !== seen) await tryLink(aside, path)
  await rm(aside, { force: true })
}

async function lives(owner: Owner): Promise<boolean> {
  const now = await describeProcess(owner.pid)
  if (now.boot !== owner.boot) return false
  if (now.started !== '' || owner.started !== '') return now.started === owner.started
  try {
    process.kill(owner.pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    return OWNER_SCHEMA.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return undefined
    throw error
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
