/** Whether mutants compile. As many at a time as there are files, one of each file: a run of tsc costs seconds. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Mutant, mutated } from './mutant.ts'

/** The mutants that do not compile, and what the compiler says. `root` is the folder of the project. */
export function compileFaults(root: string, mutants: readonly Mutant[]): ReadonlyMap<Mutant, string> {
  const place = mkdtempSync(join(root, 'dist-mutants-'))
  try {
    for (const name of ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json']) {
      cpSync(join(root, name), join(place, name), { recursive: true })
    }
    const faults = new Map<Mutant, string>()
    for (const round of roundsOf(mutants)) {
      for (const [mutant, fault] of faultsOfRound(root, place, round)) faults.set(mutant, fault)
    }
    return faults
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** The first mutant of each file, then the second, and so on. */
function roundsOf(mutants: readonly Mutant[]): readonly (readonly Mutant[])[] {
  const rounds: Mutant[][] = []
  const countOf = new Map<string, number>()
  for (const mutant of mutants) {
    const at = countOf.get(mutant.file) ?? 0
    countOf.set(mutant.file, at + 1)
    const round = rounds[at]
    if (round === undefined) rounds.push([mutant])
    else round.push(mutant)
  }
  return rounds
}

function faultsOfRound(root: string, place: string, round: readonly Mutant[]): Map<Mutant, string> {
  for (const mutant of round) {
    const text = readFileSync(join(root, 'src', mutant.file), 'utf8')
    writeFileSync(join(place, 'src', mutant.file), mutated(text, mutant))
  }
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '--noEmit', '--pretty', 'false', '-p', join(place, 'tsconfig.build.json')]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8' })
  for (const { file } of round) cpSync(join(root, 'src', file), join(place, 'src', file))
  if (status === 0) return new Map()
  const said = `${stdout}${stderr}`
  const blamed = round.filter(({ file }) => said.includes(`src/${file}(`))
  return new Map((blamed.length > 0 ? blamed : round).map((mutant) => [mutant, said.trim()]))
}
