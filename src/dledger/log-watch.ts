/** Tells the log what the core knows of it: how far it is committed, and when a doubt about it is over. */
import type { Logger } from '../base/ports.ts'
import type { Raft } from '../raft/index.ts'
import type { LogStore } from './log-store.ts'

/** What is watched, and who hears. */
export interface LogWatchOptions {
  readonly raft: Raft
  readonly log: LogStore
  readonly logger: Logger
}

export class LogWatch {
  readonly #options: LogWatchOptions
  readonly #failed: (error: unknown) => void
  #isInDoubt: boolean

  /** `failed` hears that the end of a doubt could not be made durable. */
  constructor(options: LogWatchOptions, failed: (error: unknown) => void) {
    this.#options = options
    this.#failed = failed
    this.#isInDoubt = options.raft.isInDoubt
    options.log.care.knowCommitted(() => options.raft.status().commitIndex)
  }

  /** The core took a step. Once it is in no doubt any more, neither is the log (raft/doubt.ts). */
  stepped(): void {
    if (!this.#isInDoubt || this.#options.raft.isInDoubt) return
    this.#isInDoubt = false
    this.#options.logger.info({}, 'doubt about the log ended')
    this.#options.log.care.endDoubt().catch(this.#failed)
  }
}
