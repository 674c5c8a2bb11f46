/** What a judge can say, and how several judgements become one. Pure. */

/** `unknown`: the run did too little, or saw too little, to be called either. */
export type Verdict = true | false | 'unknown'

/** What one judge says of a run. `stories`: each violation, or why nothing can be said, in a sentence. */
export interface Judgement {
  readonly judge: string
  readonly verdict: Verdict
  readonly stories: readonly string[]
}

/** The worst of some verdicts: one `false` is enough, then one `unknown`. Without any it is `unknown`. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(false)) return false
  return verdicts.length === 0 || verdicts.includes('unknown') ? 'unknown' : true
}
