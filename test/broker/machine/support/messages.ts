/** Stored messages and the ids that tests need. */
import { crc32 } from '../../../../src/base/crc32.ts'
import type { Send } from '../../../../src/broker/machine/commands.ts'
import {
  STORED_HEADER_BYTES,
  TYPED_HEADER_BYTES,
  writeStoredHeader,
} from '../../../../src/broker/machine/stored-message.ts'

const NORMAL: Typed = { messageType: 1 }

/** What makes a message one of another type than NORMAL. */
export interface Typed {
  readonly messageType: number
  readonly value?: number
  readonly hash?: bigint
}

/** A stored message whose identity comes from `id` and whose raw bytes are `body`. */
export function storedMessage(id: number, body = `body ${id}`, typed: Typed = NORMAL): Uint8Array {
  const raw = Buffer.from(body)
  const headerBytes = typed === NORMAL ? STORED_HEADER_BYTES : TYPED_HEADER_BYTES
  const message = new Uint8Array(headerBytes + raw.byteLength)
  writeStoredHeader(message, {
    ...typed,
    identityA: Math.imul(id, 2654435761) >>> 0,
    identityB: id,
    bodyCrc: crc32(raw),
    tagHash: id % 3,
    rawLength: raw.byteLength,
    systemStart: 0,
    systemLength: 0,
    bodyStart: 0,
    bodyLength: raw.byteLength,
    storedAtMs: 1,
  })
  message.set(raw, headerBytes)
  return message
}

/** A message of type DELAY that is due at `dueMs`. */
export function delayedMessage(id: number, dueMs: number, body = `body ${id}`): Uint8Array {
  return storedMessage(id, body, { messageType: 3, value: dueMs })
}

export function sendOf(topicId: number, messages: readonly Uint8Array[]): Send {
  return { type: 'send', topicId, count: messages.length, messages: Buffer.concat(messages) }
}

/** `count` messages with ids from `first` on. */
export function sendMany(topicId: number, first: number, count: number): Send {
  return sendOf(
    topicId,
    Array.from({ length: count }, (_, i) => storedMessage(first + i)),
  )
}

export function requestKey(n: number): Uint8Array {
  const key = new Uint8Array(16)
  const view = new DataView(key.buffer)
  view.setUint32(0, n)
  view.setUint32(12, Math.imul(n, 0x9e3779b1))
  return key
}

export function clientHash(n: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, n >> 8, n & 0xff)
}
