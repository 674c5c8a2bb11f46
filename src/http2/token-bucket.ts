/** Allows a burst and then so many a second. */
export class TokenBucket {
  readonly #burst: number
  readonly #perSecond: number
  readonly #mono: () => number
  #tokens: number
  #filledMono: number

  /** `mono` is a clock in milliseconds that never goes back. */
  constructor(burst: number, perSecond: number, mono: () => number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#mono = mono
    this.#tokens = burst
    this.#filledMono = mono()
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    const now = this.#mono()
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledMono) * this.#perSecond) / 1000)
    this.#filledMono = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
