/**
 * The rows of a state that is being received, in a file: pages (row-pages.ts), each with its length before it. It
 * is only appended to. Each page has its own checksum, so that after a crash it goes on behind the last whole page.
 */
import { BytesError, Reader, Writer } from '../../base/bytes.ts'
import type { Disk, DiskFile } from '../../base/ports.ts'
import { PEER_FRAME_BYTES_MAX } from '../../base/limits.ts'
import { readFully } from '../../store/read-fully.ts'
import { LOG_FOLDER } from '../segment.ts'
import { decodePage, type Row, type RowPage } from './row-pages.ts'

/** Its path among the side files. */
export const ROWS_PATH = `${LOG_FOLDER}/rows`

const LENGTH_BYTES = 4

export class RowsFile {
  readonly #file: DiskFile
  #end = 0
  #lastKey: Uint8Array | null = null
  #isComplete = false

  private constructor(file: DiskFile) {
    this.#file = file
  }

  /** Opens or makes the file, and cuts what is not whole at its end. */
  static async open(side: Disk): Promise<RowsFile> {
    const file = new RowsFile(await side.open(ROWS_PATH, { create: true }))
    for await (const { page, end } of pagesOf(file.#file)) file.#take(page, end)
    await file.#file.truncate(file.#end)
    return file
  }

  /** The key of the last row, `null` when there is none. */
  get lastKey(): Uint8Array | null {
    return this.#lastKey
  }

  /** The last page is there. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Appends a page as it came in. Throws `BytesError`, and writes nothing, when it is not whole. */
  async append(bytes: Uint8Array): Promise<void> {
    const page = decodePage(bytes)
    const length = new Writer(LENGTH_BYTES).uint32(bytes.byteLength).done()
    await this.#file.write([length, bytes], this.#end)
    this.#take(page, this.#end + LENGTH_BYTES + bytes.byteLength)
  }

  /** All rows, in chunks. */
  async *rows(): AsyncGenerator<readonly Row[]> {
    for await (const { page } of pagesOf(this.#file)) yield page.rows
  }

  /** Begins anew. */
  async clear(): Promise<void> {
    await this.#file.truncate(0)
    this.#end = 0
    this.#lastKey = null
    this.#isComplete = false
  }

  async sync(): Promise<void> {
    await this.#file.sync()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  #take({ rows, isLast }: RowPage, end: number): void {
    this.#end = end
    this.#lastKey = rows.at(-1)?.[0].slice() ?? this.#lastKey
    this.#isComplete = isLast
  }
}

/** The whole pages from the start on, and where each ends. */
async function* pagesOf(file: DiskFile): AsyncGenerator<{ readonly page: RowPage; readonly end: number }> {
  for (let at = 0; ; ) {
    const head = await readFully(file, new Uint8Array(LENGTH_BYTES), at)
    if (head.byteLength < LENGTH_BYTES) return
    const length = new Reader(head).uint32()
    if (length > PEER_FRAME_BYTES_MAX) return
    const bytes = await readFully(file, new Uint8Array(length), at + LENGTH_BYTES)
    if (bytes.byteLength < length) return
    let page: RowPage
    try {
      page = decodePage(bytes)
    } catch (error) {
      if (error instanceof BytesError) return
      throw error
    }
    at += LENGTH_BYTES + length
    yield { page, end: at }
  }
}
