/** The queries of one member: the folder of its message index, which may be lost at any time, and the service. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogIndex } from '../base/brand.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Kv, Logger } from '../base/ports.ts'
import type { Broker } from '../broker/broker.ts'
import { MessageReader } from '../broker/message-reader.ts'
import { MessageIndex } from '../broker/query/message-index.ts'
import { Queries } from '../broker/query/queries.ts'
import type { Method } from '../rpc/service.ts'
import { LevelKv } from '../store/level-kv.ts'
import { QueryService } from './query-service.ts'

/** The folder below the data folder. */
const FOLDER = 'index'

export interface MemberQueriesOptions {
  readonly dataFolder: string
  readonly broker: Broker
  /** How far a read must see that begins now, as the leader says. */
  readonly readIndex: () => Promise<LogIndex>
  readonly clock: Clock
  readonly logger: Logger
}

export class MemberQueries {
  readonly index: MessageIndex
  readonly methods: readonly Method[]
  readonly queries: Queries
  readonly #kv: Kv
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  private constructor(kv: Kv, index: MessageIndex, reader: MessageReader, options: MemberQueriesOptions) {
    this.#kv = kv
    this.index = index
    const { machine, ledger } = options.broker
    this.queries = new Queries({ view: machine, reader, index })
    this.methods = new QueryService({
      queries: this.queries,
      view: machine,
      reader,
      readIndex: options.readIndex,
      waitApplied: (applied, signal) => ledger.waitApplied(applied, signal),
      bodiesFrom: (position) => ledger.kept.bodiesFrom(position),
    }).methods()
    this.#running = index.run(this.#stop.signal)
  }

  /** An index that does not open is made anew. Throws STORAGE_FAILED when that does not work either. */
  static async open(options: MemberQueriesOptions): Promise<MemberQueries> {
    try {
      return await MemberQueries.#open(options)
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== 'DATA_DAMAGED') throw error
      options.logger.warn({ error: messageOf(error) }, 'the message index is made anew')
      await rm(join(options.dataFolder, FOLDER), { recursive: true, force: true })
      return MemberQueries.#open(options)
    }
  }

  static async #open(options: MemberQueriesOptions): Promise<MemberQueries> {
    const { broker, clock, logger } = options
    const kv = await LevelKv.open(join(options.dataFolder, FOLDER))
    const reader = new MessageReader(broker.machine, broker.ledger)
    const applied = (): LogIndex => broker.machine.appliedIndex
    try {
      const index = await MessageIndex.open({ kv, view: broker.machine, reader, applied, clock, logger })
      return new MemberQueries(kv, index, reader, options)
    } catch (error) {
      await kv.close()
      throw error
    }
  }

  /** Before the log closes. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#kv.close()
  }
}
