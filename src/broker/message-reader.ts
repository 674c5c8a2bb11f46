/** Finds messages by queue and offset: pointer from a page, bytes from the log, from memory where possible. */
import type { QueueOffset } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Pointer, QueueEntry, QueueNumber } from './machine/commands.ts'
import type { MachineView } from './machine/view.ts'
import type { ReplicatedLog } from './replicated-log.ts'

export class MessageReader {
  readonly #view: MachineView
  readonly #log: ReplicatedLog

  constructor(view: MachineView, log: ReplicatedLog) {
    this.#view = view
    this.#log = log
  }

  /** The pointer, if its page is in memory. */
  cachedPointer(queue: QueueNumber, offset: QueueOffset): Pointer | undefined {
    const inMachine = this.#view.pointerInMemory(queue, offset)
    if (inMachine !== undefined) return inMachine
    const page = this.#log.cachedRow(this.#view.pageKey(queue, offset))
    return page === undefined || page === null ? undefined : this.#view.pointerInPage(page, offset)
  }

  /**
   * The pointer, from the disk if need be; `undefined` when retention has taken the message away. Throws
   * DATA_DAMAGED when the table lacks it.
   */
  async pointer(queue: QueueNumber, offset: QueueOffset): Promise<Pointer | undefined> {
    const cached = this.cachedPointer(queue, offset)
    if (cached !== undefined) return cached
    const page = await this.#log.readRow(this.#view.pageKey(queue, offset))
    const inMemory = this.#view.pointerInMemory(queue, offset)
    return inMemory ?? this.#found(queue, offset, page && this.#view.pointerInPage(page, offset))
  }

  /** What the page holds of a message, if it is in memory. */
  cachedEntry(queue: QueueNumber, offset: QueueOffset): QueueEntry | undefined {
    const inMachine = this.#view.entryInMemory(queue, offset)
    if (inMachine !== undefined) return inMachine
    const page = this.#log.cachedRow(this.#view.pageKey(queue, offset))
    return page === undefined || page === null ? undefined : this.#view.entryInPage(page, offset)
  }

  /** What the page holds of a message. Otherwise as `pointer`. */
  async entry(queue: QueueNumber, offset: QueueOffset): Promise<QueueEntry | undefined> {
    const inMachine = this.#view.entryInMemory(queue, offset)
    if (inMachine !== undefined) return inMachine
    const page = await this.#log.readRow(this.#view.pageKey(queue, offset))
    const inMemory = this.#view.entryInMemory(queue, offset)
    return inMemory ?? this.#found(queue, offset, page && this.#view.entryInPage(page, offset))
  }

  /** The stored message, if the log has it in memory. */
  cachedMessage(pointer: Pointer): Uint8Array | undefined {
    return this.#log.cachedBytes(pointer.position, pointer.size)
  }

  /** The stored message: a view of the log's memory, or bytes read from the disk. */
  async message(pointer: Pointer): Promise<Uint8Array> {
    return this.cachedMessage(pointer) ?? (await this.#log.readBytes(pointer.position, pointer.size))
  }

  /**
   * The stored message of an offset, whose pointer may be known; `undefined` when retention has taken it away.
   * A message that is moved up while it is read is read at its new place.
   */
  async read(queue: QueueNumber, offset: QueueOffset, known?: Pointer): Promise<Uint8Array | undefined> {
    const pointer = this.#view.movedPointer(queue, offset) ?? known ?? (await this.pointer(queue, offset))
    if (pointer === undefined) return undefined
    try {
      return await this.message(pointer)
    } catch (error) {
      if (pointer.position >= this.#view.floors.position) throw error
      const moved = this.#view.movedPointer(queue, offset)
      return moved === undefined || moved.position === pointer.position ? undefined : this.message(moved)
    }
  }

  #found<T extends Pointer>(
    queue: QueueNumber,
    offset: QueueOffset,
    found: T | null | undefined,
  ): T | undefined {
    if (found !== null && found !== undefined) return found
    const view = this.#view.queue(queue)
    if (view === undefined || offset < view.minOffset) return undefined
    throw new BrokerError('DATA_DAMAGED', `queue ${queue} has no pointer for its message ${offset}`)
  }
}
