/** Which tests may see a mutant, and in which order they are asked. */
import type { Killers } from './killers.ts'
import type { Mutant } from './mutant.ts'

const SEEDS = 'test/mutants/seeds.ts'

/** Order is planned and applied together. */
const ORDER_TESTS = 'test/broker/order-*.test.ts'

/** Patterns of the test files of each folder below `src/`; the first folder that fits counts. */
const FOLDERS: readonly (readonly [folder: string, patterns: readonly string[]])[] = [
  ['raft/', ['test/raft/*.test.ts', 'test/scenario.test.ts']],
  ['broker/machine/', ['test/broker/machine/*.test.ts', ORDER_TESTS]],
  ['broker/order', [ORDER_TESTS]],
  ['broker/sql/', ['test/broker/sql/*.test.ts']],
  ['broker/query/', ['test/broker/query/*.test.ts']],
  ['dledger/peers/', ['test/dledger/peers/*.test.ts']],
  ['dledger/state/', ['test/dledger/state/*.test.ts']],
  ['dledger/', ['test/dledger/*.test.ts']],
  ['member/', ['test/member/*.test.ts']],
  ['store/', ['test/store/*.test.ts']],
]

/** Runs the compiled program, where no mutant is. */
export const UNREACHED = ['test/store/thread-pool.test.ts']

/** Patterns of the test files for a mutant; without one, of all that any mutant needs but the seeds. */
export function testPatterns(mutant: Mutant | null, seedsOnly: boolean): readonly string[] {
  if (mutant === null) return FOLDERS.flatMap(([, patterns]) => patterns)
  const seeds = mutant.simulated === null ? [] : [SEEDS]
  if (seedsOnly) return seeds
  const found = FOLDERS.find(([folder]) => mutant.file.startsWith(folder))
  return [...(found?.[1] ?? []), ...seeds]
}

/**
 * Smaller comes first: the test that found the bug the last time, the file's own test, the others of its folder, the
 * slow ones, the seeds.
 */
export function testRank(mutant: Mutant | null, path: string, killers: Killers): number {
  const killer = mutant === null ? undefined : killers[mutant.bug]
  if (killer !== undefined && path.endsWith(killer)) return -1
  if (path.endsWith(SEEDS)) return 3
  if (mutant !== null && path.endsWith(`test/${mutant.file.replace(/\.ts$/, '.test.ts')}`)) return 0
  return /(log-recovery|log-repair|transport|raft|machine|model|loader)\.test\.ts$/.test(path) ? 2 : 1
}
