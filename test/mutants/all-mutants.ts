/** All mutants. */
import { BROKER_MUTANTS } from './broker-mutants.ts'
import { FILTER_MUTANTS } from './filter-mutants.ts'
import { FILES_MUTANTS } from './files-mutants.ts'
import { MEMBER_MUTANTS } from './member-mutants.ts'
import type { Mutant } from './mutant.ts'
import { RAFT_MUTANTS } from './raft-mutants.ts'
import { SERVICE_MUTANTS } from './service-mutants.ts'

export const MUTANTS: readonly Mutant[] = [
  ...RAFT_MUTANTS,
  ...BROKER_MUTANTS,
  ...FILES_MUTANTS,
  ...FILTER_MUTANTS,
  ...SERVICE_MUTANTS,
  ...MEMBER_MUTANTS,
]
