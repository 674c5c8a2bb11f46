/**
 * What happened, as a number: the same seed twice gives the same hash. With `keep` it also keeps the last lines
 * as text, for the story of a seed that failed.
 */

const FNV_PRIME = 0x0100_0193

export class Trace {
  readonly #keep: number
  readonly #lines: string[] = []
  #a = 0x811c_9dc5
  #b = 0x1234_5678
  #count = 0

  constructor(keep = 0) {
    this.#keep = keep
  }

  get count(): number {
    return this.#count
  }

  /** 16 hexadecimal characters. */
  get hash(): string {
    const part = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
    return part(this.#a) + part(this.#b)
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  /** An event as a few numbers, and as text when somebody wants to read it. */
  note(numbers: readonly number[], line: () => string): void {
    this.#count++
    for (const value of numbers) {
      this.#a = Math.imul(this.#a ^ (value | 0), FNV_PRIME)
      this.#b = (Math.imul(this.#b, 31) + (this.#a >>> 5) + (value | 0)) | 0
    }
    if (this.#keep === 0) return
    this.#lines.push(line())
    if (this.#lines.length > this.#keep * 2) this.#lines.splice(0, this.#keep)
  }
}
