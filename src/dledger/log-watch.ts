/**
 * Tells the log what the core knows of it: how far it is committed, and when a doubt about it is over; and the owner
 * of the member when other members are in the log, or those that are become committed.
 */
import type { LogIndex } from '../base/brand.ts'
import type { Logger } from '../base/ports.ts'
import { describeConfiguration, type Raft } from '../raft/index.ts'
import type { Ready } from '../raft/types.ts'
import type { LoggedMembers } from './known-members.ts'
import type { LogStore } from './log-store.ts'

/** What is watched, and who hears. */
export interface LogWatchOptions {
  readonly raft: Raft
  readonly log: LogStore
  readonly logger: Logger
  readonly events: { membersChanged?(members: LoggedMembers): void }
}

export class LogWatch {
  readonly #options: LogWatchOptions
  readonly #failed: (error: unknown) => void
  #isInDoubt: boolean
  /** The newest configuration in the log is not committed. */
  #isChanging: boolean

  /** `failed` hears that the end of a doubt could not be made durable. */
  constructor(options: LogWatchOptions, failed: (error: unknown) => void) {
    this.#options = options
    this.#failed = failed
    this.#isInDoubt = options.raft.isInDoubt
    options.log.care.knowCommitted(() => options.raft.status().commitIndex)
    const { commitIndex, configuration } = options.raft.status()
    this.#isChanging = configuration.index > commitIndex
  }

  /** The core took a step. Once it is in no doubt any more, neither is the log (raft/doubt.ts). */
  stepped({ configuration, commitIndex }: Ready): void {
    if (configuration !== null || this.#isChanging) this.#membersChanged(configuration !== null, commitIndex)
    if (!this.#isInDoubt || this.#options.raft.isInDoubt) return
    this.#isInDoubt = false
    this.#options.logger.info({}, 'doubt about the log ended')
    this.#options.log.care.endDoubt().catch(this.#failed)
  }

  #membersChanged(isNew: boolean, commitIndex: LogIndex): void {
    const { raft, events, logger } = this.#options
    const members = membersIn(raft, commitIndex)
    const wasChanging = this.#isChanging
    this.#isChanging = members.latest.index > commitIndex
    if (!isNew && this.#isChanging === wasChanging) return
    const { index, configuration } = members.latest
    const text = describeConfiguration(configuration)
    logger.info({ index, members: text, committed: !this.#isChanging }, 'members changed')
    events.membersChanged?.(members)
  }
}

/** Who belongs to the group by the log of this core, and who did at its commit index. */
export function membersIn(raft: Raft, commitIndex = raft.status().commitIndex): LoggedMembers {
  const latest = raft.status().configuration
  const isCommitted = latest.index <= commitIndex
  return { latest, committed: isCommitted ? latest.configuration : raft.configurationAt(commitIndex) }
}
