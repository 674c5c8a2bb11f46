/**
 * What a message must keep to be stored, checked in the order of RocketMQ's `SendMessageActivity` and
 * `GrpcValidator`, and of what type it is. The topic's own rules are the caller's.
 *
 * Pure.
 */
import {
  MESSAGE_BODY_BYTES_MAX,
  MESSAGE_ID_BYTES_MAX,
  MESSAGE_OVERHEAD_BYTES_MAX,
  MESSAGE_PROPERTIES_BYTES_MAX,
  MESSAGE_PROPERTIES_COUNT_MAX,
} from '../base/limits.ts'
import { messageTypeName } from '../broker/machine/index.ts'
import { Code, MessageType } from '../rpc/apache-enums.ts'
import { refuse } from './refusal.ts'
import type { MessageScan } from './scan-message.ts'
import { hasControl, hasPipe, isBlank, isReservedKey } from './text-rules.ts'
import { WireReader } from '../base/wire.ts'
import { utf8Text } from '../base/bytes.ts'

const RECOVERY_MS_MAX = 3600_000
const MESSAGE_GROUP_BYTES_MAX = 63
const LITE_TOPIC_BYTES_MAX = 64
const LITE_TOPIC_ALLOWED = /^[a-zA-Z0-9_-]+$/

/**
 * The type of the message. Throws `Refusal` with the code of the first rule that it breaks. `nowMs` is the
 * wall clock's.
 */
export function checkMessage(message: MessageScan, nowMs: number, delayMsMax: number): number {
  checkBody(message)
  checkProperties(message)
  checkTag(message)
  if (message.keyCount > 0) checkKeys(message)
  checkSizes(message)
  checkMessageId(message)
  checkTyped(message, nowMs, delayMsMax)
  const type = messageTypeOf(message)
  if (type !== MessageType.NORMAL && !hasFieldOf(type, message)) {
    refuse(
      Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
      `the message says that it is of type ${messageTypeName(type)}, and has nothing that makes it one`,
    )
  }
  return type
}

/** Whether the message has what its type cannot do without. */
function hasFieldOf(type: number, message: MessageScan): boolean {
  const { messageGroup, liteTopic } = message
  switch (type) {
    case MessageType.TRANSACTION:
      return true
    case MessageType.DELAY:
      return !Number.isNaN(message.deliveryMs)
    case MessageType.FIFO:
      return messageGroup.end > messageGroup.start
    case MessageType.PRIORITY:
      return message.priority >= 0
    case MessageType.LITE:
      return liteTopic.end > liteTopic.start
    default:
      return false
  }
}

/**
 * The type that the message's fields make it (RocketMQ: TRANSACTION before DELAY, FIFO, PRIORITY, LITE), and
 * otherwise the one that the client says: a message is never stored as what it is not.
 */
export function messageTypeOf(message: MessageScan): number {
  if (message.messageType === MessageType.TRANSACTION) return MessageType.TRANSACTION
  if (!Number.isNaN(message.deliveryMs)) return MessageType.DELAY
  if (message.messageGroup.end > message.messageGroup.start) return MessageType.FIFO
  if (message.priority >= 0) return MessageType.PRIORITY
  if (message.liteTopic.end > message.liteTopic.start) return MessageType.LITE
  return message.messageType === MessageType.MESSAGE_TYPE_UNSPECIFIED
    ? MessageType.NORMAL
    : message.messageType
}

function checkBody({ body }: MessageScan): void {
  const bytes = body.end - body.start
  if (bytes === 0) refuse(Code.MESSAGE_BODY_EMPTY, 'message body cannot be empty')
  if (bytes > MESSAGE_BODY_BYTES_MAX) {
    refuse(
      Code.MESSAGE_BODY_TOO_LARGE,
      `message body has ${bytes} bytes, at most ${MESSAGE_BODY_BYTES_MAX} are allowed`,
    )
  }
}

function checkProperties(message: MessageScan): void {
  if (message.propertyCount === 0) return
  if (message.propertyCount > MESSAGE_PROPERTIES_COUNT_MAX) {
    refuse(
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      `a message has at most ${MESSAGE_PROPERTIES_COUNT_MAX} user properties`,
    )
  }
  const { bytes } = message
  const outer = new WireReader(bytes, message.start, message.end)
  const inner = new WireReader(bytes)
  while (outer.next()) {
    if (outer.field !== 2) continue
    inner.reset(outer.valueStart, outer.valueEnd)
    while (inner.next()) {
      if (inner.field === 1 && isReservedKey(bytes, inner.valueStart, inner.valueEnd)) {
        const key = utf8Text(bytes.subarray(inner.valueStart, inner.valueEnd))
        refuse(Code.ILLEGAL_MESSAGE_PROPERTY_KEY, `the property ${key} is used by the system`)
      }
      if (inner.field <= 2 && hasControl(bytes, inner.valueStart, inner.valueEnd)) {
        refuse(Code.ILLEGAL_MESSAGE_PROPERTY_KEY, 'a property cannot contain a control character')
      }
    }
  }
}

function checkTag({ bytes, tag: { start, end } }: MessageScan): void {
  if (start === end) return
  if (isBlank(bytes, start, end)) refuse(Code.ILLEGAL_MESSAGE_TAG, 'tag cannot be blank')
  if (hasPipe(bytes, start, end)) refuse(Code.ILLEGAL_MESSAGE_TAG, 'tag cannot contain |')
  if (hasControl(bytes, start, end)) {
    refuse(Code.ILLEGAL_MESSAGE_TAG, 'tag cannot contain a control character')
  }
}

function checkKeys({ bytes, system }: MessageScan): void {
  const reader = new WireReader(bytes, system.start, system.end)
  while (reader.next()) {
    const { valueStart, valueEnd } = reader
    if (reader.field !== 2 || valueStart === valueEnd) continue
    if (isBlank(bytes, valueStart, valueEnd)) refuse(Code.ILLEGAL_MESSAGE_KEY, 'key cannot be blank')
    if (hasControl(bytes, valueStart, valueEnd)) {
      refuse(Code.ILLEGAL_MESSAGE_KEY, 'key cannot contain a control character')
    }
  }
}

function checkSizes(message: MessageScan): void {
  const { tag, body } = message
  const properties = message.propertyBytes + (tag.end - tag.start) + message.keyBytes
  if (properties > MESSAGE_PROPERTIES_BYTES_MAX) {
    refuse(
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      `the properties have ${properties} bytes, at most ${MESSAGE_PROPERTIES_BYTES_MAX} are allowed`,
    )
  }
  const rest = message.end - message.start - (body.end - body.start) - properties
  if (rest > MESSAGE_OVERHEAD_BYTES_MAX) {
    refuse(
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      `beside body and properties a message has at most ${MESSAGE_OVERHEAD_BYTES_MAX} bytes`,
    )
  }
}

function checkMessageId({ bytes, messageId: { start, end } }: MessageScan): void {
  if (isBlank(bytes, start, end)) refuse(Code.ILLEGAL_MESSAGE_ID, 'message id cannot be blank')
  if (end - start > MESSAGE_ID_BYTES_MAX) {
    refuse(Code.ILLEGAL_MESSAGE_ID, `a message id has at most ${MESSAGE_ID_BYTES_MAX} bytes`)
  }
}

/** The rules of fields that belong to the other types. */
function checkTyped(message: MessageScan, nowMs: number, delayMsMax: number): void {
  const { bytes, messageGroup, liteTopic } = message
  if (message.messageType === MessageType.TRANSACTION && message.recoveryMs > RECOVERY_MS_MAX) {
    refuse(Code.BAD_REQUEST, 'the time until a transaction is checked is at most one hour')
  }
  if (message.deliveryMs > nowMs + delayMsMax) {
    refuse(Code.ILLEGAL_DELIVERY_TIME, `a message can be delayed by at most ${delayMsMax / 3600_000} hours`)
  }
  if (messageGroup.end > messageGroup.start) checkMessageGroup(bytes, messageGroup.start, messageGroup.end)
  if (liteTopic.end > liteTopic.start) {
    const text = utf8Text(bytes.subarray(liteTopic.start, liteTopic.end))
    if (liteTopic.end - liteTopic.start > LITE_TOPIC_BYTES_MAX || !LITE_TOPIC_ALLOWED.test(text)) {
      refuse(Code.ILLEGAL_LITE_TOPIC, 'a lite topic has at most 64 letters, digits, _ and -')
    }
  }
}

function checkMessageGroup(bytes: Uint8Array, start: number, end: number): void {
  if (isBlank(bytes, start, end)) refuse(Code.ILLEGAL_MESSAGE_GROUP, 'message group cannot be blank')
  if (end - start > MESSAGE_GROUP_BYTES_MAX) {
    refuse(Code.ILLEGAL_MESSAGE_GROUP, `a message group has at most ${MESSAGE_GROUP_BYTES_MAX} bytes`)
  }
  if (hasControl(bytes, start, end)) {
    refuse(Code.ILLEGAL_MESSAGE_GROUP, 'message group cannot contain a control character')
  }
}
