/**
 * Makes the stream item that carries a message to a consumer: the client's bytes as they were stored, with
 * `system_properties` built anew. Fields are not patched by appending a second copy of a sub-message: one
 * official client overwrites instead of merging. (grpc-contract 6.3)
 */
import { hash } from 'node:crypto'
import { broken } from '../base/assert.ts'
import { utf8Text } from '../base/bytes.ts'
import { BrokerError } from '../base/errors.ts'
import { readStoredHeader, type StoredHeader } from '../broker/machine/stored-message.ts'
import { DigestType, Encoding } from '../rpc/apache-enums.ts'
import { WIRE_BYTES, WIRE_VARINT, WireReader } from '../base/wire.ts'
import { varintBytes, WireWriter, writeMillis } from './wire-writer.ts'

/** One message for one consumer. */
export interface Delivery {
  /** The stored message, header and raw bytes. Only read during the call. */
  readonly stored: Uint8Array
  readonly queueId: number
  readonly offset: number
  /** 1 at the first delivery. */
  readonly attempt: number
  /** `null` for a message that is only read. */
  readonly receiptHandle: string | null
  readonly storeHost: string
  /** The dead letter topic that it was read from; `null` for an ordinary topic. */
  readonly deadLetterTopic: string | null
}

// Fields of SystemProperties.
const MESSAGE_ID = 3
const BODY_DIGEST = 4
const BODY_ENCODING = 5
const MESSAGE_TYPE = 6
const BORN_TIMESTAMP = 7
const STORE_TIMESTAMP = 9
const STORE_HOST = 10
const RECEIPT_HANDLE = 12
const QUEUE_ID = 13
const QUEUE_OFFSET = 14
const INVISIBLE_DURATION = 15
const DELIVERY_ATTEMPT = 16
const DEAD_LETTER_QUEUE = 20

/** What the broker says itself, whatever the sender said. */
const OWN_FIELDS: ReadonlySet<number> = new Set([
  BODY_DIGEST,
  BODY_ENCODING,
  MESSAGE_TYPE,
  STORE_TIMESTAMP,
  STORE_HOST,
  RECEIPT_HANDLE,
  QUEUE_ID,
  QUEUE_OFFSET,
  INVISIBLE_DURATION,
  DELIVERY_ATTEMPT,
  DEAD_LETTER_QUEUE,
])
const OWN_FIELD_MASK = [...OWN_FIELDS].reduce((mask, field) => mask | (1 << field), 0)

// Used again for each message: writing is synchronous and what was written is copied out.
const system = new WireWriter(1024)
const nested = new WireWriter(64)

/** The bytes of `ReceiveMessageResponse{message}`. Throws DATA_DAMAGED when the stored bytes are no message. */
export function deliverMessage(delivery: Delivery): Uint8Array {
  const header = readStoredHeader(delivery.stored)
  if (header === undefined) throw new BrokerError('DATA_DAMAGED', 'the log holds bytes that are no message')
  const { stored } = delivery
  const raw = new Uint8Array(stored.buffer, stored.byteOffset + header.headerBytes, header.rawLength)
  const messageId = writeSystemProperties(raw, header, delivery)
  const topic =
    delivery.deadLetterTopic === null ? null : deadLetter(raw, messageId, delivery.deadLetterTopic)
  return join(raw, topic)
}

/** The bytes of the `Message` alone, for a telemetry command. Throws as `deliverMessage`. */
export function deliveredMessage(delivery: Delivery): Uint8Array {
  const item = deliverMessage(delivery)
  const [start, end] = lastField(item, 0, item.byteLength, 2) ?? broken('an item holds a message')
  return item.subarray(start, end)
}

/** Fills `system`; returns the message id's bytes. */
function writeSystemProperties(raw: Uint8Array, header: StoredHeader, delivery: Delivery): Uint8Array {
  const reader = new WireReader(raw, header.systemStart, header.systemStart + header.systemLength)
  let encoding: number = Encoding.ENCODING_UNSPECIFIED
  let born = false
  let messageId = raw.subarray(0, 0)
  system.clear()
  while (reader.next()) {
    if (reader.field === BODY_ENCODING) encoding = reader.low
    else if (reader.field === BORN_TIMESTAMP) born = true
    else if (reader.field === MESSAGE_ID) messageId = raw.subarray(reader.valueStart, reader.valueEnd)
    if (reader.field < 32 && (OWN_FIELD_MASK & (1 << reader.field)) !== 0) continue
    system.copy(raw, reader.fieldStart, reader.valueEnd)
  }
  const body = raw.subarray(header.bodyStart, header.bodyStart + header.bodyLength)
  nested
    .clear()
    .number(1, DigestType.MD5)
    .text(2, hash('md5', body, 'hex').toUpperCase())
  system.bytes(BODY_DIGEST, nested.view())
  system.number(BODY_ENCODING, encoding === Encoding.ENCODING_UNSPECIFIED ? Encoding.IDENTITY : encoding)
  system.number(MESSAGE_TYPE, header.messageType)
  const storedAt = writeMillis(nested.clear(), header.storedAtMs).view()
  // One official client needs a time of birth.
  if (!born) system.bytes(BORN_TIMESTAMP, storedAt)
  system.bytes(STORE_TIMESTAMP, storedAt)
  system.text(STORE_HOST, delivery.storeHost)
  if (delivery.receiptHandle !== null) system.text(RECEIPT_HANDLE, delivery.receiptHandle)
  system.number(QUEUE_ID, delivery.queueId)
  system.number(QUEUE_OFFSET, delivery.offset)
  system.number(DELIVERY_ATTEMPT, delivery.attempt)
  return messageId
}

/** Adds where the message comes from to `system`, and returns the dead letter topic as a Resource. */
function deadLetter(raw: Uint8Array, messageId: Uint8Array, topic: string): Uint8Array {
  nested.clear().text(1, topicOf(raw)).bytes(2, messageId)
  system.bytes(DEAD_LETTER_QUEUE, nested.view())
  return nested.clear().text(2, topic).done()
}

function topicOf(raw: Uint8Array): string {
  const outer = new WireReader(raw)
  while (outer.next()) {
    if (outer.field !== 1) continue
    const inner = new WireReader(raw, outer.valueStart, outer.valueEnd)
    let name = ''
    while (inner.next()) {
      if (inner.field === 2) name = utf8Text(raw.subarray(inner.valueStart, inner.valueEnd))
    }
    return name
  }
  return ''
}

/** `message = 2 {` the raw fields, field 3 from `system`, and field 1 from `topic` if given `}`. */
function join(raw: Uint8Array, topic: Uint8Array | null): Uint8Array {
  const kept: number[] = []
  let keptBytes = 0
  const reader = new WireReader(raw)
  while (reader.next()) {
    if (reader.field === 3 || (reader.field === 1 && topic !== null)) continue
    keptBytes += reader.valueEnd - reader.fieldStart
    // Neighbours become one range.
    if (kept[kept.length - 1] === reader.fieldStart) kept[kept.length - 1] = reader.valueEnd
    else kept.push(reader.fieldStart, reader.valueEnd)
  }
  const properties = system.view()
  const length =
    keptBytes + fieldBytes(properties.byteLength) + (topic === null ? 0 : fieldBytes(topic.byteLength))
  const item = Buffer.allocUnsafe(fieldBytes(length))
  let at = writeTag(item, 0, 2, length)
  if (topic !== null) at = write(item, writeTag(item, at, 1, topic.byteLength), topic)
  at = write(item, writeTag(item, at, 3, properties.byteLength), properties)
  for (let i = 0; i < kept.length; i += 2) at = write(item, at, raw.subarray(kept[i], kept[i + 1]))
  return item
}

/** Bytes of a length-delimited field with a number below 16. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length
}

function writeTag(into: Uint8Array, start: number, field: number, length: number): number {
  let at = start
  into[at++] = (field << 3) | WIRE_BYTES
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) into[at++] = (rest & 0x7f) | 0x80
  into[at++] = rest
  return at
}

function write(into: Uint8Array, at: number, bytes: Uint8Array): number {
  into.set(bytes, at)
  return at + bytes.byteLength
}

/** The receipt handle in an item that `deliverMessage` made; `undefined` for other items. */
export function receiptHandleOf(item: Uint8Array): string | undefined {
  let at: readonly [start: number, end: number] | undefined = [0, item.byteLength]
  for (const field of [2, 3, RECEIPT_HANDLE]) {
    at = at === undefined ? undefined : lastField(item, at[0], at[1], field)
  }
  return at === undefined ? undefined : utf8Text(item.subarray(at[0], at[1]))
}

function lastField(
  bytes: Uint8Array,
  start: number,
  end: number,
  field: number,
): readonly [start: number, end: number] | undefined {
  const reader = new WireReader(bytes, start, end)
  let found: readonly [start: number, end: number] | undefined
  while (reader.next()) {
    const wanted = reader.field === field && reader.wireType !== WIRE_VARINT
    if (wanted) found = [reader.valueStart, reader.valueEnd]
  }
  return found
}
