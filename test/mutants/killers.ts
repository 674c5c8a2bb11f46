/** Which test file killed a mutant the last time that was noted (`killers.json`): it is asked first. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Test files by the bugs that they found. */
export type Killers = Readonly<Record<string, string>>

const FILE = join('test', 'mutants', 'killers.json')

/** What was noted; nothing before the first time. `root` is the folder of the project. */
export function readKillers(root: string): Killers {
  const path = join(root, FILE)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Killers) : {}
}

/** Notes what was found, beside what was noted before. Only `known` bugs stay. */
export function noteKillers(root: string, found: Killers, known: ReadonlySet<string>): void {
  const all = Object.entries({ ...readKillers(root), ...found }).filter(([bug]) => known.has(bug))
  all.sort(([one], [other]) => (one < other ? -1 : 1))
  writeFileSync(join(root, FILE), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`)
}
