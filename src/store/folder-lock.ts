/**
 * One process a data folder. A file `lock.<number>` names the process that owns the folder: its pid, the time
 * when it started and the boot of the machine, so that a pid used again by another process is not mistaken
 * for the owner. Node has no flock; LevelDB's own lock on the tables, which the kernel keeps, stands behind.
 *
 * Only the highest number counts, and it is never removed, only passed by the next one. To take the folder is
 * to make the next number, which the file system gives to one process only, and to find then that it is the
 * highest. So of any number of processes that see the same dead owner exactly one follows it.
 */
import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { BrokerError } from '../base/errors.ts'
import { hasCode } from './node-disk.ts'

const LOCK_NAME = /^lock\.(\d{1,12})$/
/** Each lost attempt means that another process took the folder or gave it free. */
const ATTEMPTS_MAX = 10

const OWNER_SCHEMA = z.object({ pid: z.int().min(1), started: z.string(), boot: z.string() })
type Owner = z.infer<typeof OWNER_SCHEMA>

export class FolderLock {
  readonly #folder: string
  readonly #number: number
  #held = true

  private constructor(folder: string, number: number) {
    this.#folder = folder
    this.#number = number
  }

  /** Takes the lock of an existing folder. Throws FOLDER_REFUSED while another process has it. */
  static async take(folder: string): Promise<FolderLock> {
    const text = `${JSON.stringify(await describeProcess(process.pid))}\n`
    for (let i = 0; i < ATTEMPTS_MAX; i++) {
      const highest = await highestLock(folder)
      if (highest > 0) {
        const owner = await ownerOf(lockPath(folder, highest))
        if (owner !== undefined && (await lives(owner))) throw inUse(folder, owner)
      }
      if (await makeNext(folder, highest + 1, text)) return new FolderLock(folder, highest + 1)
    }
    throw new BrokerError('FOLDER_REFUSED', `The lock of data folder ${folder} could not be taken.`)
  }

  /** Gives the folder free. */
  async release(): Promise<void> {
    if (!this.#held) return
    this.#held = false
    await makeNext(this.#folder, this.#number + 1, 'free\n')
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

/**
 * Makes the lock file of this number, its whole text at once, and removes the lower ones. False when another
 * process has the number, or a higher one is there: then this number says nothing.
 */
export async function makeNext(folder: string, number: number, text: string): Promise<boolean> {
  const path = lockPath(folder, number)
  const own = join(folder, `lock-${randomUUID()}`)
  await writeFile(own, text, { flag: 'wx', mode: 0o600 })
  try {
    await link(own, path)
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(own, { force: true })
  }
  if ((await highestLock(folder)) !== number) {
    await rm(path, { force: true })
    return false
  }
  for (const lower of await lockNumbers(folder)) {
    if (lower < number) await rm(lockPath(folder, lower), { force: true })
  }
  return true
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock.${number}`)
}

async function lockNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names.flatMap((name) => {
    const digits = LOCK_NAME.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  })
}

/** 0 when there is none. */
async function highestLock(folder: string): Promise<number> {
  return Math.max(0, ...(await lockNumbers(folder)))
}

function inUse(folder: string, owner: Owner): BrokerError {
  return new BrokerError('FOLDER_REFUSED', `The data folder ${folder} is in use by the process ${owner.pid}.`)
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

/** `undefined` for a lock that was given free, is gone, or was half written when the machine stopped. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  const text = await readOrUndefined(path)
  try {
    return OWNER_SCHEMA.safeParse(JSON.parse(text ?? '')).data
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
