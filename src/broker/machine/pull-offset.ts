/**
 * How far a group that keeps its own offsets has read a queue, as its clients said (`UpdateOffset`). It stands
 * beside the group's place for receiving: a group pulls or receives, and neither moves the other.
 *
 * Pull offset row: u8 version, u64 offset, u64 stored at.
 */
import type { Millis, QueueOffset } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import type { GroupId, QueueNumber } from './commands.ts'
import { Row } from './rows.ts'
import { ROW_VERSION, startKey, TABLE_PULL_OFFSET } from './tables.ts'
import type { PullOffsetView } from './view.ts'

export class PullOffset extends Row implements PullOffsetView {
  readonly groupId: GroupId
  readonly queue: QueueNumber
  /** Rule: at most the queue's next offset. It may be below the minimum: retention does not wait for it. */
  offset: QueueOffset
  storedAt: Millis

  constructor(groupId: GroupId, queue: QueueNumber, offset: QueueOffset, storedAt: Millis) {
    super()
    this.groupId = groupId
    this.queue = queue
    this.offset = offset
    this.storedAt = storedAt
  }

  override sizeHint(): number {
    return 27
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_PULL_OFFSET).uint32(this.groupId).uint32(this.queue)
  }

  override writeValue(into: Writer): void {
    into.uint8(ROW_VERSION).uint64(this.offset).uint64(this.storedAt)
  }
}
