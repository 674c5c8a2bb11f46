/** Carries out a schedule: begins faults, ends them, waits until the group is well, and writes down each step. */
import { sleep } from '../../bench/children.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { History, Phase } from '../history.ts'
import type { Judgement } from '../verdict.ts'
import type { Begun, Fault } from './faults.ts'
import type { Scene } from './scene.ts'
import type { Strike } from './schedule.ts'

const SETTLE_MS_MAX = 10_000
/** Then the run is given up. */
const GIVE_UP_MS = 45_000

export class Nemesis {
  readonly #scene: Scene
  readonly #faults: ReadonlyMap<string, Fault>
  readonly #histories: readonly History[]
  readonly #prng: Prng
  readonly #stories: string[] = []
  readonly #slow: string[] = []
  #begun = 0

  constructor(scene: Scene, faults: readonly Fault[], histories: readonly History[], prng: Prng) {
    this.#scene = scene
    this.#faults = new Map(faults.map((fault) => [fault.name, fault]))
    this.#histories = histories
    this.#prng = prng
  }

  /** Strikes that a slow group made later than `runMs` are left out. Returns when the last strike is over and the group is well again, or never became well. */
  async run(strikes: readonly Strike[], runMs: number): Promise<void> {
    const start = performance.now()
    let late = 0
    for (const strike of strikes) {
      await sleep(Math.max(0, start + strike.at + late - performance.now()))
      const due = performance.now()
      await this.#strike(strike)
      // Healing took as long as it took: the rest of the schedule keeps its pauses.
      late += Math.max(0, performance.now() - due - strike.holdMs)
      if (this.gaveUp || performance.now() - start > runMs) return
    }
  }

  /** Whether the run was given up before its end. */
  get gaveUp(): boolean {
    return this.#stories.length > 0
  }

  /** `busy`: the machine had too little time for all, so slowness proves nothing. */
  judge(busy: boolean): Judgement {
    const stories = [...this.#stories, ...this.#slow]
    if (this.#begun === 0) return { judge: 'nemesis', verdict: 'unknown', stories: ['no fault was injected'] }
    if (this.#stories.length > 0) return { judge: 'nemesis', verdict: false, stories }
    return { judge: 'nemesis', verdict: stories.length === 0 || (busy ? 'unknown' : false), stories }
  }

  async #strike({ names, holdMs }: Strike): Promise<void> {
    const faults = names.flatMap((name) => this.#faults.get(name) ?? [])
    // They choose whom they hit one after the other, while somebody can still say who leads.
    const begun: (readonly [Fault, Begun])[] = []
    for (const fault of faults) {
      const ts = performance.now()
      const one = await fault.begin(this.#scene, this.#prng)
      this.#note(fault.name, 'begin', one.about, ts)
      begun.push([fault, one])
      this.#begun++
      console.log(`${time()} ${fault.name}: ${one.about}`)
    }
    await sleep(holdMs)
    for (const [fault, one] of begun) {
      await one.undo()
      this.#note(fault.name, 'end', one.about)
    }
    await this.#settle(names)
    for (const [fault, one] of begun) this.#note(fault.name, 'healed', one.about)
  }

  async #settle(names: readonly string[]): Promise<void> {
    const after = `after ${names.join(' and ')}`
    const since = performance.now()
    try {
      await this.#scene.settled(GIVE_UP_MS)
    } catch (error) {
      this.#stories.push(`${after}: ${(error as Error).message}`)
    }
    const ms = Math.round(performance.now() - since)
    if (ms > SETTLE_MS_MAX) this.#slow.push(`${after} the members agreed on a leader only ${ms} ms later`)
  }

  /** Writes a step into every history. */
  #note(fault: string, phase: Phase, about: string, ts?: number): void {
    for (const history of this.#histories) history.nemesis(fault, phase, about, ts)
  }
}

function time(): string {
  return `${(performance.now() / 1_000).toFixed(1).padStart(6)} s`
}
