/** Term and vote of this member. */
import { broken } from '../base/assert.ts'
import type { Disk, Logger } from '../base/ports.ts'
import type { HardState } from '../raft/types.ts'

export class MetaStore {
  /**
   * `create` makes the file, for the first start of a folder only; it refuses when a vote is there already.
   * Otherwise a missing or unreadable file is refused with DATA_DAMAGED: a member never starts as if new.
   */
  static async open(
    _disk: Disk,
    _options: { readonly create: boolean },
    _logger: Logger,
  ): Promise<MetaStore> {
    return broken('not written yet')
  }

  /** What is durable. */
  get hardState(): HardState {
    return broken('not written yet')
  }

  /** Resolves when `state` is durable. One call at a time. The first failure poisons: STORAGE_FAILED. */
  async save(_state: HardState): Promise<void> {
    return broken('not written yet')
  }

  async close(): Promise<void> {
    return broken('not written yet')
  }
}
