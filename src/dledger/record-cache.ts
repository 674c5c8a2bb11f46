/** Old records that were read lately, by index, up to a number of bytes. The one unused longest goes first. */

export class RecordCache {
  readonly #bytesMax: number
  /** In the order of their last use. */
  readonly #records = new Map<number, Uint8Array>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  get(index: number): Uint8Array | undefined {
    const record = this.#records.get(index)
    if (record === undefined) return undefined
    this.#records.delete(index)
    this.#records.set(index, record)
    return record
  }

  /** Keeps a record. One that is larger than the whole cache is not kept. */
  put(index: number, record: Uint8Array): void {
    this.#drop(index)
    if (record.byteLength > this.#bytesMax) return
    this.#records.set(index, record)
    this.#bytes += record.byteLength
    for (const oldest of this.#records.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#drop(oldest)
    }
  }

  /** Forgets `first` and everything behind it. */
  cut(first: number): void {
    for (const index of this.#records.keys()) {
      if (index >= first) this.#drop(index)
    }
  }

  #drop(index: number): void {
    this.#bytes -= this.#records.get(index)?.byteLength ?? 0
    this.#records.delete(index)
  }
}
