/** Reads texts out of stored messages. The facade has checked the bytes before they were stored. Pure. */
import { utf8Text } from '../base/bytes.ts'
import { WIRE_BYTES, WireError, WireReader } from '../base/wire.ts'
import { readStoredHeader } from './machine/stored-message.ts'

/** `Message.topic` and `Resource.name`. */
const TOPIC_FIELD = 1
const NAME_FIELD = 2
/** `SystemProperties.message_id`. */
const MESSAGE_ID_FIELD = 3

/** The id that its sender gave a message; `undefined` when the bytes are no message. */
export function messageIdOf(stored: Uint8Array): string | undefined {
  const header = readStoredHeader(stored)
  if (header === undefined) return undefined
  const start = header.headerBytes + header.systemStart
  return textIn(stored, start, start + header.systemLength, MESSAGE_ID_FIELD)
}

/** The topic that a message was sent to; `undefined` when the bytes are no message. */
export function topicOf(stored: Uint8Array): string | undefined {
  const header = readStoredHeader(stored)
  if (header === undefined) return undefined
  const range = rangeIn(stored, header.headerBytes, header.headerBytes + header.rawLength, TOPIC_FIELD)
  return range === undefined ? undefined : textIn(stored, range[0], range[1], NAME_FIELD)
}

function textIn(bytes: Uint8Array, start: number, end: number, field: number): string | undefined {
  const range = rangeIn(bytes, start, end, field)
  return range === undefined ? undefined : utf8Text(bytes.subarray(range[0], range[1]))
}

/** The last field of this number that has bytes. */
function rangeIn(
  bytes: Uint8Array,
  start: number,
  end: number,
  field: number,
): readonly [number, number] | undefined {
  let found: readonly [number, number] | undefined
  try {
    const reader = new WireReader(bytes, start, end)
    while (reader.next()) {
      const isWanted = reader.field === field && reader.wireType === WIRE_BYTES
      if (isWanted) found = [reader.valueStart, reader.valueEnd]
    }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
  return found
}
