/**
 * What a state is: the machine's tables after one entry, and the log up to that entry. The machine is
 * deterministic and the log is one, so a state is known by its index, whoever made it; digest and chain show that
 * it is that one. Travels before everything else, and stays with what was received.
 *
 * ```
 *  0  u32  magic "DLST"
 *  4  u32  format version, 1
 *  8       JSON, see `StateHead`; in base64: `configuration` as in the log (configuration-codec.ts), `base` as in the
 *          file `log/base` (log-base.ts)
 *  .  u32  CRC-32 of all before
 * ```
 */
import { z } from 'zod'
import { type LogIndex, logIndex, type LogPosition, logPosition, type Term, term } from '../../base/brand.ts'
import { BytesError, Reader, utf8, utf8Text, Writer } from '../../base/bytes.ts'
import { crc32 } from '../../base/crc32.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Configuration } from '../../raft/index.ts'
import { decodeConfiguration, encodeConfiguration } from '../configuration-codec.ts'
import { decodeLogBase, encodeLogBase, type LogBase } from '../log-base.ts'

/** "DLST". */
export const STATE_MAGIC = 0x444c5354

const VERSION = 1
const START_BYTES = 8
const CRC_BYTES = 4

export interface StateHead {
  /** The tables hold everything up to this entry. */
  readonly index: LogIndex
  readonly term: Term
  /** The header CRC of its record, which stands for the whole log before it. */
  readonly chain: number
  /** Where that record ends. */
  readonly end: LogPosition
  /** The digest of the tables. */
  readonly digest: string
  /** Who belonged to the group after that entry. */
  readonly configuration: Configuration
  readonly segmentBytes: number
  /** Where the log of the sender begins. */
  readonly base: LogBase
}

const WHOLE = z.int().min(0)
const SCHEMA = z.object({
  index: WHOLE.transform(logIndex),
  term: WHOLE.transform(term),
  chain: WHOLE,
  end: WHOLE.transform(logPosition),
  digest: z.string(),
  configuration: z.base64(),
  segmentBytes: z.int().min(1),
  base: z.base64(),
})

/** Is it the same state, so that parts of one are parts of the other? */
export function isSameState(a: StateHead, b: StateHead): boolean {
  return a.index === b.index && a.term === b.term && a.chain === b.chain && a.digest === b.digest
}

export function encodeHead(head: StateHead): Uint8Array {
  const json = {
    ...head,
    configuration: Buffer.from(encodeConfiguration(head.configuration)).toString('base64'),
    base: Buffer.from(encodeLogBase(head.base)).toString('base64'),
  }
  const writer = new Writer()
  writer
    .uint32(STATE_MAGIC)
    .uint32(VERSION)
    .raw(utf8(JSON.stringify(json)))
  return writer.uint32(crc32(writer.done())).done()
}

/** Throws DATA_DAMAGED for what is no head, and FOLDER_REFUSED for one of a newer version. */
export function decodeHead(bytes: Uint8Array): StateHead {
  const end = bytes.byteLength - CRC_BYTES
  if (end < START_BYTES) throw damaged('it is too short')
  if (new Reader(bytes, end).uint32() !== crc32(bytes.subarray(0, end)))
    throw damaged('its checksum is wrong')
  const reader = new Reader(bytes.subarray(0, end))
  if (reader.uint32() !== STATE_MAGIC) throw damaged('it does not start like one')
  const version = reader.uint32()
  if (version !== VERSION) {
    const message = `A state of format ${version} is offered, this program knows formats up to ${VERSION}.`
    throw new BrokerError('FOLDER_REFUSED', message)
  }
  try {
    const head = SCHEMA.parse(JSON.parse(utf8Text(reader.take(reader.left))))
    const base = decodeLogBase(Buffer.from(head.base, 'base64'))
    const configuration = decodeConfiguration(Buffer.from(head.configuration, 'base64'))
    if (base !== undefined) return { ...head, configuration, base }
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError || cause instanceof BytesError)
      throw damaged('it does not decode', cause)
    throw cause
  }
  throw damaged('it does not say where the log begins')
}

function damaged(reason: string, cause?: unknown): BrokerError {
  return new BrokerError('DATA_DAMAGED', `The head of a state is damaged: ${reason}.`, { cause })
}
