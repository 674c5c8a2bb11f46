/** The simulator's seeds as tests that a mutant must fail. Run by vitest.mutants.config.ts only. */
import { expect, test } from 'vitest'
import { runOne } from '../sim/campaign.ts'
import { chosenMutant } from './chosen.ts'

const SEEDS = Array.from({ length: 100 }, (_, at) => at + 1)
const machine = chosenMutant()?.simulated ?? 'log'

test.each(SEEDS)(`seed %i of the simulator holds with the ${machine} machine`, (seed) => {
  expect(runOne(machine, seed).failure ?? 'holds').toBe('holds')
})
