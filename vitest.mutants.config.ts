/** The tests against one mutant (test/mutants): the bug is put in while the source is loaded, no file changes. */
import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import { chosenMutant, SEEDS_ONLY_VARIABLE } from './test/mutants/chosen.ts'
import { readKillers } from './test/mutants/killers.ts'
import { mutated } from './test/mutants/mutant.ts'
import { testPatterns, testRank, UNREACHED } from './test/mutants/tests-of.ts'

const mutant = chosenMutant()
const killers = readKillers(import.meta.dirname)

class LikelyFirst extends BaseSequencer {
  override async sort(files: Parameters<BaseSequencer['sort']>[0]): ReturnType<BaseSequencer['sort']> {
    const rank = (file: (typeof files)[number]): number => testRank(mutant, file.moduleId, killers)
    return files.toSorted((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId))
  }
}

export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (code, id) =>
        mutant !== null && id.endsWith(`/src/${mutant.file}`) ? mutated(code, mutant) : undefined,
    },
  ],
  test: {
    include: [...testPatterns(mutant, process.env[SEEDS_ONLY_VARIABLE] === '1')],
    exclude: [...UNREACHED],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // One thread and one copy of each module: a process a mutant, and it should start fast.
    pool: 'threads',
    isolate: false,
    fileParallelism: false,
    bail: 1,
    sequence: { sequencer: LikelyFirst },
  },
})
