/**
 * Reads commands out of entries. The layouts stand in `command-encode.ts`. Bytes come from the log and may
 * be anything: what does not decode throws `BytesError`, which the machine turns into a refusal; a version
 * or kind that is not known throws `UnknownVersionError`.
 */
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'
import { readCreateGroup, readUpdateTopic } from './catalog-codec.ts'
import { BytesError, Reader } from '../../base/bytes.ts'
import { UnknownVersionError } from '../../base/state-machine.ts'
import { CLIENT_HASH_BYTES, COMMAND_KINDS, MOVED_ITEM_BYTES, REQUEST_KEY_BYTES } from './command-encode.ts'
import type { Claim, ClaimInOrder, ClaimPart, Command, Contact, DeadLetter } from './commands.ts'
import type { Delivery, MoveUp, Receipt } from './commands.ts'
import { readConsume } from './consume-codec.ts'
import { readOrder } from './group-policy.ts'
import { readStoredHeader } from './stored-message.ts'
import { readMoveTimers, readTimerOf, readTimers } from './timer-codec.ts'
import { readCheckTransactions, readEndTransaction, readMoveTransactions } from './transaction-codec.ts'

/** Decodes the body of a command. Its byte arrays are views of `body`, not copies. */
export function decodeCommand(kind: number, version: number, body: Uint8Array): Command {
  const reader = new Reader(body)
  const command = readCommand(kind, version, reader)
  reader.end()
  return command
}

function readCommand(kind: number, version: number, body: Reader): Command {
  switch (kind) {
    case COMMAND_KINDS.createTopic:
      return {
        type: 'createTopic',
        name: body.text16(),
        messageType: body.uint8(),
        queueCount: body.uint32(),
      }
    case COMMAND_KINDS.deleteTopic:
      return { type: 'deleteTopic', name: body.text16() }
    case COMMAND_KINDS.createGroup:
      return readCreateGroup(version, body)
    case COMMAND_KINDS.deleteGroup:
      return { type: 'deleteGroup', name: body.text16() }
    case COMMAND_KINDS.updateTopic:
      return readUpdateTopic(body)
    case COMMAND_KINDS.updateGroup: {
      const name = body.text16()
      return { type: 'updateGroup', name, ...readOrder(body, body.uint32()) }
    }
    case COMMAND_KINDS.leaveTopic:
      return { type: 'leaveTopic', group: body.text16(), topic: body.text16() }
    case COMMAND_KINDS.contact:
      return readContact(body)
    case COMMAND_KINDS.send:
      return {
        type: 'send',
        topicId: body.uint32(),
        count: body.uint32(),
        messages: body.take(body.left),
      }
    case COMMAND_KINDS.claim:
      return readClaim(body)
    case COMMAND_KINDS.claimInOrder:
      return readClaimInOrder(body)
    case COMMAND_KINDS.ack:
      return { type: 'ack', request: body.take(REQUEST_KEY_BYTES), receipts: readList(body, 28, readReceipt) }
    case COMMAND_KINDS.changeInvisible:
      return {
        type: 'changeInvisible',
        request: body.take(REQUEST_KEY_BYTES),
        receipt: readReceipt(body),
        invisibleMs: readMillis(body),
      }
    case COMMAND_KINDS.release:
      return {
        type: 'release',
        deliveries: version === 1 ? readList(body, 20, readDelivery) : readList(body, 28, readReceipt),
      }
    case COMMAND_KINDS.releaseClient:
      return {
        type: 'releaseClient',
        client: body.take(CLIENT_HASH_BYTES),
        groupId: readOptional(body),
      }
    case COMMAND_KINDS.renew:
      return {
        type: 'renew',
        invisibleMs: readMillis(body),
        deliveries: readList(body, 20, readDelivery),
      }
    case COMMAND_KINDS.deadLetter:
      return readDeadLetter(body)
    case COMMAND_KINDS.advance:
      return { type: 'advance' }
    case COMMAND_KINDS.floor:
      return { type: 'floor', rising: readPosition(body), position: readPosition(body) }
    case COMMAND_KINDS.trim:
      return {
        type: 'trim',
        queues: readList(body, 12, (item) => ({ queue: item.uint32(), minOffset: readOffset(item) })),
      }
    case COMMAND_KINDS.moveUp:
      return readMoveUp(body)
    case COMMAND_KINDS.dropPages:
      return { type: 'dropPages', queue: body.uint32(), endPage: body.uint64() }
    case COMMAND_KINDS.fire:
      return { type: 'fire', timers: readTimers(body) }
    case COMMAND_KINDS.recall:
      return { type: 'recall', request: body.take(REQUEST_KEY_BYTES), timer: readTimerOf(body) }
    case COMMAND_KINDS.moveTimers:
      return readMoveTimers(body)
    case COMMAND_KINDS.endTransaction:
      return readEndTransaction(body)
    case COMMAND_KINDS.checkTransactions:
      return readCheckTransactions(body)
    case COMMAND_KINDS.moveTransactions:
      return readMoveTransactions(body)
    default:
      return readConsume(kind, body) ?? unknownKind(kind)
  }
}

function unknownKind(kind: number): never {
  throw new UnknownVersionError(`command kind ${kind} is not known`)
}

function readContact(body: Reader): Contact {
  return {
    type: 'contact',
    group: body.text16(),
    topicId: readOptional(body),
    timeOffsets: readList(body, 8, readOffset),
  }
}

function readClaim(body: Reader): Claim {
  return {
    type: 'claim',
    request: body.take(REQUEST_KEY_BYTES),
    client: body.take(CLIENT_HASH_BYTES),
    groupId: body.uint32(),
    invisibleMs: readMillis(body),
    autoRenew: readFlag(body),
    parts: readList(body, 28, readPart),
  }
}

function readClaimInOrder(body: Reader): ClaimInOrder {
  return {
    type: 'claimInOrder',
    request: body.take(REQUEST_KEY_BYTES),
    client: body.take(CLIENT_HASH_BYTES),
    groupId: body.uint32(),
    topicId: body.uint32(),
    invisibleMs: readMillis(body),
    autoRenew: readFlag(body),
    lanes: readList(body, 12, (lane) => ({
      key: lane.uint64(),
      messages: readList(lane, 12, (item) => ({ queue: item.uint32(), offset: readOffset(item) })),
    })),
    cursors: readList(body, 20, (item) => ({
      queue: item.uint32(),
      start: readOffset(item),
      end: readOffset(item),
    })),
    messages: readList(body, 17, (item) => ({
      queue: item.uint32(),
      offset: readOffset(item),
      orderHash: item.uint32(),
      handedOut: readFlag(item),
    })),
  }
}

function readPart(body: Reader): ClaimPart {
  const queue = body.uint32()
  const start = readOffset(body)
  const end = readOffset(body)
  const offsets = body.uint32()
  const again = body.uint32()
  return {
    queue,
    start,
    end,
    offsets: readMany(body, offsets, 8, readOffset),
    again: readMany(body, again, 8, readOffset),
  }
}

function readDeadLetter(body: Reader): DeadLetter {
  return {
    type: 'deadLetter',
    groupId: body.uint32(),
    queue: body.uint32(),
    items: readList(body, 24, (item) => ({
      offset: readOffset(item),
      position: readPosition(item),
      size: item.uint32(),
      tagHash: item.uint32(),
    })),
  }
}

function readMoveUp(body: Reader): MoveUp {
  const heads = readList(body, MOVED_ITEM_BYTES, (item) => ({
    queue: item.uint32(),
    offset: readOffset(item),
    position: readPosition(item),
    size: item.uint32(),
  }))
  const items = heads.map(({ size, ...head }) => {
    const stored = body.take(size)
    const header = readStoredHeader(stored)
    if (header === undefined || header.headerBytes + header.rawLength !== size) {
      throw new BytesError('what is moved up is no message')
    }
    return { ...head, stored }
  })
  return { type: 'moveUp', items }
}

function readDelivery(body: Reader): Delivery {
  return {
    groupId: body.uint32(),
    queue: body.uint32(),
    offset: readOffset(body),
    attempt: body.uint32(),
  }
}

function readReceipt(body: Reader): Receipt {
  return {
    groupId: body.uint32(),
    queue: body.uint32(),
    offset: readOffset(body),
    attempt: body.uint32(),
    deadline: readMillis(body),
  }
}

function readList<T>(body: Reader, itemBytesMin: number, read: (body: Reader) => T): T[] {
  return readMany(body, body.uint32(), itemBytesMin, read)
}

/** Checks the count against the bytes that are left before anything is made. */
function readMany<T>(body: Reader, count: number, itemBytesMin: number, read: (body: Reader) => T): T[] {
  if (count * itemBytesMin > body.left) throw new BytesError('a list is longer than its bytes')
  const items: T[] = []
  for (let i = 0; i < count; i++) items.push(read(body))
  return items
}

/** A number with a flag before it that says whether it is there. */
function readOptional(body: Reader): number | null {
  const there = readFlag(body)
  const value = body.uint32()
  return there ? value : null
}

function readFlag(body: Reader): boolean {
  const flag = body.uint8()
  if (flag > 1) throw new BytesError('a flag is 0 or 1')
  return flag === 1
}

function readOffset(body: Reader): QueueOffset {
  return body.uint64() as QueueOffset
}

function readPosition(body: Reader): LogPosition {
  return body.uint64() as LogPosition
}

function readMillis(body: Reader): Millis {
  return body.uint64() as Millis
}
