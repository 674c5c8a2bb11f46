/** Compares the tag inside a stored message, since two tags may share a hash. Pure. */
import { utf8Text } from '../base/bytes.ts'
import { readStoredHeader, STORED_HEADER_BYTES } from './machine/stored-message.ts'
import type { TagFilter } from './tag-filter.ts'

/** SystemProperties.tag: field 1, length-delimited. */
const TAG_FIELD = (1 << 3) | 2

/** Whether the message's own tag is one that the filter asks for. */
export function hasTag(stored: Uint8Array, filter: TagFilter): boolean {
  if (filter.tags === null) return true
  const tag = tagOf(stored)
  return tag !== undefined && filter.tags.has(tag)
}

/** The tag of a stored message; `undefined` without one. */
export function tagOf(stored: Uint8Array): string | undefined {
  const header = readStoredHeader(stored)
  if (header === undefined) return undefined
  const start = STORED_HEADER_BYTES + header.systemStart
  return lastText(stored.subarray(start, start + header.systemLength), TAG_FIELD)
}

/** The value of a text field in a protobuf message; the last one counts. Stops at malformed bytes. */
function lastText(bytes: Uint8Array, wanted: number): string | undefined {
  let found: string | undefined
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; at < bytes.length; shift *= 128) {
      const byte = bytes[at++] as number
      value += (byte & 0x7f) * shift
      if (byte < 0x80) break
    }
    return value
  }
  while (at < bytes.length) {
    const key = varint()
    const wireType = key & 7
    if (wireType === 0) varint()
    else if (wireType === 1) at += 8
    else if (wireType === 5) at += 4
    else if (wireType === 2) {
      const length = varint()
      if (key === wanted) found = utf8Text(bytes.subarray(at, at + length))
      at += length
    } else break
  }
  return found
}
