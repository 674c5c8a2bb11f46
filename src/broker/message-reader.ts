/** Finds messages by queue and offset: pointer from a page, bytes from the log, from memory where possible. */
import type { QueueOffset } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Pointer, QueueNumber } from './machine/commands.ts'
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

  /** The pointer, from the disk if need be. Throws DATA_DAMAGED when the table does not hold it. */
  async pointer(queue: QueueNumber, offset: QueueOffset): Promise<Pointer> {
    const cached = this.cachedPointer(queue, offset)
    if (cached !== undefined) return cached
    const page = await this.#log.readRow(this.#view.pageKey(queue, offset))
    const pointer =
      this.#view.pointerInMemory(queue, offset) ??
      (page === null ? undefined : this.#view.pointerInPage(page, offset))
    if (pointer === undefined) {
      throw new BrokerError('DATA_DAMAGED', `queue ${queue} has no pointer for its message ${offset}`)
    }
    return pointer
  }

  /** The stored message: a view of the log's memory, or bytes read from the disk. */
  async message(pointer: Pointer): Promise<Uint8Array> {
    return (
      this.#log.cachedBytes(pointer.position, pointer.size) ??
      (await this.#log.readBytes(pointer.position, pointer.size))
    )
  }
}
