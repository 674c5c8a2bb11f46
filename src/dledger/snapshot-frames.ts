/**
 * The bytes of a saved group: the tables at one applied index and the log up to it. A stream of frames that is
 * written and read from front to end; nothing of it is ever whole in memory.
 *
 * ```
 *  0  u32  magic "DLSS"
 *  4  u32  format version, 1
 *  8       frames: u32 kind, u32 length of the body, body, u32 CRC-32
 * ```
 *
 * The CRC covers the frame before it and goes on from the CRC of the frame before, so that a frame that is
 * missing, doubled or of another file shows. Kinds, in this order:
 *
 *   1 manifest  once: JSON, see `SnapshotManifest`
 *   2 rows      table rows in the order of their keys: u32 count, then u32 key length, u32 value length, key, value
 *   3 log       u64 position, raw bytes of one segment from there on; positions only go up
 *   4 end       once: u64 count of rows, u64 bytes of the log
 */
import { z } from 'zod'
import { assert, unreachable } from '../base/assert.ts'
import { logIndex, type LogPosition, logPosition, nodeId, term } from '../base/brand.ts'
import { BytesError, Reader, utf8, utf8Text, Writer } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import { BrokerError } from '../base/errors.ts'

/** "DLSS". */
export const SNAPSHOT_MAGIC = 0x444c5353
const VERSION = 1
const START_BYTES = 8
const HEAD_BYTES = 8
const CRC_BYTES = 4
/** A body is at most this large, so that a damaged length asks for no memory. */
const BODY_BYTES_MAX = 64 * 1024 * 1024
const KINDS = { manifest: 1, rows: 2, log: 3, end: 4 } as const

/** What a saved group is. */
export interface SnapshotManifest {
  readonly formatVersion: number
  readonly clusterId: string
  readonly group: string
  readonly members: readonly number[]
  readonly savedAtMs: number
  /** The tables hold everything up to this entry, which is the last one of the log too. */
  readonly appliedIndex: number
  /** The term of that entry. */
  readonly term: number
  /** The digest of the state at that index. */
  readonly digest: string
  readonly segmentBytes: number
  /** Where the log begins and ends; the base is that of log-base.ts. */
  readonly base: {
    readonly position: number
    readonly index: number
    readonly term: number
    readonly chain: number
  }
  readonly end: number
}

export type SnapshotRow = readonly [key: Uint8Array, value: Uint8Array]

export type SnapshotFrame =
  | { readonly type: 'manifest'; readonly manifest: SnapshotManifest }
  | { readonly type: 'rows'; readonly rows: readonly SnapshotRow[] }
  | { readonly type: 'log'; readonly position: LogPosition; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly rows: number; readonly logBytes: number }

const WHOLE = z.int().min(0)
const MANIFEST_SCHEMA = z.strictObject({
  formatVersion: z.literal(VERSION),
  clusterId: z.string(),
  group: z.string(),
  members: z.array(WHOLE.transform(nodeId)),
  savedAtMs: WHOLE,
  appliedIndex: WHOLE.transform(logIndex),
  term: WHOLE.transform(term),
  digest: z.string(),
  segmentBytes: z.int().min(1),
  base: z.strictObject({ position: WHOLE, index: WHOLE, term: WHOLE, chain: WHOLE }),
  end: WHOLE,
})

/** Makes the bytes of one file, frame by frame. */
export class SnapshotEncoder {
  #crc = 0

  /** What the file starts with. */
  start(): Uint8Array {
    return new Writer(START_BYTES).uint32(SNAPSHOT_MAGIC).uint32(VERSION).done()
  }

  frame(frame: SnapshotFrame): readonly Uint8Array[] {
    const body = bodyOf(frame)
    const size = body.reduce((sum, chunk) => sum + chunk.byteLength, 0)
    assert(size <= BODY_BYTES_MAX, 'a frame has a limit', { size })
    const chunks = [new Writer(HEAD_BYTES).uint32(KINDS[frame.type]).uint32(size).done(), ...body]
    this.#crc = chunks.reduce((sum, chunk) => crc32(chunk, sum), this.#crc)
    return [...chunks, new Writer(CRC_BYTES).uint32(this.#crc).done()]
  }
}

/**
 * Reads the frames of one file. Throws DATA_DAMAGED for anything that is not a whole saved group and
 * FOLDER_REFUSED for one of a newer version; what came before that was right.
 */
export async function* readSnapshot(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SnapshotFrame> {
  const bytes = new ByteQueue(chunks)
  const start = new Reader(await bytes.take(START_BYTES))
  if (start.uint32() !== SNAPSHOT_MAGIC) throw damaged('it does not start like one')
  const version = start.uint32()
  if (version !== VERSION) {
    const message = `The saved group has format ${version}, this program knows formats up to ${VERSION}.`
    throw new BrokerError('FOLDER_REFUSED', message)
  }
  let crc = 0
  for (let frame: SnapshotFrame | undefined; frame?.type !== 'end'; ) {
    const head = await bytes.take(HEAD_BYTES)
    const reader = new Reader(head)
    const kind = reader.uint32()
    const size = reader.uint32()
    if (size > BODY_BYTES_MAX) throw damaged('a length in it is out of range')
    const body = await bytes.take(size)
    crc = crc32(body, crc32(head, crc))
    if (new Reader(await bytes.take(CRC_BYTES)).uint32() !== crc) throw damaged('a checksum in it is wrong')
    frame = parse(kind, body)
    yield frame
  }
  if (!(await bytes.isAtEnd())) throw damaged('something stands behind its end')
}

function bodyOf(frame: SnapshotFrame): Uint8Array[] {
  switch (frame.type) {
    case 'manifest':
      return [utf8(JSON.stringify(frame.manifest))]
    case 'rows':
      return rowsBody(frame.rows)
    case 'log':
      return [new Writer(8).uint64(frame.position).done(), frame.bytes]
    case 'end':
      return [new Writer(16).uint64(frame.rows).uint64(frame.logBytes).done()]
    default:
      return unreachable(frame)
  }
}

function rowsBody(rows: readonly SnapshotRow[]): Uint8Array[] {
  const writer = new Writer()
  writer.uint32(rows.length)
  for (const [key, value] of rows) {
    writer.uint32(key.byteLength).uint32(value.byteLength).raw(key).raw(value)
  }
  return [writer.done()]
}

function parse(kind: number, body: Uint8Array): SnapshotFrame {
  try {
    const reader = new Reader(body)
    switch (kind) {
      case KINDS.manifest:
        return { type: 'manifest', manifest: MANIFEST_SCHEMA.parse(JSON.parse(utf8Text(body))) }
      case KINDS.rows:
        return { type: 'rows', rows: readRows(reader) }
      case KINDS.log:
        return { type: 'log', position: logPosition(reader.uint64()), bytes: reader.take(reader.left) }
      case KINDS.end:
        return { type: 'end', rows: reader.uint64(), logBytes: reader.uint64() }
      default:
        throw damaged(`frames of kind ${kind} are not known`)
    }
  } catch (cause) {
    if (cause instanceof BytesError || cause instanceof SyntaxError || cause instanceof z.ZodError) {
      throw damaged('a frame of it does not decode', cause)
    }
    throw cause
  }
}

function readRows(reader: Reader): SnapshotRow[] {
  const rows: SnapshotRow[] = []
  for (let left = reader.uint32(); left > 0; left--) {
    const keyLength = reader.uint32()
    const valueLength = reader.uint32()
    rows.push([reader.take(keyLength), reader.take(valueLength)])
  }
  reader.end()
  return rows
}

function damaged(reason: string, cause?: unknown): BrokerError {
  return new BrokerError('DATA_DAMAGED', `The file is no whole saved group: ${reason}.`, { cause })
}

/** Takes exact numbers of bytes out of chunks of any size. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async take(count: number): Promise<Uint8Array> {
    if (this.#rest.byteLength < count) await this.#fill(count)
    const taken = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(count)
    return taken
  }

  async isAtEnd(): Promise<boolean> {
    return this.#rest.byteLength === 0 && (await this.#chunks.next()).done === true
  }

  async #fill(count: number): Promise<void> {
    const parts = [this.#rest]
    let size = this.#rest.byteLength
    while (size < count) {
      const next = await this.#chunks.next()
      if (next.done === true) throw damaged('it ends too early')
      parts.push(next.value)
      size += next.value.byteLength
    }
    this.#rest = Buffer.concat(parts)
  }
}
