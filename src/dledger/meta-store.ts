/**
 * Term and vote of this member, in the file `meta`: two slots (slot-pair.ts), the first value is the term,
 * the second the vote, 0 for nobody.
 *
 * Each save writes both slots, one after the other, each durable before the next step. So whatever single
 * slot is torn by a crash or rots later, the other one holds every vote that was told to anybody: a member
 * never votes twice in a term and its term never goes down (thesis 3.8). When no slot is whole the member is
 * refused instead of starting as if new.
 */
import { assert } from '../base/assert.ts'
import { nodeId, term } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Disk, DiskFile, Logger } from '../base/ports.ts'
import type { HardState } from '../raft/types.ts'
import { FailStop } from './fail-stop.ts'
import { otherSlot, readSlots, type Slot, type SlotNumber, writeSlot } from './slot-pair.ts'

/** The path of the file below the data folder. */
export const META_PATH = 'meta'
/** "DLMT". */
export const META_MAGIC = 0x444c4d54

/** How the file is opened. */
export interface MetaStoreOptions {
  /** True on the first start of a folder: makes the file. False: a missing file is refused. */
  readonly create: boolean
  /** Called once, with STORAGE_FAILED, when a save fails. */
  readonly onFailure?: (error: BrokerError) => void
}

export class MetaStore {
  readonly #file: DiskFile
  readonly #failStop: FailStop
  #sequence: number
  #hardState: HardState
  #saving = false

  private constructor(file: DiskFile, failStop: FailStop, found: Slot) {
    this.#file = file
    this.#failStop = failStop
    this.#sequence = found.sequence
    this.#hardState = { term: term(found.first), votedFor: found.second === 0 ? 0 : nodeId(found.second) }
  }

  /**
   * `create` makes the file, for the first start of a folder only: it throws FOLDER_REFUSED when a term is
   * there already. Otherwise a missing or unreadable file is DATA_DAMAGED. Throws STORAGE_FAILED.
   */
  static async open(disk: Disk, options: MetaStoreOptions, logger: Logger): Promise<MetaStore> {
    const failStop = new FailStop('the meta store', options.onFailure)
    try {
      return await openFile(
        disk,
        options.create,
        logger,
        (file, found) => new MetaStore(file, failStop, found),
      )
    } catch (error) {
      if (error instanceof BrokerError) throw error
      throw failStop.fail('opening it', error)
    }
  }

  /** What is durable. */
  get hardState(): HardState {
    return this.#hardState
  }

  /**
   * Resolves when `state` is durable. One call at a time. Rule: the term never goes down, and within a term
   * a vote is given once. Throws STORAGE_FAILED; after the first failure for ever.
   */
  async save(state: HardState): Promise<void> {
    this.#failStop.check()
    const old = this.#hardState
    assert(!this.#saving, 'one save is under way at a time')
    assert(state.term >= old.term, 'the term never goes down', { old, state })
    const voteStays = state.term > old.term || old.votedFor === 0 || state.votedFor === old.votedFor
    assert(voteStays, 'a vote is given once in a term', { old, state })
    if (state.term === old.term && state.votedFor === old.votedFor) return
    this.#saving = true
    try {
      this.#sequence++
      const slot = { sequence: this.#sequence, first: state.term, second: state.votedFor }
      await saveBoth(this.#file, slot, 0)
      this.#hardState = state
    } catch (error) {
      throw this.#failStop.fail('saving term and vote', error)
    } finally {
      this.#saving = false
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

async function openFile<T>(
  disk: Disk,
  create: boolean,
  logger: Logger,
  make: (file: DiskFile, found: Slot) => T,
): Promise<T> {
  const exists = (await disk.list('.')).includes(META_PATH)
  if (!exists && !create) {
    throw new BrokerError('DATA_DAMAGED', `The file ${META_PATH} with term and vote is missing.`)
  }
  const file = await disk.open(META_PATH, { create })
  try {
    const found = await readSlots(file, META_MAGIC)
    if (create) return make(file, await makeNew(disk, file, found?.newest))
    if (found === undefined) {
      throw new BrokerError(
        'DATA_DAMAGED',
        `Both slots of the file ${META_PATH} with term and vote are damaged.`,
      )
    }
    const { newest, number, other } = found
    if (other?.sequence !== newest.sequence) logger.warn({ slot: otherSlot(number) }, 'meta slot repaired')
    // What was read may only stand in the page cache, left by a save that failed: make it durable first.
    const renewed = { ...newest, sequence: newest.sequence + 1 }
    await saveBoth(file, renewed, otherSlot(number))
    return make(file, renewed)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function makeNew(disk: Disk, file: DiskFile, found: Slot | undefined): Promise<Slot> {
  if (found !== undefined && found.first !== 0) {
    throw new BrokerError('FOLDER_REFUSED', 'The data folder holds term and vote already, but no identity.')
  }
  const slot = { sequence: 1, first: 0, second: 0 }
  await saveBoth(file, slot, 0)
  await disk.syncFolder('.')
  return slot
}

/** Writes both slots, `first` first. The second is touched only when the first is durable. */
async function saveBoth(file: DiskFile, slot: Slot, first: SlotNumber): Promise<void> {
  for (const number of [first, otherSlot(first)]) {
    await writeSlot(file, META_MAGIC, number, slot)
    await file.sync()
  }
}
