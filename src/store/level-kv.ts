/**
 * The `Kv` port on LevelDB. Batches are atomic and not synced: after a crash the newest ones may be missing,
 * always as a whole suffix, and the log is applied again from the index that the tables tell.
 */
import { Level } from 'level'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Kv, KvRows, KvSnapshot, KvWrite } from '../base/ports.ts'
import { Semaphore } from './semaphore.ts'

/** Calls to LevelDB at the same time: each takes a thread of libuv. */
const CALLS_MAX = 4
/** Rows and bytes that a scan fetches at once. */
const SCAN_ROWS = 512
const SCAN_BYTES = 1024 * 1024

/** What the implementation on this platform has beside the common interface. */
interface Compacting {
  compactRange(start: Uint8Array, end: Uint8Array, options: { readonly keyEncoding: 'view' }): Promise<void>
}

/** No row has this key. */
const BEHIND_ALL_ROWS = Uint8Array.of(0xff, 0xff)

const BINARY = { keyEncoding: 'view', valueEncoding: 'view' } as const

export class LevelKv implements Kv {
  readonly #level: Level<Uint8Array, Uint8Array>
  readonly #calls = new Semaphore(CALLS_MAX)

  private constructor(level: Level<Uint8Array, Uint8Array>) {
    this.#level = level
  }

  /**
   * Opens or makes the tables in the folder `path`. Throws FOLDER_REFUSED when another process has them open,
   * DATA_DAMAGED when LevelDB finds them damaged, STORAGE_FAILED otherwise.
   */
  static async open(path: string): Promise<LevelKv> {
    const level = new Level<Uint8Array, Uint8Array>(path, BINARY)
    try {
      await level.open()
    } catch (error) {
      throw openError(path, error)
    }
    return new LevelKv(level)
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#call('read', () => this.#level.get(key, BINARY))
  }

  async batch(writes: readonly KvWrite[]): Promise<void> {
    const operations = writes.map(({ key, value }) =>
      value === null ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
    )
    await this.#call('written', () => this.#level.batch(operations, { ...BINARY, sync: false }))
  }

  /**
   * A synced write alone makes only LevelDB's newest log file durable, and rows of the one before may still be
   * on their way into a table. So the tables in memory are written out, which LevelDB does with a sync.
   */
  async sync(): Promise<void> {
    await this.#call('written', async () => {
      await (this.#level as unknown as Compacting).compactRange(BEHIND_ALL_ROWS, BEHIND_ALL_ROWS, BINARY)
      // Writing out tells no error; after one every write fails.
      await this.#level.batch([{ type: 'del', key: BEHIND_ALL_ROWS }], { ...BINARY, sync: true })
    })
  }

  scan(start: Uint8Array, end: Uint8Array): KvRows {
    return this.#scan(start, end, {})
  }

  snapshot(): KvSnapshot {
    const snapshot = this.#level.snapshot()
    return {
      scan: (start, end) => this.#scan(start, end, { snapshot }),
      close: () => snapshot.close(),
    }
  }

  async *#scan(
    start: Uint8Array,
    end: Uint8Array,
    from: { readonly snapshot?: ReturnType<Level['snapshot']> },
  ): AsyncGenerator<readonly (readonly [key: Uint8Array, value: Uint8Array])[]> {
    const iterator = this.#level.iterator({
      gte: start,
      lt: end,
      highWaterMarkBytes: SCAN_BYTES,
      ...BINARY,
      ...from,
    })
    try {
      for (;;) {
        const rows = await this.#call('read', () => iterator.nextv(SCAN_ROWS))
        if (rows.length === 0) return
        yield rows
      }
    } finally {
      await iterator.close()
    }
  }

  async close(): Promise<void> {
    await this.#level.close()
  }

  async #call<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#calls.run(work)
    } catch (error) {
      const message = `The tables could not be ${what}: ${messageOf(error)}`
      throw new BrokerError('STORAGE_FAILED', message, { outcome: 'unknown', cause: error })
    }
  }
}

function openError(path: string, error: unknown): BrokerError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  const message = messageOf(cause)
  if (code === 'LEVEL_LOCKED') {
    return new BrokerError('FOLDER_REFUSED', `The tables in ${path} are open in another process.`, { cause })
  }
  const damaged = code === 'LEVEL_CORRUPTION'
  return new BrokerError(
    damaged ? 'DATA_DAMAGED' : 'STORAGE_FAILED',
    `The tables in ${path} do not open: ${message}`,
    {
      cause,
    },
  )
}
