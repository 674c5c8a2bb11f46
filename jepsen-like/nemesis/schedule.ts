/** When which faults happen: drawn from the seed before the run, so that a run can be repeated. Pure. */
import type { Prng } from '../../src/base/prng.ts'

const FIRST_MS = 3_000
const HOLD_MS_MIN = 2_000
const HOLD_MS_MAX = 5_000
const REST_MS_MIN = 2_500
const REST_MS_MAX = 4_500
const TWO_AT_A_TIME = 0.3
/** The run's last part is quiet. */
const LAST_MS = 3_000

/** One kind of fault to choose from. Two of one group are never at work at the same time. */
export interface Kind {
  readonly name: string
  readonly group: string
}

/** Faults that are at work together. Milliseconds since the start of the run. */
export interface Strike {
  readonly at: number
  readonly holdMs: number
  readonly names: readonly string[]
}

/** Every kind comes once before any comes again, as long as there is time for it. */
export function schedule(prng: Prng, kinds: readonly Kind[], runMs: number): Strike[] {
  const strikes: Strike[] = []
  let deck: Kind[] = []
  const draw = (fits: (kind: Kind) => boolean): Kind | undefined => {
    if (!deck.some(fits)) deck = [...deck, ...shuffled(prng, kinds)]
    const at = deck.findIndex(fits)
    return at < 0 ? undefined : deck.splice(at, 1)[0]
  }
  let at = FIRST_MS
  for (;;) {
    const holdMs = prng.below(HOLD_MS_MAX, HOLD_MS_MIN)
    if (at + holdMs + LAST_MS > runMs || kinds.length === 0) return strikes
    const first = draw(() => true)
    const second = prng.chance(TWO_AT_A_TIME) ? draw((kind) => kind.group !== first?.group) : undefined
    const names = [first, second].flatMap((kind) => (kind === undefined ? [] : [kind.name]))
    strikes.push({ at, holdMs, names })
    at += holdMs + prng.below(REST_MS_MAX, REST_MS_MIN)
  }
}

function shuffled<T>(prng: Prng, list: readonly T[]): T[] {
  const left = [...list]
  return list.map(() => left.splice(prng.below(left.length), 1)[0] as T)
}
