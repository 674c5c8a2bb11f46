/** What the parts of a run share. */
import type { Cluster } from './cluster.ts'
import type { Language } from './languages.ts'
import type { RunOptions } from './options.ts'
import type { Results } from './results.ts'

/** What a run works with. */
export interface Run {
  readonly options: RunOptions
  readonly cluster: Cluster
  readonly results: Results
  readonly folder: string
  /** The languages that could be built, and what runs them. */
  readonly programs: ReadonlyMap<Language, readonly string[]>
}
