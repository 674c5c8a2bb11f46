/**
 * The state of this member at one index, held while it is read: its rows as LevelDB keeps them for a reader, and
 * the log from its start on, of which nothing is removed meanwhile.
 */
import { logIndex, type LogIndex, type LogPosition } from '../../base/brand.ts'
import { broken } from '../../base/assert.ts'
import type { KvSnapshot } from '../../base/ports.ts'
import type { StateMachine } from '../../base/state-machine.ts'
import type { Configuration } from '../../raft/index.ts'
import type { LogStore } from '../log-store.ts'
import { parseHeader } from '../record-codec.ts'
import type { TableStore } from '../table-store.ts'
import type { StateHead } from './state-head.ts'

export interface FrozenState {
  readonly head: StateHead
  readonly rows: KvSnapshot
  /** Lets go of it. Reads that are under way end first. */
  release(): Promise<void>
}

export interface FreezerOptions {
  readonly log: LogStore
  readonly tables: TableStore
  readonly machine: Pick<StateMachine<unknown>, 'digests'>
  readonly configurationAt: (index: LogIndex) => Configuration
}

/** Makes frozen states and knows what is held for them. */
export class StateFreezer {
  readonly #options: FreezerOptions
  /** Where the log of each state begins that is held. */
  readonly #held = new Set<{ readonly from: LogPosition }>()

  constructor(options: FreezerOptions) {
    this.#options = options
  }

  /** From here on the log stays, as a state is read; `undefined` when none is. */
  get heldFrom(): LogPosition | undefined {
    let least: LogPosition | undefined
    for (const { from } of this.#held) if (least === undefined || from < least) least = from
    return least
  }

  /**
   * The state as it is now. `settled` resolves when no removal of segments is under way that began before. Rejects
   * with STORAGE_FAILED, or BAD_REQUEST before anything was applied.
   */
  async freeze(settled: () => Promise<void>): Promise<FrozenState> {
    const { log, tables, machine, configurationAt } = this.#options
    const early = { from: log.start.span.start }
    this.#held.add(early)
    try {
      await settled()
      const { told, rows } = await tables.freeze(() => {
        const { index, digest } = machine.digests().applied
        return { index, digest, configuration: configurationAt(index) }
      })
      const hold = { from: log.start.span.start }
      this.#held.add(hold)
      const release = async (): Promise<void> => {
        this.#held.delete(hold)
        await rows.close()
      }
      try {
        return { head: await this.#headOf(told), rows, release }
      } catch (error) {
        await release()
        throw error
      }
    } finally {
      this.#held.delete(early)
    }
  }

  async #headOf(told: Pick<StateHead, 'index' | 'digest' | 'configuration'>): Promise<StateHead> {
    const { log } = this.#options
    const { index } = told
    const base = log.start.base
    const end = log.start.endOf(index)
    if (index === base.index)
      return { ...told, term: base.term, chain: base.chain, end, ...this.#shape, base }
    const parsed = parseHeader(await log.readRecords(logIndex(index), logIndex(index), 0))
    if (parsed.type !== 'ok') return broken('a record that was read is sound', { index })
    const { headerCrc: chain } = parsed.header
    return { ...told, term: log.termOf(index), chain, end, ...this.#shape, base }
  }

  get #shape(): { readonly segmentBytes: number } {
    return { segmentBytes: this.#options.log.start.span.segmentBytes }
  }
}
