/**
 * Pages of table rows, as they travel and as the file of received rows keeps them.
 *
 * ```
 * page   u32 CRC-32 of what follows, u8 1 for the last page of a state, u32 count,
 *        then for each row u32 key length, u32 value length, key, value
 * file   pages, each with its u32 length before it
 * ```
 */
import { BytesError, Reader, Writer } from '../../base/bytes.ts'
import { crc32 } from '../../base/crc32.ts'
import type { KvSnapshot } from '../../base/ports.ts'

export type Row = readonly [key: Uint8Array, value: Uint8Array]

/** All rows of a table store: no row has an empty key or one behind the end. */
export const ALL_ROWS_START = Uint8Array.of(0)
export const ALL_ROWS_END = Uint8Array.of(0xff, 0xff)

const PAGE_HEAD_BYTES = 9
const ROW_HEAD_BYTES = 8

export interface RowPage {
  readonly isLast: boolean
  readonly rows: readonly Row[]
}

/** The next page behind a key: as many rows as fit, at least one if there is one. */
export async function readPage(
  from: KvSnapshot,
  after: Uint8Array | null,
  bytesMax: number,
): Promise<Uint8Array> {
  const rows: Row[] = []
  let size = PAGE_HEAD_BYTES
  const start = after === null ? ALL_ROWS_START : Buffer.concat([after, ALL_ROWS_START])
  for await (const some of from.scan(start, ALL_ROWS_END)) {
    for (const row of some) {
      const bytes = ROW_HEAD_BYTES + row[0].byteLength + row[1].byteLength
      if (rows.length > 0 && size + bytes > bytesMax) return encodePage({ isLast: false, rows })
      rows.push(row)
      size += bytes
    }
  }
  return encodePage({ isLast: true, rows })
}

export function encodePage({ isLast, rows }: RowPage): Uint8Array {
  const writer = new Writer()
  writer.uint8(isLast ? 1 : 0).uint32(rows.length)
  for (const [key, value] of rows) {
    writer.uint32(key.byteLength).uint32(value.byteLength).raw(key).raw(value)
  }
  const content = writer.done()
  return new Writer(4 + content.byteLength).uint32(crc32(content)).raw(content).done()
}

/** The rows are views. Throws `BytesError` when the page is not whole. */
export function decodePage(bytes: Uint8Array): RowPage {
  const reader = new Reader(bytes)
  if (reader.uint32() !== crc32(bytes.subarray(4)))
    throw new BytesError('the checksum of a page of rows is wrong')
  const isLast = reader.uint8() === 1
  const rows: Row[] = []
  for (let left = reader.uint32(); left > 0; left--) {
    const [keyLength, valueLength] = [reader.uint32(), reader.uint32()]
    rows.push([reader.take(keyLength), reader.take(valueLength)])
  }
  reader.end()
  return { isLast, rows }
}
