/**
 * The machine's tables on the disk: everything that changed goes out as one batch together with the applied
 * index, some time later and without fsync, since the log is the truth and is replayed from that index.
 * Reads see what is still on its way.
 */
import { broken } from '../base/assert.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Kv, KvSnapshot, KvWrite } from '../base/ports.ts'

/** Changed rows are written at most this often. */
const FLUSH_EVERY_MS = 100
/** Pages kept in memory after a read. */
const CACHED_ROWS_MAX = 2048

/** Rows in chunks. */
export type TableRows = AsyncGenerator<readonly (readonly [key: Uint8Array, value: Uint8Array])[]>

export class TableStore {
  readonly #kv: Kv
  readonly #clock: Clock
  readonly #drain: () => KvWrite[]
  readonly #failed: (error: unknown) => void
  /** Rows of the batch that is being written. */
  #overlay = new Map<string, Uint8Array | null>()
  readonly #cache = new Map<string, Uint8Array>()
  #timer: (() => void) | null = null
  #writing: Promise<void> | null = null
  #closed = false
  #failure: Error | null = null

  /** `drain` hands out the machine's changed rows; `failed` hears of a store that cannot be written. */
  constructor(kv: Kv, clock: Clock, drain: () => KvWrite[], failed: (error: unknown) => void) {
    this.#kv = kv
    this.#clock = clock
    this.#drain = drain
    this.#failed = failed
  }

  /** Says that the machine has changed rows. */
  markDirty(): void {
    if (this.#timer !== null || this.#closed) return
    this.#timer = this.#clock.timer(FLUSH_EVERY_MS, () => {
      this.#timer = null
      if (this.#writing === null) void this.flush()
      else this.markDirty()
    })
  }

  /**
   * Writes everything that changed so far. Nothing more after a batch failed: its rows were handed out and are
   * lost, and later ones must not stand in the tables without them.
   */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    if (this.#failure !== null) return
    const rows = this.#drain()
    if (rows.length === 0) return
    await this.#begin(rows)
  }

  /**
   * The rows as of one moment, with everything that changed before it and nothing that changed after. `told` is
   * what `tell` says of the machine at that moment. Rejects when the tables could not be written.
   */
  async freeze<Told>(tell: () => Told): Promise<{ readonly told: Told; readonly rows: KvSnapshot }> {
    while (this.#writing !== null) await this.#writing
    if (this.#failure !== null) throw this.#failure
    const changed = this.#drain()
    const told = tell()
    let rows: KvSnapshot | undefined
    await this.#begin(changed, () => {
      rows = this.#kv.snapshot()
    })
    if (rows === undefined) throw this.#failure ?? broken('what was written can be read')
    return { told, rows }
  }

  async #begin(rows: readonly KvWrite[], written?: () => void): Promise<void> {
    for (const row of rows) {
      const key = keyText(row.key)
      this.#overlay.set(key, row.value)
      this.#cache.delete(key)
    }
    this.#writing = this.#write(rows, written)
    await this.#writing
  }

  /** As `flush`, and resolves when all of it is on the disk. Rejects when the tables could not be written. */
  async flushDurably(): Promise<void> {
    await this.flush()
    if (this.#failure !== null) throw this.#failure
    await this.#kv.sync()
  }

  async #write(rows: readonly KvWrite[], written: () => void = () => undefined): Promise<void> {
    try {
      await this.#kv.batch(rows)
      written()
    } catch (error) {
      const message = `the tables could not be written: ${messageOf(error)}`
      this.#failure = new BrokerError('STORAGE_FAILED', message, { cause: error })
      this.#failed(this.#failure)
    } finally {
      this.#overlay = new Map()
      this.#writing = null
    }
  }

  /** A row that is in memory: on its way to the disk, or read lately. `null`: it is being deleted. */
  cached(key: Uint8Array): Uint8Array | null | undefined {
    const text = keyText(key)
    const onItsWay = this.#overlay.get(text)
    return onItsWay === undefined ? this.#cache.get(text) : onItsWay
  }

  /** A row, from memory or from the disk; `null` when there is none. */
  async get(key: Uint8Array): Promise<Uint8Array | null> {
    const inMemory = this.cached(key)
    if (inMemory !== undefined) return inMemory
    const row = await this.#kv.get(key)
    const changedMeanwhile = this.cached(key)
    if (changedMeanwhile !== undefined) return changedMeanwhile
    if (row === undefined) return null
    this.#cache.set(keyText(key), row)
    if (this.#cache.size > CACHED_ROWS_MAX) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest)
        break
      }
    }
    return row
  }

  /** All rows with `start <= key < end` as they are at the call or later, in the order of their keys. */
  async *scan(start: Uint8Array, end: Uint8Array): TableRows {
    await this.flush()
    yield* this.#kv.scan(start, end)
  }

  /** Writes what is left and closes the store. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.()
    this.#timer = null
    await this.flush()
    await this.#kv.close()
  }
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}
