/** The simulator's seeds as tests that a mutant must fail. Run by vitest.mutants.config.ts only. */
import { expect, test } from 'vitest'
import { runOne } from '../sim/campaign.ts'
import { chosenMutant } from './chosen.ts'

const machine = chosenMutant()?.simulated ?? 'log'
// A seed of whole members takes longer, and sees a bug of theirs soon.
const SEEDS = Array.from({ length: machine === 'node' ? 20 : 100 }, (_, at) => at + 1)

test.each(SEEDS)(`seed %i of the simulator holds with the ${machine} machine`, async (seed) => {
  expect((await runOne(machine, seed)).failure ?? 'holds').toBe('holds')
})
