/**
 * A message that was moved up: its queue's page leads to a place below the floor, this row to the new one. It
 * stays while the queue reaches back to the message or a group has it in flight.
 *
 * Moved row: u8 version, u64 position, u32 size, u32 tag CRC-32.
 */
import type { LogPosition, QueueOffset } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import type { Pointer, QueueNumber } from './commands.ts'
import { Row } from './rows.ts'
import { ROW_VERSION, startKey, TABLE_MOVED } from './tables.ts'

export class Moved extends Row implements Pointer {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
  position: LogPosition
  readonly size: number
  readonly tagHash: number

  constructor(queue: QueueNumber, offset: QueueOffset, pointer: Pointer) {
    super()
    this.queue = queue
    this.offset = offset
    this.position = pointer.position
    this.size = pointer.size
    this.tagHash = pointer.tagHash
  }

  /** Without what makes it a row. */
  pointer(): Pointer {
    return { position: this.position, size: this.size, tagHash: this.tagHash }
  }

  override sizeHint(): number {
    return 31
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_MOVED).uint32(this.queue).uint64(this.offset)
  }

  override writeValue(into: Writer): void {
    into.uint8(ROW_VERSION).uint64(this.position).uint32(this.size).uint32(this.tagHash)
  }
}
