/**
 * The files of a state that is being received: its head, its rows and its log, beside the tables and the log in use
 * (side-files.ts). Nothing of it counts before `commit`, a rename; from then on every start finishes what is left to
 * do (state-install.ts). After a crash or a broken connection it goes on with what is whole.
 */
import { assert } from '../../base/assert.ts'
import type { LogIndex } from '../../base/brand.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Clock, Disk, Logger } from '../../base/ports.ts'
import { readFully } from '../../store/read-fully.ts'
import { writeLogBase } from '../log-base.ts'
import { LogStore } from '../log-store.ts'
import { parseHeader } from '../record-codec.ts'
import { LOG_FOLDER, type LogShape } from '../segment.ts'
import type { Row } from './row-pages.ts'
import { RowsFile } from './rows-file.ts'
import { SIDE_ENDING, SideFiles } from './side-files.ts'
import { decodeHead, encodeHead, isSameState, type StateHead } from './state-head.ts'

/** The head, among the side files. */
const HEAD_PATH = `${LOG_FOLDER}/state`
/** The head once the state is taken: the old tables and log are to go. */
export const TAKEN_PATH = `${LOG_FOLDER}/state.taken`

/** What is received needs no cache: nobody reads it before it is in use. */
const TAIL_CACHE_BYTES = 4 * 1024 * 1024

/** Makes a machine of rows and tells what it is, without keeping it. Rejects with DATA_DAMAGED. */
export type ExamineRows = (
  rows: AsyncIterable<readonly Row[]>,
) => Promise<{ readonly index: LogIndex; readonly digest: string }>

export interface IncomingStateOptions {
  readonly disk: Disk
  readonly shape: LogShape
  readonly clock: Clock
  readonly logger: Logger
  readonly examine: ExamineRows
}

export class IncomingState {
  readonly #options: IncomingStateOptions
  readonly #side: SideFiles
  readonly #rows: RowsFile
  #head: StateHead | null
  #log: LogStore | null = null
  #isSealed = false

  private constructor(
    options: IncomingStateOptions,
    side: SideFiles,
    rows: RowsFile,
    head: StateHead | null,
  ) {
    this.#options = options
    this.#side = side
    this.#rows = rows
    this.#head = head
  }

  /** Finds what an earlier life received. */
  static async open(options: IncomingStateOptions): Promise<IncomingState> {
    const side = new SideFiles(options.disk)
    const head = await readHead(side)
    const state = new IncomingState(options, side, await RowsFile.open(side), head)
    if (head === null) await state.#rows.clear()
    return state
  }

  /** Removes all that an earlier life received. */
  static async discard(disk: Disk): Promise<void> {
    const names = (await disk.list(LOG_FOLDER)).filter((name) => name.endsWith(SIDE_ENDING))
    for (const name of names) await disk.remove(`${LOG_FOLDER}/${name}`)
    if (names.length > 0) await disk.syncFolder(LOG_FOLDER)
  }

  /** What is received; `null` before the first `begin`. */
  get head(): StateHead | null {
    return this.#head
  }

  get rows(): RowsFile {
    return this.#rows
  }

  get log(): LogStore {
    assert(this.#log !== null, 'a state is received')
    return this.#log
  }

  /** All of it is there, was checked and is durable. */
  get isSealed(): boolean {
    return this.#isSealed
  }

  /**
   * From now on the offered state is received; or the one at hand, if that is at `needed` or later and lacks no
   * rows: then only its log may be missing, which everybody has.
   */
  async begin(offered: StateHead, needed: LogIndex): Promise<StateHead> {
    if (this.#head === null || !this.#serves(this.#head, offered, needed)) {
      this.#isSealed = false
      await this.#rows.clear()
      await this.#writeHead(offered)
      this.#head = offered
    }
    if (!this.#isSealed) this.#log ??= await this.#openLog()
    if (this.#log !== null && this.#log.lastIndex < offered.base.index) {
      await this.dropLog()
      await writeLogBase(this.#side, offered.base)
      this.#log = await this.#openLog()
    }
    return this.#head
  }

  #serves(head: StateHead, offered: StateHead, needed: LogIndex): boolean {
    return isSameState(head, offered) || (this.#rows.isComplete && head.index >= needed)
  }

  /** Removes the received log: it does not go on, or is not sound. */
  async dropLog(): Promise<void> {
    await this.#log?.close()
    this.#log = null
    for (const name of await this.#side.list(LOG_FOLDER)) {
      if (name !== 'state' && name !== 'rows') await this.#side.remove(`${LOG_FOLDER}/${name}`)
    }
    await this.#side.syncFolder(LOG_FOLDER)
  }

  /**
   * Checks the whole and makes it durable. Throws DATA_DAMAGED when it is not the state that its head says: then all
   * of it is to be discarded.
   */
  async seal(): Promise<void> {
    const head = this.#head
    assert(head !== null && this.#rows.isComplete, 'a whole state is sealed')
    if (this.#isSealed) return
    const { log } = this
    const parsed = parseHeader(await log.readRecords(head.index, head.index, 0))
    const isEnd = parsed.type === 'ok' && parsed.header.headerCrc === head.chain
    if (!isEnd || log.termOf(head.index) !== head.term) throw damaged('its log is another one')
    const { index, digest } = await this.#options.examine(this.#rows.rows())
    if (index !== head.index || digest !== head.digest) {
      throw damaged(`its rows give ${digest} at ${index}, not ${head.digest} at ${head.index}`)
    }
    await this.#rows.sync()
    log.indexer.look(log.lastIndex)
    this.#log = null
    await log.close()
    await this.#side.syncFolder(LOG_FOLDER)
    this.#isSealed = true
  }

  /** The state takes the place of tables and log: durable when this resolves, carried out by the next start. */
  async commit(): Promise<void> {
    assert(this.#isSealed, 'a state is whole before it is taken')
    await this.#options.disk.rename(HEAD_PATH + SIDE_ENDING, TAKEN_PATH)
    await this.#options.disk.syncFolder(LOG_FOLDER)
  }

  async close(): Promise<void> {
    await this.#rows.close()
    await this.#log?.close().catch(() => undefined)
    this.#log = null
  }

  async #writeHead(head: StateHead): Promise<void> {
    const path = `${HEAD_PATH}.new`
    const file = await this.#side.open(path, { create: true })
    try {
      await file.truncate(0)
      await file.write([encodeHead(head)], 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#side.rename(path, HEAD_PATH)
    await this.#side.syncFolder(LOG_FOLDER)
  }

  /** The received log as far as it is sound; an empty one that begins where the head says when there is none. */
  async #openLog(): Promise<LogStore> {
    const { clock, shape, logger } = this.#options
    const options = { ...shape, clock, tailCacheBytesMax: TAIL_CACHE_BYTES }
    const names = await this.#side.list(LOG_FOLDER)
    if (names.includes('synced') && names.includes('base')) {
      try {
        return await LogStore.open(this.#side, { ...options, create: false }, logger)
      } catch (error) {
        if (!(error instanceof BrokerError) || error.code === 'STORAGE_FAILED') throw error
      }
    }
    await this.dropLog()
    assert(this.#head !== null, 'a log is of a state')
    await writeLogBase(this.#side, this.#head.base)
    return LogStore.open(this.#side, { ...options, create: true }, logger)
  }
}

async function readHead(side: Disk): Promise<StateHead | null> {
  if (!(await side.list(LOG_FOLDER)).includes('state')) return null
  const file = await side.open(HEAD_PATH, { create: false })
  try {
    return decodeHead(await readFully(file, new Uint8Array(await file.size()), 0))
  } catch (error) {
    if (error instanceof BrokerError) return null
    throw error
  } finally {
    await file.close()
  }
}

function damaged(reason: string): BrokerError {
  return new BrokerError('DATA_DAMAGED', `The state that was received is not whole: ${reason}.`)
}
