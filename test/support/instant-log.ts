/** A log of one member that applies what is proposed at once, with tables as a member has them. */
import type { LogIndex, LogPosition, Millis } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { type BrokerMachine, encodeEntry } from '../../src/broker/machine/index.ts'
import type { Reply } from '../../src/broker/machine/commands.ts'
import type { Effects } from '../../src/broker/machine/view.ts'
import type { ReplicatedLog } from '../../src/broker/replicated-log.ts'
import type { Applied, EncodedCommand } from '../../src/dledger/proposals.ts'
import { type TableRows, TableStore } from '../../src/dledger/table-store.ts'
import { ManualClock } from './manual-clock.ts'
import { SimKv } from './sim-kv.ts'

export class InstantLog implements ReplicatedLog {
  leading = true
  readonly requests = { readIndex: () => Promise.reject(new BrokerError('BUSY', 'nobody reads so here')) }
  /** Hears what came of each entry. */
  onEffects: (effects: Effects) => void = () => undefined
  readonly #machine: BrokerMachine
  readonly #now: () => Millis
  readonly #tables: TableStore
  #position = 1000

  constructor(machine: BrokerMachine, now: () => Millis) {
    this.#machine = machine
    this.#now = now
    const failed = (error: unknown): void => {
      throw error
    }
    this.#tables = new TableStore(new SimKv(), new ManualClock(), () => machine.drain(), failed)
  }

  async propose(command: EncodedCommand): Promise<Applied<Reply>> {
    const data = Buffer.concat(encodeEntry(this.#now(), [command]).chunks)
    const index = (this.#machine.appliedIndex + 1) as LogIndex
    const [reply] = this.#machine.apply({ index, position: this.#position as LogPosition }, data)
    this.#position += data.byteLength
    this.onEffects(this.#machine.takeEffects())
    if (reply === undefined) throw new Error('a command is answered')
    return { index, reply }
  }

  waitApplied(): Promise<void> {
    return Promise.resolve()
  }

  cachedBytes(): undefined {
    return undefined
  }

  readBytes(): Promise<Uint8Array> {
    return Promise.reject(new BrokerError('DATA_DAMAGED', 'no bytes are kept'))
  }

  cachedRow(key: Uint8Array): Uint8Array | null | undefined {
    return this.#tables.cached(key)
  }

  readRow(key: Uint8Array): Promise<Uint8Array | null> {
    return this.#tables.get(key)
  }

  scanRows(start: Uint8Array, end: Uint8Array): TableRows {
    return this.#tables.scan(start, end)
  }
}
