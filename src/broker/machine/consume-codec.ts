/**
 * The bytes of the commands about what groups have consumed.
 *
 *  40 updateOffset   16 bytes request, u32 group id, u32 queue, u64 offset
 *  41 forwardDead    16 bytes request, receipt, u64 position, u32 size, u32 tag CRC-32
 *  42 resetOffsets   16 bytes request, u32 group id, list of: u32 queue, u64 offset
 *  43 redrive        u32 group id, u32 queue, u64 start, list of: u64 position, u32 size, u32 tag CRC-32, u32 topic id
 *  44 claimRepeat    16 bytes request, u64 invisible ms
 *
 * receipt: u32 group id, u32 queue, u64 offset, u32 attempt, u64 deadline.
 */
import { assert, unreachable } from '../../base/assert.ts'
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'
import { BytesError, type Reader, type Writer } from '../../base/bytes.ts'
import type { Pointer, Receipt } from './basics.ts'
import type { ConsumeCommand } from './consume-commands.ts'

export const CONSUME_KINDS = {
  updateOffset: 40,
  forwardDead: 41,
  resetOffsets: 42,
  redrive: 43,
  claimRepeat: 44,
} as const satisfies Record<ConsumeCommand['type'], number>

const REQUEST_BYTES = 16
const PLACE_BYTES = 12
const ITEM_BYTES = 20

/** Whether a command is one of these. */
export function isConsumeCommand(command: { readonly type: string }): command is ConsumeCommand {
  return Object.hasOwn(CONSUME_KINDS, command.type)
}

/** Writes the body of a command. */
export function writeConsume(into: Writer, command: ConsumeCommand): void {
  switch (command.type) {
    case 'updateOffset':
      writeRequest(into, command.request)
      into.uint32(command.groupId).uint32(command.queue).uint64(command.offset)
      return
    case 'forwardDead':
      writeRequest(into, command.request)
      writeReceipt(into, command.receipt)
      writePointer(into, command.pointer)
      return
    case 'resetOffsets':
      writeRequest(into, command.request)
      into.uint32(command.groupId).uint32(command.queues.length)
      for (const { queue, offset } of command.queues) into.uint32(queue).uint64(offset)
      return
    case 'redrive':
      into.uint32(command.groupId).uint32(command.queue).uint64(command.start).uint32(command.items.length)
      for (const item of command.items) {
        writePointer(into, item)
        into.uint32(item.topicId)
      }
      return
    case 'claimRepeat':
      writeRequest(into, command.request)
      into.uint64(command.invisibleMs)
      return
    default:
      unreachable(command)
  }
}

/** Reads the body of a command; `undefined` for a kind of another family. Throws `BytesError`. */
export function readConsume(kind: number, body: Reader): ConsumeCommand | undefined {
  switch (kind) {
    case CONSUME_KINDS.updateOffset: {
      const request = body.take(REQUEST_BYTES)
      const groupId = body.uint32()
      return { type: 'updateOffset', request, groupId, queue: body.uint32(), offset: readOffset(body) }
    }
    case CONSUME_KINDS.forwardDead: {
      const request = body.take(REQUEST_BYTES)
      return { type: 'forwardDead', request, receipt: readReceipt(body), pointer: readPointer(body) }
    }
    case CONSUME_KINDS.resetOffsets: {
      const request = body.take(REQUEST_BYTES)
      const groupId = body.uint32()
      const queues = readList(body, PLACE_BYTES, () => ({ queue: body.uint32(), offset: readOffset(body) }))
      return { type: 'resetOffsets', request, groupId, queues }
    }
    case CONSUME_KINDS.redrive: {
      const groupId = body.uint32()
      const queue = body.uint32()
      const start = readOffset(body)
      const items = readList(body, ITEM_BYTES, () => ({ ...readPointer(body), topicId: body.uint32() }))
      return { type: 'redrive', groupId, queue, start, items }
    }
    case CONSUME_KINDS.claimRepeat: {
      const request = body.take(REQUEST_BYTES)
      return { type: 'claimRepeat', request, invisibleMs: body.uint64() as Millis }
    }
    default:
      return undefined
  }
}

function writeRequest(into: Writer, request: Uint8Array): void {
  assert(request.byteLength === REQUEST_BYTES, 'a request key has 16 bytes')
  into.raw(request)
}

function writeReceipt(into: Writer, { groupId, queue, offset, attempt, deadline }: Receipt): void {
  into.uint32(groupId).uint32(queue).uint64(offset).uint32(attempt).uint64(deadline)
}

function readReceipt(body: Reader): Receipt {
  const groupId = body.uint32()
  const queue = body.uint32()
  const offset = readOffset(body)
  const attempt = body.uint32()
  return { groupId, queue, offset, attempt, deadline: body.uint64() as Millis }
}

function writePointer(into: Writer, { position, size, tagHash }: Pointer): void {
  into.uint64(position).uint32(size).uint32(tagHash)
}

function readPointer(body: Reader): Pointer {
  return { position: body.uint64() as LogPosition, size: body.uint32(), tagHash: body.uint32() }
}

function readOffset(body: Reader): QueueOffset {
  return body.uint64() as QueueOffset
}

/** Checks the count against the bytes that are left before anything is made. */
function readList<T>(body: Reader, itemBytes: number, read: () => T): T[] {
  const count = body.uint32()
  if (count * itemBytes > body.left) throw new BytesError('a list is longer than its bytes')
  return Array.from({ length: count }, read)
}
