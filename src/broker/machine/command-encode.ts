/**
 * Commands as bytes. `command-decode.ts` reads them. Kinds and bodies (all numbers big-endian; "name" is
 * UTF-8 with a u16 length before it; a list has a u32 count before it; version 1 unless another is said):
 *
 *   1 createTopic      name, u8 message type, u32 queue count
 *   2 deleteTopic      name
 *   3 createGroup      name, u8 start (0 default, 1 earliest, 2 latest, 3 time), u64 time, u32 attempts max;
 *                      version 2, for a group that says so, also order and back-off (`group-policy.ts`)
 *   4 deleteGroup      name
 *   5 contact          name, u8 has topic, u32 topic id, list of u64 offsets
 *   6 send             u32 topic id, u32 count, stored messages (`stored-message.ts`)
 *   7 claim            16 request, 8 client, u32 group id, u64 invisible ms, u8 auto renew,
 *                      list of parts: u32 queue, u64 start, u64 end, u32 offsets, u32 again, u64 ... each
 *   8 ack              16 request, list of receipts
 *   9 changeInvisible  16 request, receipt, u64 invisible ms
 *  10 release          (in version 2 a list of receipts) list of deliveries
 *  11 releaseClient    8 client, u8 has group, u32 group id
 *  12 renew            u64 invisible ms, list of deliveries
 *  13 deadLetter       u32 group id, u32 queue, list of: u64 offset, u64 position, u32 size, u32 tag CRC-32
 *  14 advance          nothing
 *  15 floor            u64 rising position, u64 position
 *  16 trim             list of: u32 queue, u64 min offset
 *  17 moveUp           list of: u32 queue, u64 offset, u64 old position, u32 size; then the stored messages
 *  18 dropPages        u32 queue, u64 end page
 *  20 updateTopic      name, u8 given (1 queue count, 2 permission, 4 retention), u32 queue count,
 *                      u8 permission, u64 retention ms
 *  21 updateGroup      name, u32 attempts max, order and back-off
 *  22 leaveTopic       name of the group, name of the topic
 *  24 claimInOrder     16 request, 8 client, u32 group id, u32 topic id, u64 invisible ms, u8 auto renew,
 *                      list of lanes: u64 lane, list of: u32 queue, u64 offset;
 *                      list of cursors: u32 queue, u64 start, u64 end;
 *                      list of messages: u32 queue, u64 offset, u32 order hash, u8 handed out
 *  28 to 30            timers: see `timer-codec.ts`
 *  34 to 36            of transactions, see `transaction-codec.ts`
 *  40 to 44            what groups have consumed: see `consume-codec.ts`
 *
 * delivery: u32 group id, u32 queue, u64 offset, u32 attempt. receipt: a delivery, u64 deadline.
 */
import { assert, unreachable } from '../../base/assert.ts'
import { writeCreateGroup, writeUpdateTopic } from './catalog-codec.ts'
import type { Millis } from '../../base/brand.ts'
import { viewOf, Writer } from '../../base/bytes.ts'
import type {
  Claim,
  ClaimInOrder,
  Command,
  Contact,
  Delivery,
  MovedItem,
  MoveTimers,
  MoveUp,
  Receipt,
  Release,
  Send,
  TopicId,
} from './commands.ts'
import type { ConsumeCommand } from './consume-commands.ts'
import { CONSUME_KINDS, isConsumeCommand, writeConsume } from './consume-codec.ts'
import { isPlainPolicy, writeOrder } from './group-policy.ts'
import { TIMER_BYTES, writeTimer, writeTimers } from './timer-codec.ts'
import {
  MOVED_HALF_BYTES,
  writeCheckTransactions,
  writeEndTransaction,
  writeMovedHalves,
} from './transaction-codec.ts'
import type { MovedHalf, MoveTransactions } from './transaction-commands.ts'

export const COMMAND_VERSION = 1
/** The newest version of the kinds that have more than one. */
const NEWEST_VERSIONS: Readonly<Record<number, number>> = { 3: 2, 10: 2 }
/** Before the body of each command: u8 kind, u8 version, u16 0, u32 length of the body. */
export const COMMAND_HEADER_BYTES = 8
export const REQUEST_KEY_BYTES = 16
const NO_DEADLINE = 0 as Millis
export const CLIENT_HASH_BYTES = 8

/** The number of each kind of command in the log. Numbers are never given to another kind. */
export const COMMAND_KINDS = {
  createTopic: 1,
  deleteTopic: 2,
  createGroup: 3,
  deleteGroup: 4,
  contact: 5,
  send: 6,
  claim: 7,
  ack: 8,
  changeInvisible: 9,
  release: 10,
  releaseClient: 11,
  renew: 12,
  deadLetter: 13,
  advance: 14,
  floor: 15,
  trim: 16,
  moveUp: 17,
  dropPages: 18,
  updateTopic: 20,
  updateGroup: 21,
  leaveTopic: 22,
  claimInOrder: 24,
  fire: 28,
  recall: 29,
  moveTimers: 30,
  endTransaction: 34,
  checkTransactions: 35,
  moveTransactions: 36,
  ...CONSUME_KINDS,
} as const satisfies Record<Command['type'], number>

/** A command as bytes with its header. Large message bytes are a chunk of their own and are not copied. */
export interface EncodedCommand {
  readonly size: number
  readonly chunks: readonly Uint8Array[]
}

const KNOWN_KINDS: ReadonlySet<number> = new Set(Object.values(COMMAND_KINDS))

/** Whether a number in the log is a kind of command. */
export function isKnownKind(kind: number): boolean {
  return KNOWN_KINDS.has(kind)
}

/** Whether this program knows the version of a kind that it knows. */
export function isKnownVersion(kind: number, version: number): boolean {
  return version >= COMMAND_VERSION && version <= (NEWEST_VERSIONS[kind] ?? COMMAND_VERSION)
}

/** The oldest version that can say what the command says, so that older programs go on as long as they can. */
function versionOf(command: Command): number {
  if (command.type === 'release') return hasDeadlines(command) ? 2 : COMMAND_VERSION
  return command.type === 'createGroup' && !isPlainPolicy(command) ? 2 : COMMAND_VERSION
}

function hasDeadlines({ deliveries }: Release): boolean {
  return deliveries.every(({ deadline }) => deadline !== undefined)
}

/** Turns a command into bytes. The message bytes of a `send` become a chunk as they are, without a copy. */
export function encodeCommand(command: Command): EncodedCommand {
  if (command.type === 'send') {
    return encodeSend(command.topicId, command.count, [command.messages], command.messages.byteLength)
  }
  if (command.type === 'moveUp') return encodeMoveUp(command.items)
  if (command.type === 'moveTimers') return encodeMoveTimers(command.items)
  if (command.type === 'moveTransactions') return encodeMoveTransactions(command.items)
  const body = new Writer(64)
  writeHeader(body, COMMAND_KINDS[command.type], versionOf(command))
  if (isConsumeCommand(command)) writeConsume(body, command)
  else writeBody(body, command)
  const bytes = body.done()
  viewOf(bytes).setUint32(4, bytes.byteLength - COMMAND_HEADER_BYTES)
  return { size: bytes.byteLength, chunks: [bytes] }
}

/** A `send` whose stored messages are in several chunks, `bytes` long together; they are not copied. */
export function encodeSend(
  topicId: TopicId,
  count: number,
  messages: readonly Uint8Array[],
  bytes: number,
): EncodedCommand {
  const head = new Uint8Array(COMMAND_HEADER_BYTES + 8)
  const view = viewOf(head)
  view.setUint8(0, COMMAND_KINDS.send)
  view.setUint8(1, COMMAND_VERSION)
  view.setUint32(4, 8 + bytes)
  view.setUint32(8, topicId)
  view.setUint32(12, count)
  return { size: head.byteLength + bytes, chunks: [head, ...messages] }
}

/** Before the stored messages of a `moveUp`: their count, and for each of them this. */
export const MOVED_ITEM_BYTES = 24

/** The stored messages become chunks as they are, without a copy. */
function encodeMoveUp(items: readonly MovedItem[]): EncodedCommand {
  const head = new Writer(COMMAND_HEADER_BYTES + 4 + MOVED_ITEM_BYTES * items.length)
  writeHeader(head, COMMAND_KINDS.moveUp, COMMAND_VERSION)
  head.uint32(items.length)
  let bytes = 0
  for (const { queue, offset, position, stored } of items) {
    head.uint32(queue).uint64(offset).uint64(position).uint32(stored.byteLength)
    bytes += stored.byteLength
  }
  return withMessages(head.done(), items, bytes)
}

function encodeMoveTransactions(items: readonly MovedHalf[]): EncodedCommand {
  const head = new Writer(COMMAND_HEADER_BYTES + 4 + MOVED_HALF_BYTES * items.length)
  writeHeader(head, COMMAND_KINDS.moveTransactions, COMMAND_VERSION)
  writeMovedHalves(head, items)
  return withMessages(
    head.done(),
    items,
    items.reduce((sum, { stored }) => sum + stored.byteLength, 0),
  )
}

/** A command whose body goes on with stored messages, `bytes` long together. */
function withMessages(
  head: Uint8Array,
  items: readonly { readonly stored: Uint8Array }[],
  bytes: number,
): EncodedCommand {
  viewOf(head).setUint32(4, head.byteLength - COMMAND_HEADER_BYTES + bytes)
  return { size: head.byteLength + bytes, chunks: [head, ...items.map((item) => item.stored)] }
}

/** The stored messages become chunks as they are, without a copy. */
function encodeMoveTimers(items: MoveTimers['items']): EncodedCommand {
  const head = new Writer(COMMAND_HEADER_BYTES + 4 + TIMER_BYTES * items.length)
  writeHeader(head, COMMAND_KINDS.moveTimers, COMMAND_VERSION)
  writeTimers(
    head,
    items.map(({ timer }) => timer),
  )
  const bytes = items.reduce((sum, { stored }) => sum + stored.byteLength, 0)
  const headBytes = head.done()
  viewOf(headBytes).setUint32(4, headBytes.byteLength - COMMAND_HEADER_BYTES + bytes)
  return { size: headBytes.byteLength + bytes, chunks: [headBytes, ...items.map((item) => item.stored)] }
}

/** The length stays 0 until the body is written. */
function writeHeader(into: Writer, kind: number, version: number): void {
  into.uint8(kind).uint8(version).uint16(0).uint32(0)
}

function writeBody(
  into: Writer,
  command: Exclude<Command, Send | ConsumeCommand | MoveUp | MoveTimers | MoveTransactions>,
): void {
  switch (command.type) {
    case 'createTopic':
      into.text16(command.name).uint8(command.messageType).uint32(command.queueCount)
      return
    case 'deleteTopic':
    case 'deleteGroup':
      into.text16(command.name)
      return
    case 'createGroup':
      writeCreateGroup(into, command)
      return
    case 'updateTopic':
      writeUpdateTopic(into, command)
      return
    case 'updateGroup':
      into.text16(command.name).uint32(command.attemptsMax)
      writeOrder(into, command)
      return
    case 'leaveTopic':
      into.text16(command.group).text16(command.topic)
      return
    case 'contact':
      writeContact(into, command)
      return
    case 'claim':
      writeClaim(into, command)
      return
    case 'claimInOrder':
      writeClaimInOrder(into, command)
      return
    case 'ack':
      writeRequest(into, command.request)
      into.uint32(command.receipts.length)
      for (const receipt of command.receipts) writeReceipt(into, receipt)
      return
    case 'changeInvisible':
      writeRequest(into, command.request)
      writeReceipt(into, command.receipt)
      into.uint64(command.invisibleMs)
      return
    case 'release':
      if (!hasDeadlines(command)) return writeDeliveries(into, command.deliveries)
      into.uint32(command.deliveries.length)
      for (const { deadline = NO_DEADLINE, ...delivery } of command.deliveries) {
        writeReceipt(into, { ...delivery, deadline })
      }
      return
    case 'releaseClient':
      writeClient(into, command.client)
      into.uint8(command.groupId === null ? 0 : 1).uint32(command.groupId ?? 0)
      return
    case 'renew':
      into.uint64(command.invisibleMs)
      writeDeliveries(into, command.deliveries)
      return
    case 'deadLetter':
      into.uint32(command.groupId).uint32(command.queue).uint32(command.items.length)
      for (const { offset, position, size, tagHash } of command.items) {
        into.uint64(offset).uint64(position).uint32(size).uint32(tagHash)
      }
      return
    case 'advance':
      return
    case 'floor':
      into.uint64(command.rising).uint64(command.position)
      return
    case 'trim':
      into.uint32(command.queues.length)
      for (const { queue, minOffset } of command.queues) into.uint32(queue).uint64(minOffset)
      return
    case 'dropPages':
      into.uint32(command.queue).uint64(command.endPage)
      return
    case 'fire':
      writeTimers(into, command.timers)
      return
    case 'recall':
      writeRequest(into, command.request)
      writeTimer(into, command.timer)
      return
    case 'endTransaction':
      writeEndTransaction(into, command)
      return
    case 'checkTransactions':
      writeCheckTransactions(into, command)
      return
    default:
      unreachable(command)
  }
}

function writeContact(into: Writer, command: Contact): void {
  into.text16(command.group)
  into.uint8(command.topicId === null ? 0 : 1).uint32(command.topicId ?? 0)
  into.uint32(command.timeOffsets.length)
  for (const offset of command.timeOffsets) into.uint64(offset)
}

function writeClaim(into: Writer, command: Claim): void {
  writeRequest(into, command.request)
  writeClient(into, command.client)
  into
    .uint32(command.groupId)
    .uint64(command.invisibleMs)
    .uint8(command.autoRenew ? 1 : 0)
  into.uint32(command.parts.length)
  for (const { queue, start, end, offsets, again } of command.parts) {
    into.uint32(queue).uint64(start).uint64(end).uint32(offsets.length).uint32(again.length)
    for (const offset of offsets) into.uint64(offset)
    for (const offset of again) into.uint64(offset)
  }
}

function writeClaimInOrder(into: Writer, command: ClaimInOrder): void {
  writeRequest(into, command.request)
  writeClient(into, command.client)
  into.uint32(command.groupId).uint32(command.topicId).uint64(command.invisibleMs)
  into.uint8(command.autoRenew ? 1 : 0).uint32(command.lanes.length)
  for (const { key, messages } of command.lanes) {
    into.uint64(key).uint32(messages.length)
    for (const { queue, offset } of messages) into.uint32(queue).uint64(offset)
  }
  into.uint32(command.cursors.length)
  for (const { queue, start, end } of command.cursors) into.uint32(queue).uint64(start).uint64(end)
  into.uint32(command.messages.length)
  for (const { queue, offset, orderHash, handedOut } of command.messages) {
    into.uint32(queue).uint64(offset).uint32(orderHash)
    into.uint8(handedOut ? 1 : 0)
  }
}

function writeRequest(into: Writer, request: Uint8Array): void {
  assert(request.byteLength === REQUEST_KEY_BYTES, 'a request key has 16 bytes')
  into.raw(request)
}

function writeClient(into: Writer, client: Uint8Array): void {
  assert(client.byteLength === CLIENT_HASH_BYTES, 'a client hash has 8 bytes')
  into.raw(client)
}

function writeDeliveries(into: Writer, deliveries: readonly Delivery[]): void {
  into.uint32(deliveries.length)
  for (const delivery of deliveries) writeDelivery(into, delivery)
}

function writeDelivery(into: Writer, delivery: Delivery): void {
  into.uint32(delivery.groupId).uint32(delivery.queue).uint64(delivery.offset).uint32(delivery.attempt)
}

function writeReceipt(into: Writer, receipt: Receipt): void {
  writeDelivery(into, receipt)
  into.uint64(receipt.deadline)
}
