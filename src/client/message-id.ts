/**
 * Message ids as the official clients make them: version 01, six bytes for the machine, two for the process,
 * four for the seconds since 2021, four that count; 34 hexadecimal digits in all. Pure.
 */

const EPOCH_MS = 1_609_459_200_000

/** Makes ids that differ from each other and, by machine and process, from those of others. */
export class MessageIds {
  readonly #prefix: string
  #counter = 0

  /** `machine` is 12 hexadecimal digits, `nowMs` the wall time at the start. */
  constructor(machine: string, processId: number, nowMs: number) {
    const seconds = Math.max(0, Math.floor((nowMs - EPOCH_MS) / 1_000))
    this.#prefix = `01${machine}${hex(processId, 4)}${hex(seconds, 8)}`.toUpperCase()
  }

  next(): string {
    const count = this.#counter
    this.#counter = (count + 1) >>> 0
    return this.#prefix + hex(count, 8).toUpperCase()
  }
}

/** The last `digits` digits of a number. */
function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0').slice(-digits)
}
