/** The data folder of the development cluster: one process owns it, and a note in it says what it holds. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { BrokerError, messageOf } from '../base/errors.ts'
import { FolderLock } from '../store/folder-lock.ts'
import { clientEndpoints, type DevProcess, type DevShape, namesrvEndpoint } from './dev-plan.ts'
import { DEV_FILE } from './entry-points.ts'

const noteSchema = z.object({
  clusterId: z.string(),
  nodes: z.int(),
  /** All members have once been there; from then on an empty member folder is refused. */
  founded: z.boolean(),
})

/** What the note says. The addresses beside it are for `dledger-cli`. */
export type DevNote = z.infer<typeof noteSchema>

export class DevFolder {
  /** Absolute. */
  readonly path: string
  readonly #lock: FolderLock
  #note: DevNote | undefined

  private constructor(path: string, lock: FolderLock) {
    this.path = path
    this.#lock = lock
  }

  /** Takes the folder. Throws `BrokerError` FOLDER_REFUSED when it is in use or holds something else. */
  static async open(folder: string): Promise<DevFolder> {
    const path = resolve(folder)
    refuseForeign(path)
    try {
      mkdirSync(join(path, 'logs'), { recursive: true })
    } catch (cause) {
      throw new BrokerError('FOLDER_REFUSED', `the data folder ${path} cannot be made: ${messageOf(cause)}`, {
        cause,
      })
    }
    return new DevFolder(path, await takeLock(path))
  }

  /** Reads what the folder holds; `undefined` when it is new. Throws `BrokerError` FOLDER_REFUSED. */
  load(): DevNote | undefined {
    this.#note = readNote(this.path)
    return this.#note
  }

  /** Deletes everything that the cluster has stored. */
  reset(): void {
    for (const name of readdirSync(this.path)) {
      if (!/^lock[.-]/.test(name)) rmSync(join(this.path, name), { recursive: true, force: true })
    }
    mkdirSync(join(this.path, 'logs'), { recursive: true })
    this.#note = undefined
  }

  /** Writes the note and the configuration of each process. Returns the id of the cluster. */
  prepare(
    shape: DevShape,
    processes: (bootstrap: string | undefined) => readonly DevProcess[],
  ): readonly DevProcess[] {
    const note = this.#note ?? { clusterId: `dev-${randomUUID()}`, nodes: shape.nodes, founded: false }
    this.#write(note, shape)
    const planned = processes(note.founded ? undefined : note.clusterId)
    for (const one of planned) writeFileSync(this.configFile(one), stringify(one.config))
    return planned
  }

  /** All members have their folders now. */
  founded(shape: DevShape): void {
    if (this.#note !== undefined && !this.#note.founded) this.#write({ ...this.#note, founded: true }, shape)
  }

  configFile(one: DevProcess): string {
    return join(this.path, `${one.file}.yaml`)
  }

  logFile(one: DevProcess): string {
    return join(this.path, 'logs', `${one.file}.log`)
  }

  async close(): Promise<void> {
    await this.#lock.release()
  }

  #write(note: DevNote, shape: DevShape): void {
    this.#note = note
    const addresses = { clients: clientEndpoints(shape), nameServers: [namesrvEndpoint(shape)] }
    writeFileSync(join(this.path, DEV_FILE), `${JSON.stringify({ ...note, ...addresses }, undefined, 2)}\n`)
  }
}

async function takeLock(path: string): Promise<FolderLock> {
  try {
    return await FolderLock.take(path)
  } catch (error) {
    if (!(error instanceof BrokerError) || error.code !== 'FOLDER_REFUSED') throw error
    const words = `${error.message.replace(/\.$/, '')}: stop that one, or choose another folder with --data`
    throw new BrokerError('FOLDER_REFUSED', words, { cause: error })
  }
}

/** A folder with other people's files is never written to, and never deleted. */
function refuseForeign(path: string): void {
  const names = namesIn(path).filter((name) => !name.startsWith('lock.') && name !== 'logs')
  if (names.length === 0 || names.includes(DEV_FILE)) return
  throw new BrokerError(
    'FOLDER_REFUSED',
    `${path} holds something else (${names[0] ?? ''}): choose another folder with --data`,
  )
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    // Rule: a folder that is not there yet is an empty one; making it will tell of any other fault.
    return []
  }
}

function readNote(path: string): DevNote | undefined {
  if (!namesIn(path).includes(DEV_FILE)) return undefined
  const file = join(path, DEV_FILE)
  try {
    return noteSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new BrokerError(
      'FOLDER_REFUSED',
      `${file} cannot be read: start anew with --reset, or choose another folder with --data`,
      { cause },
    )
  }
}
