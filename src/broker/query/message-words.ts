/** The words that a stored message is found by: its id, and each word of its keys, as RocketMQ indexes them. Pure. */
import { utf8, utf8Text } from '../../base/bytes.ts'
import { crc32 } from '../../base/crc32.ts'
import { WIRE_BYTES, WireError, WireReader } from '../../base/wire.ts'
import { readStoredHeader } from '../machine/stored-message.ts'

// Fields of `SystemProperties`.
const KEYS = 2
const MESSAGE_ID = 3

/** Words of keys that one message is found by; those beyond are not indexed. */
export const KEY_WORDS_MAX = 32

/** The words of one message, as hashes. */
export interface MessageWords {
  /** `undefined` without an id. */
  readonly id: number | undefined
  /** Each once. */
  readonly keys: readonly number[]
}

/** The hash that a word is found by. */
export function wordHash(word: string): number {
  return crc32(utf8(word))
}

/** The words of a text of keys: what stands between blanks. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

/** What a stored message is found by; nothing when the bytes are no message. */
export function messageWords(stored: Uint8Array): MessageWords {
  const header = readStoredHeader(stored)
  if (header === undefined) return { id: undefined, keys: [] }
  const start = header.headerBytes + header.systemStart
  const reader = new WireReader(stored, start, start + header.systemLength)
  let id: number | undefined
  const keys = new Set<number>()
  try {
    while (reader.next()) {
      if (reader.wireType !== WIRE_BYTES) continue
      const value = stored.subarray(reader.valueStart, reader.valueEnd)
      if (reader.field === MESSAGE_ID) id = crc32(value)
      else if (reader.field === KEYS) addWords(value, keys)
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
  return { id, keys: [...keys] }
}

function addWords(value: Uint8Array, into: Set<number>): void {
  for (const word of wordsOf(utf8Text(value))) if (into.size < KEY_WORDS_MAX) into.add(wordHash(word))
}

/** Whether the message has this id. */
export function hasId(stored: Uint8Array, id: string): boolean {
  return systemTexts(stored, MESSAGE_ID).at(-1) === id
}

/** Whether one of the words of its keys is this one. */
export function hasKey(stored: Uint8Array, key: string): boolean {
  return systemTexts(stored, KEYS).some((keys) => wordsOf(keys).includes(key))
}

function systemTexts(stored: Uint8Array, field: number): string[] {
  const header = readStoredHeader(stored)
  if (header === undefined) return []
  const start = header.headerBytes + header.systemStart
  const reader = new WireReader(stored, start, start + header.systemLength)
  const texts: string[] = []
  try {
    while (reader.next()) {
      const isWanted = reader.field === field && reader.wireType === WIRE_BYTES
      if (isWanted) texts.push(utf8Text(stored.subarray(reader.valueStart, reader.valueEnd)))
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
  return texts
}
