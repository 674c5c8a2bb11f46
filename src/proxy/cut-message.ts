/**
 * Makes stored messages out of the bytes of a SendMessageRequest without decoding it: finds and checks each
 * message, writes its header, and passes the client's bytes on as they are.
 *
 * Pure.
 */
import { utf8Text } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import { BATCH_BYTES_MAX, BATCH_MESSAGES_MAX, DELAY_MS_DEFAULT } from '../base/limits.ts'
import {
  STORED_HEADER_BYTES,
  TYPED_HEADER_BYTES,
  writeStoredHeader,
} from '../broker/machine/stored-message.ts'
import { tagHash } from '../broker/tag-filter.ts'
import { Code, MessageType } from '../rpc/apache-enums.ts'
import { checkMessage } from './check-message.ts'
import { hash64, MessageIdentity } from './message-identity.ts'
import { checkTopic } from './names.ts'
import { refuse } from './refusal.ts'
import { MessageScan } from './scan-message.ts'
import { WIRE_BYTES, WireError, WireReader } from '../base/wire.ts'

/** The messages of one request, ready to be stored in one piece. */
export interface CutRequest {
  readonly topic: string
  readonly count: number
  /** The types of the messages, each once. */
  readonly messageTypes: ReadonlySet<number>
  /** Header and raw bytes of each message in turn. The raw bytes are views of the request. */
  readonly chunks: readonly Uint8Array[]
  /** Length of all chunks together. */
  readonly bytes: number
  /** The clients' message ids, in order: views of the request. */
  readonly messageIds: readonly Uint8Array[]
}

/**
 * Throws `Refusal` with the code of the first rule that is broken; then nothing of the request is stored.
 * `checkAfterMs`: until the first check of a transaction whose message does not say.
 */
export function cutSendRequest(
  request: Uint8Array,
  clientId: string,
  nowMs: number,
  delayMsMax = DELAY_MS_DEFAULT,
  checkAfterMs = 0,
): CutRequest {
  try {
    // A plain view: cutting pieces off a Buffer costs more.
    const plain = new Uint8Array(request.buffer, request.byteOffset, request.byteLength)
    return cut(plain, clientId, { nowMs, delayMsMax, checkAfterMs })
  } catch (error) {
    if (error instanceof WireError)
      refuse(Code.MESSAGE_CORRUPTED, `the message is malformed: ${error.message}`)
    throw error
  }
}

function cut(bytes: Uint8Array, clientId: string, times: Times): CutRequest {
  const ranges = messageRanges(bytes)
  const count = ranges.length / 2
  if (count === 0) refuse(Code.MESSAGE_CORRUPTED, 'no message to send')
  const scan = new MessageScan(bytes)
  const headers = new Uint8Array(count * TYPED_HEADER_BYTES)
  const messageTypes = new Set<number>()
  let headersEnd = 0
  const chunks: Uint8Array[] = []
  const messageIds: Uint8Array[] = []
  let resource: Resource | undefined
  let bodyBytes = 0
  let length = 0
  for (let i = 0; i < count; i += 1) {
    scan.scan(ranges[2 * i] as number, ranges[2 * i + 1] as number)
    resource ??= resourceOf(scan, clientId)
    if (i > 0 && !sameResource(bytes, scan, resource)) {
      refuse(Code.MESSAGE_CORRUPTED, 'topic in message is not same')
    }
    const type = checkMessage(scan, times.nowMs, times.delayMsMax)
    messageTypes.add(type)
    bodyBytes += scan.body.end - scan.body.start
    if (bodyBytes > BATCH_BYTES_MAX) {
      refuse(Code.PAYLOAD_TOO_LARGE, `the bodies of a batch have at most ${BATCH_BYTES_MAX} bytes`)
    }
    const headerBytes = type === MessageType.NORMAL ? STORED_HEADER_BYTES : TYPED_HEADER_BYTES
    const header = headers.subarray(headersEnd, (headersEnd += headerBytes))
    const messageId = bytes.subarray(scan.messageId.start, scan.messageId.end)
    writeHeader(header, type, scan, resource.identity, messageId, times)
    chunks.push(header, bytes.subarray(scan.start, scan.end))
    messageIds.push(messageId)
    length += headerBytes + scan.end - scan.start
  }
  return { topic: resource?.name ?? '', count, messageTypes, chunks, bytes: length, messageIds }
}

/** Start and end of each message, one after the other. */
function messageRanges(bytes: Uint8Array): number[] {
  const reader = new WireReader(bytes)
  const ranges: number[] = []
  while (reader.next()) {
    if (reader.field !== 1) continue
    if (reader.wireType !== WIRE_BYTES) throw new WireError('a field has the wrong wire type')
    ranges.push(reader.valueStart, reader.valueEnd)
    if (ranges.length > 2 * BATCH_MESSAGES_MAX) {
      refuse(Code.PAYLOAD_TOO_LARGE, `a batch has at most ${BATCH_MESSAGES_MAX} messages`)
    }
  }
  return ranges
}

/** The first message's topic, which all others must share. */
interface Resource {
  readonly name: string
  readonly identity: MessageIdentity
  readonly topicBytes: Uint8Array
  readonly namespaceBytes: Uint8Array
}

function resourceOf(scan: MessageScan, clientId: string): Resource {
  const topicBytes = scan.bytes.subarray(scan.topic.start, scan.topic.end)
  const name = checkTopic(utf8Text(topicBytes))
  return {
    name,
    identity: new MessageIdentity(clientId, name),
    topicBytes,
    namespaceBytes: scan.bytes.subarray(scan.namespace.start, scan.namespace.end),
  }
}

function sameResource(bytes: Uint8Array, scan: MessageScan, resource: Resource): boolean {
  return (
    sameBytes(bytes, scan.topic.start, scan.topic.end, resource.topicBytes) &&
    sameBytes(bytes, scan.namespace.start, scan.namespace.end, resource.namespaceBytes)
  )
}

function sameBytes(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.byteLength) return false
  for (let i = 0; i < other.byteLength; i += 1) if (bytes[start + i] !== other[i]) return false
  return true
}

/** What the messages of a request have in common. */
interface Times {
  readonly nowMs: number
  readonly delayMsMax: number
  /** Until the first check of a transaction that does not say. */
  readonly checkAfterMs: number
}

function writeHeader(
  into: Uint8Array,
  messageType: number,
  scan: MessageScan,
  identity: MessageIdentity,
  messageId: Uint8Array,
  { nowMs, checkAfterMs }: Times,
): void {
  const { bytes, body, system, tag, start, end } = scan
  writeStoredHeader(into, {
    messageType,
    identityA: identity.first(messageId),
    identityB: identity.second(messageId),
    bodyCrc: crc32(bytes.subarray(body.start, body.end)),
    tagHash: tag.end > tag.start ? tagHash(bytes.subarray(tag.start, tag.end)) : 0,
    rawLength: end - start,
    systemStart: system.start - start,
    systemLength: system.end - system.start,
    bodyStart: body.start - start,
    bodyLength: body.end - body.start,
    storedAtMs: nowMs,
    ...typedFields(messageType, scan, checkAfterMs),
  })
}

const NOT_TYPED = {}

/** What the header of a message that is not NORMAL says beside: see `stored-message.ts`. */
function typedFields(
  messageType: number,
  scan: MessageScan,
  checkAfterMs: number,
): { readonly value?: number; readonly hash?: bigint } {
  const { bytes, messageGroup, liteTopic } = scan
  switch (messageType) {
    case MessageType.NORMAL:
      return NOT_TYPED
    case MessageType.FIFO:
      return { hash: hash64(bytes.subarray(messageGroup.start, messageGroup.end)) }
    case MessageType.LITE:
      return { hash: hash64(bytes.subarray(liteTopic.start, liteTopic.end)) }
    case MessageType.DELAY:
      // Rounded up: never early.
      return { value: Math.max(0, Math.ceil(scan.deliveryMs)) }
    case MessageType.TRANSACTION:
      return { value: Math.ceil(scan.recoveryMs > 0 ? scan.recoveryMs : checkAfterMs) }
    default:
      return { value: Math.max(0, scan.priority) }
  }
}
