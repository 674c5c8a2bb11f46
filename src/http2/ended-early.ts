/**
 * The streams that this side ended before the client did: what is still under way on them is no fault of the
 * client (RFC 9113 section 5.1, closed). Only the last ones are known, which covers more than one round trip.
 */
const STREAMS_MAX = 4096

export class EndedEarly {
  readonly #streamIds = new Set<number>()

  add(streamId: number): void {
    this.#streamIds.add(streamId)
    if (this.#streamIds.size <= STREAMS_MAX) return
    for (const oldest of this.#streamIds) {
      this.#streamIds.delete(oldest)
      return
    }
  }

  has(streamId: number): boolean {
    return this.#streamIds.has(streamId)
  }
}
