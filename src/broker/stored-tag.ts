/** Finds the tag inside a stored message. Pure. */
import { utf8Text } from '../base/bytes.ts'
import { WIRE_BYTES, WireError, WireReader } from '../base/wire.ts'
import { readStoredHeader } from './machine/stored-message.ts'

/** `SystemProperties.tag`. */
const TAG_FIELD = 1

/**
 * The tag of a stored message; `undefined` without one. The facade has checked the bytes before they were
 * stored; were they no protobuf message after all, there would be no tag.
 */
export function tagOf(stored: Uint8Array): string | undefined {
  const header = readStoredHeader(stored)
  if (header === undefined) return undefined
  const start = header.headerBytes + header.systemStart
  const reader = new WireReader(stored, start, start + header.systemLength)
  let tag: string | undefined
  try {
    while (reader.next()) {
      const isTag = reader.field === TAG_FIELD && reader.wireType === WIRE_BYTES
      if (isTag) tag = utf8Text(stored.subarray(reader.valueStart, reader.valueEnd))
    }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
  return tag
}
