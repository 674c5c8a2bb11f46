/**
 * A deliberate one-line bug: a text of one source file and what stands there instead. Tests that have never seen
 * a bug prove nothing, so each mutant must make a test fail that names the promise it breaks.
 */
import { assert } from '../../src/base/assert.ts'
import type { Kind } from '../sim/campaign.ts'

export interface Mutant {
  /** What the broken program does. */
  readonly bug: string
  /** The source file below `src/`. */
  readonly file: string
  /** A text that stands in the file exactly once, and what replaces it. */
  readonly from: string
  readonly to: string
  /** The pitfall of docs/pitfalls.md that the bug is an example of. */
  readonly pitfall: number | null
  /** The machine with which the simulator runs the file; `null` for a file that it does not run. */
  readonly simulated: Kind | null
}

/** A bug, the text of the file, what replaces it and the number of the pitfall, if it is an example of one. */
export type BugText = readonly [bug: string, from: string, to: string, pitfall?: number]

/** The mutants of one source file below `src/`. */
export function mutantsOf(file: string, simulated: Kind | null, bugs: readonly BugText[]): readonly Mutant[] {
  return bugs.map(([bug, from, to, pitfall]) => ({
    bug,
    file,
    from,
    to,
    pitfall: pitfall ?? null,
    simulated,
  }))
}

/** The text of the source file with the bug in it. A mutant that does not fit exactly one place is a mistake. */
export function mutated(text: string, mutant: Mutant): string {
  const { bug, file, from, to } = mutant
  const places = text.split(from).length - 1
  assert(places === 1, 'the text of a mutant stands in its file once', { bug, file, places })
  return text.replace(from, () => to)
}
