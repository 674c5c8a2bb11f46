/**
 * The rows of the message index (RocketMQ: IndexFile). All numbers are big-endian; every value begins with u8
 * version, 1.
 *
 *   1 entry     u8 1, u32 topic id (0 for a message id), u32 CRC-32 of the word, u32 queue, u64 offset -> version
 *   2 progress  u8 2, u32 queue -> u64 offset before which everything is indexed, u64 minimum offset that it was
 *               last trimmed to
 *   3 block     u8 3, u32 queue, u64 first offset -> u32 topic id, u64 end offset, for each entry u8 0 id or 1 key,
 *               u32 CRC-32, u16 offset from the first. Tells which entries go with the messages.
 *   4 reach     u8 4 -> u64 applied index that the index has seen
 *
 * Pure.
 */
import { queueOffset, type QueueOffset } from '../../base/brand.ts'
import { Reader, Writer } from '../../base/bytes.ts'
import type { QueueNumber, TopicId } from '../machine/commands.ts'

const ENTRY = 1
const PROGRESS = 2
const BLOCK = 3
const REACH = 4
const VERSION = 1
const ENTRY_KEY_BYTES = 21
/** Entries of message ids stand under this topic: ids are looked for in all topics. */
export const NO_TOPIC = 0
/** Messages of one block at most. */
export const BLOCK_MESSAGES_MAX = 128

/** What every row of an entry holds. */
export const ENTRY_VALUE = Uint8Array.of(VERSION)

/** A word of one message: its id or one of its keys. */
export interface Word {
  readonly isKey: boolean
  readonly hash: number
  readonly offset: number
}

/** How far a queue is indexed, and to which minimum it was trimmed. */
export interface Progress {
  readonly next: number
  readonly trimmedTo: number
}

/** What the index holds of some messages that follow each other. */
export interface Block {
  readonly topicId: TopicId
  readonly endOffset: number
  readonly words: readonly Word[]
}

/** The key of the entry of a word of a message. */
export function wordKey(topicId: TopicId, queue: QueueNumber, { isKey, hash, offset }: Word): Uint8Array {
  return entryKey(isKey ? topicId : NO_TOPIC, hash, queue, offset)
}

function entryKey(topic: TopicId, hash: number, queue: QueueNumber, offset: number): Uint8Array {
  return new Writer(ENTRY_KEY_BYTES)
    .uint8(ENTRY)
    .uint32(topic)
    .uint32(hash)
    .uint32(queue)
    .uint64(offset)
    .done()
}

/** Where the entries of a word begin and end. */
export function entryRange(topic: TopicId, hash: number): readonly [start: Uint8Array, end: Uint8Array] {
  const start = new Writer(9).uint8(ENTRY).uint32(topic).uint32(hash).done()
  const end = new Writer(13).uint8(ENTRY).uint32(topic).uint32(hash).uint32(0xffff_ffff).done()
  return [start, end]
}

/** The message that an entry's key names. */
export function messageAt(key: Uint8Array): { readonly queue: QueueNumber; readonly offset: QueueOffset } {
  const reader = new Reader(key)
  reader.take(9)
  return { queue: reader.uint32(), offset: queueOffset(reader.uint64()) }
}

export function progressKey(queue: QueueNumber): Uint8Array {
  return new Writer(5).uint8(PROGRESS).uint32(queue).done()
}

export const PROGRESS_RANGE = [Uint8Array.of(PROGRESS), Uint8Array.of(PROGRESS + 1)] as const

export function queueOfProgress(key: Uint8Array): QueueNumber {
  const reader = new Reader(key)
  reader.take(1)
  return reader.uint32()
}

export function encodeProgress({ next, trimmedTo }: Progress): Uint8Array {
  return new Writer(17).uint8(VERSION).uint64(next).uint64(trimmedTo).done()
}

/** `undefined` for a row of a version that this program does not know. */
export function decodeProgress(value: Uint8Array): Progress | undefined {
  const reader = new Reader(value)
  if (reader.uint8() !== VERSION) return undefined
  return { next: reader.uint64(), trimmedTo: reader.uint64() }
}

export function blockKey(queue: QueueNumber, first: number): Uint8Array {
  return new Writer(13).uint8(BLOCK).uint32(queue).uint64(first).done()
}

export function blockRange(queue: QueueNumber): readonly [start: Uint8Array, end: Uint8Array] {
  const start = new Writer(5).uint8(BLOCK).uint32(queue).done()
  return [start, new Writer(9).raw(start).uint32(0xffff_ffff).done()]
}

export function firstOfBlock(key: Uint8Array): number {
  const reader = new Reader(key)
  reader.take(5)
  return reader.uint64()
}

export function encodeBlock(first: number, { topicId, endOffset, words }: Block): Uint8Array {
  const writer = new Writer(13 + 7 * words.length).uint8(VERSION).uint32(topicId).uint64(endOffset)
  for (const { isKey, hash, offset } of words) {
    writer
      .uint8(isKey ? 1 : 0)
      .uint32(hash)
      .uint16(offset - first)
  }
  return writer.done()
}

/** `undefined` for a row of a version that this program does not know. */
export function decodeBlock(first: number, value: Uint8Array): Block | undefined {
  const reader = new Reader(value)
  if (reader.uint8() !== VERSION) return undefined
  const topicId = reader.uint32()
  const endOffset = reader.uint64()
  const words: Word[] = []
  while (reader.left > 0) {
    words.push({ isKey: reader.uint8() === 1, hash: reader.uint32(), offset: first + reader.uint16() })
  }
  return { topicId, endOffset, words }
}

export const REACH_KEY = Uint8Array.of(REACH)

export function encodeReach(index: number): Uint8Array {
  return new Writer(9).uint8(VERSION).uint64(index).done()
}

/** `undefined` for a row of a version that this program does not know. */
export function decodeReach(value: Uint8Array): number | undefined {
  const reader = new Reader(value)
  return reader.uint8() === VERSION ? reader.uint64() : undefined
}
