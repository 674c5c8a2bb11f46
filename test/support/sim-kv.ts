/**
 * Tables in memory. Batches stay in a tail until somebody calls `sync`; a crash drops any number of the
 * newest ones, each as a whole, as LevelDB does without synced writes.
 */
import type { Kv, KvRows, KvSnapshot, KvWrite } from '../../src/base/ports.ts'
import type { Prng } from '../../src/base/prng.ts'

const SCAN_ROWS = 3

export class SimKv implements Kv {
  /** Called before each call. May wait or throw what the call shall throw. */
  hook: ((call: 'get' | 'batch' | 'scan' | 'sync') => void | Promise<void>) | undefined
  #durable = new Map<string, Uint8Array>()
  #rows = new Map<string, Uint8Array>()
  #tail: (readonly KvWrite[])[] = []

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    await this.hook?.('get')
    return this.#rows.get(textOf(key))?.slice()
  }

  async batch(writes: readonly KvWrite[]): Promise<void> {
    await this.hook?.('batch')
    const copy = writes.map(({ key, value }) => ({ key: key.slice(), value: value?.slice() ?? null }))
    apply(this.#rows, copy)
    this.#tail.push(copy)
  }

  scan(start: Uint8Array, end: Uint8Array): KvRows {
    return this.#scan(this.#rows, start, end)
  }

  snapshot(): KvSnapshot {
    const rows = new Map(this.#rows)
    return {
      scan: (start, end) => this.#scan(rows, start, end),
      close: () => Promise.resolve(),
    }
  }

  async *#scan(
    from: ReadonlyMap<string, Uint8Array>,
    start: Uint8Array,
    end: Uint8Array,
  ): AsyncGenerator<readonly (readonly [key: Uint8Array, value: Uint8Array])[]> {
    const [low, high] = [textOf(start), textOf(end)]
    const rows = [...from].filter(([key]) => key >= low && key < high).sort(byKey)
    for (let at = 0; at < rows.length; at += SCAN_ROWS) {
      await this.hook?.('scan')
      yield rows.slice(at, at + SCAN_ROWS).map(([key, value]) => [bytesOf(key), value.slice()] as const)
    }
  }

  async close(): Promise<void> {
    await this.hook?.('get')
  }

  async sync(): Promise<void> {
    await this.hook?.('sync')
    this.settle()
  }

  /** Makes all batches durable, as time does. */
  settle(): void {
    for (const writes of this.#tail) apply(this.#durable, writes)
    this.#tail = []
  }

  /** Loses any number of the newest unsynced batches. */
  crash(prng: Prng): void {
    this.#tail.length = prng.below(this.#tail.length + 1)
    this.settle()
    this.#rows = new Map(this.#durable)
  }
}

function apply(rows: Map<string, Uint8Array>, writes: readonly KvWrite[]): void {
  for (const { key, value } of writes) {
    if (value === null) rows.delete(textOf(key))
    else rows.set(textOf(key), value)
  }
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}

/** One character a byte, so that texts sort as bytes do. */
function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}
