/**
 * How the disk and the tables of one simulated member behave: how long a sync takes, what fails and when, and
 * at which operation the power goes. Put before every operation; what it returns is waited for.
 */
import type { Prng } from '../../src/base/prng.ts'
import { SimDiskError, type DiskOperation } from '../support/sim-disk.ts'
import type { NodeSettings } from './node-settings.ts'
import type { Scheduler } from './scheduler.ts'
import type { Tally } from './tally.ts'

type Kind = DiskOperation['kind']

/** Operations that change what is on the disk. */
const CHANGES: ReadonlySet<Kind> = new Set(['write', 'sync', 'truncate', 'remove', 'rename', 'syncFolder'])
/** Operations that take time on a sound disk. A write only goes to the page cache. */
const SLOW: ReadonlySet<Kind> = new Set(['read', 'sync', 'syncFolder'])
const CRASH_CHANCE = 0.002
const NEVER = new Promise<void>(() => undefined)

export class DiskWeather {
  readonly #settings: NodeSettings
  readonly #scheduler: Scheduler
  readonly #tally: Tally
  readonly #prng: Prng
  readonly #crash: () => void
  stormy = false
  /** The disk stands still until then. */
  stuckUntil = 0
  /** The next operation of this kind fails. */
  failNext: Kind | null = null
  /** An operation failed in this life of the member, so that it may stop. */
  failed = false

  /** `crash` takes the power away, at the next event of this moment. */
  constructor(settings: NodeSettings, scheduler: Scheduler, tally: Tally, prng: Prng, crash: () => void) {
    this.#settings = settings
    this.#scheduler = scheduler
    this.#tally = tally
    this.#prng = prng
    this.#crash = crash
  }

  before({ kind }: DiskOperation): Promise<void> | undefined {
    const { faults, syncUs } = this.#settings
    if (kind === this.failNext) {
      this.failNext = null
      this.failed = true
      this.#tally.add(`fault: ${kind} fails`)
      throw new SimDiskError('EIO')
    }
    if (this.stormy && faults.has('crashAtWrite') && CHANGES.has(kind) && this.#prng.chance(CRASH_CHANCE)) {
      this.#tally.add(`fault: crash at ${kind}`)
      this.#crash()
      return NEVER
    }
    let takes = SLOW.has(kind) ? this.#prng.below(syncUs, 50) : 0
    if (this.stormy && faults.has('slowDisk') && SLOW.has(kind) && this.#prng.chance(0.1)) {
      this.#tally.add('fault: slow disk')
      takes += this.#prng.below(1_200_000)
    }
    if (CHANGES.has(kind)) takes += Math.max(0, this.stuckUntil - this.#scheduler.now)
    return takes === 0 ? undefined : this.#pass(takes)
  }

  /** Before each call to the tables. */
  beforeTables(): Promise<void> {
    const slow = this.stormy && this.#settings.faults.has('slowTables') && this.#prng.chance(0.2)
    if (slow) this.#tally.add('fault: slow tables')
    return this.#pass(this.#prng.below(slow ? 800_000 : 1000, 20))
  }

  #pass(microseconds: number): Promise<void> {
    return new Promise((resolve) => this.#scheduler.at(this.#scheduler.now + microseconds, resolve))
  }
}
