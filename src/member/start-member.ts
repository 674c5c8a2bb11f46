/**
 * A member over its lives in one process. When it has taken a state from the others it is closed and opened again:
 * tables and log are put in place by the same steps that a crash in between would leave to the next start.
 */
import type { BrokerConfig } from '../base/config.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { type MemberEvents, openMember, type RunningMember } from './member.ts'

/** Starts a member. Throws `BrokerError` with one sentence when it cannot start. */
export async function startMember(
  config: BrokerConfig,
  clock: Clock,
  logger: Logger,
  events: Omit<MemberEvents, 'stateTaken'>,
): Promise<RunningMember> {
  const lives = new MemberLives((stateTaken) => openMember(config, clock, logger, { ...events, stateTaken }))
  await lives.open()
  lives.onFailure = (error) => events.failed(error)
  return lives
}

class MemberLives implements RunningMember {
  readonly #open: (stateTaken: () => void) => Promise<RunningMember>
  /** Hears that a later life could not begin. */
  onFailure: (error: unknown) => void = () => undefined
  #life: Promise<RunningMember> | null = null
  #renewing: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(open: (stateTaken: () => void) => Promise<RunningMember>) {
    this.#open = open
  }

  async open(): Promise<void> {
    const life = this.#open(() => {
      this.#renewing = this.#renew(life)
    })
    this.#life = life
    await life
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#renewing
    await (await this.#life)?.close()
  }

  /** Never rejects. */
  async #renew(life: Promise<RunningMember>): Promise<void> {
    try {
      const member = await life
      this.#life = null
      await member.close()
      if (!this.#isClosed) await this.open()
    } catch (error) {
      this.onFailure(error)
    }
  }
}
