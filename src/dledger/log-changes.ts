/** What the core wants written, as records: the log in memory follows it at once, the disk by the changes made here. */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/ports.ts'
import { isNoop } from '../raft/index.ts'
import type { Entry, Payload, Write } from '../raft/types.ts'
import { encodeConfiguration } from './configuration-codec.ts'
import type { LogMetrics } from './log-metrics.ts'
import type { LogChange, LogStore } from './log-store.ts'
import type { CommandBatch, EncodedCommand, Proposals } from './proposals.ts'
import type { LogRecord } from './record-codec.ts'

/** An entry of the leader before it has a record: the commands and who waits for them. */
export interface BatchPayload<Reply> extends Payload {
  readonly batch: CommandBatch<Reply>
  readonly body: EncodedCommand
}

export class LogChanges<Reply> {
  readonly #log: LogStore
  readonly #proposals: Proposals<Reply>
  readonly #metrics: LogMetrics
  readonly #clock: Clock

  constructor(log: LogStore, proposals: Proposals<Reply>, metrics: LogMetrics, clock: Clock) {
    this.#log = log
    this.#proposals = proposals
    this.#metrics = metrics
    this.#clock = clock
  }

  /** Follows the core in the in-memory log and tells what the disk must do. */
  of(write: Write): LogChange | null {
    const received: LogRecord[] = []
    const made: Entry[] = []
    for (const entry of write.entries) {
      if (isRecord(entry.payload)) received.push(entry.payload)
      else made.push(entry)
    }
    assert(received.length === 0 || made.length === 0, 'a step either leads or follows')
    if (write.truncateFrom === null && received.length === 0 && made.length === 0) return null
    const cut =
      write.truncateFrom === null && received.length === 0
        ? null
        : this.#log.adopt(received, write.truncateFrom)
    const records = made.length === 0 ? received : made.map((entry) => this.#prepare(entry))
    return { cut, records }
  }

  #prepare(entry: Entry): LogRecord {
    if (isNoop(entry.payload)) return this.#log.prepareRecord(entry.term, entry.index, [])
    const { configuration } = entry.payload
    if (configuration !== undefined) {
      const body = [encodeConfiguration(configuration)]
      return this.#log.prepareRecord(entry.term, entry.index, body, configuration)
    }
    const { batch, body } = entry.payload as BatchPayload<Reply>
    this.#metrics.made(entry.index, this.#clock.mono())
    this.#proposals.appended(entry.index, entry.term, batch)
    return this.#log.prepareRecord(entry.term, entry.index, body.chunks)
  }
}

function isRecord(payload: Payload): payload is LogRecord {
  return 'bytes' in payload
}
