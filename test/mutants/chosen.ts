/** Which mutant this process runs: the environment names it by its place in the list. */
import { assert } from '../../src/base/assert.ts'
import { MUTANTS } from './all-mutants.ts'
import type { Mutant } from './mutant.ts'

/** The variable that holds the place in the list. Not set: the sources as they are. */
export const MUTANT_VARIABLE = 'DLEDGER_MUTANT'
/** The variable that says `1` when only the simulator's seeds are to see the mutant. */
export const SEEDS_ONLY_VARIABLE = 'DLEDGER_MUTANT_SEEDS_ONLY'

/** `null` when the sources run as they are. */
export function chosenMutant(): Mutant | null {
  const place = process.env[MUTANT_VARIABLE] ?? ''
  if (place === '') return null
  const mutant = MUTANTS[Number(place)]
  assert(mutant !== undefined, 'the environment names a mutant of the list', { place })
  return mutant
}
