/** The bodies of entries in the log store, for the apply lane. */
import type { LogIndex, LogPosition } from '../base/brand.ts'
import type { EntryBody, EntrySource } from './apply-lane.ts'
import type { LogStore } from './log-store.ts'
import { RECORD_HEADER_BYTES } from './record-codec.ts'

const NOTHING = new Uint8Array(0)

export class EntryBodies implements EntrySource {
  readonly #log: LogStore

  constructor(log: LogStore) {
    this.#log = log
  }

  cachedBody(index: LogIndex): EntryBody | undefined {
    const position = this.#positionOf(index)
    const size = this.#log.sizeOf(index) - RECORD_HEADER_BYTES
    const isPlain = size === 0 || this.#log.isConfiguration(index)
    const body = isPlain ? NOTHING : this.#log.cachedBytes(position, size)
    return body === undefined ? undefined : { position, body }
  }

  async readBody(index: LogIndex): Promise<EntryBody> {
    return { position: this.#positionOf(index), body: await this.#log.readBody(index) }
  }

  #positionOf(index: LogIndex): LogPosition {
    return (this.#log.positionOf(index) + RECORD_HEADER_BYTES) as LogPosition
  }
}
