/** Reads the files of this project for tests that are about the project itself. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = new URL('../../', import.meta.url).pathname
const LEFT_OUT: ReadonlySet<string> = new Set([
  'node_modules',
  'dist',
  'dist-bench',
  '.git',
  '.dledger',
  'coverage',
])

/** Paths of all files below the given folders and files, relative to the project, sorted. */
export function filesBelow(starts: readonly string[]): string[] {
  return starts
    .filter((start) => existsSync(join(ROOT, start)))
    .flatMap(walk)
    .sort()
}

function walk(path: string): string[] {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path]
  return readdirSync(join(ROOT, path))
    .filter((name) => !LEFT_OUT.has(name))
    .flatMap((name) => walk(`${path}/${name}`))
}

/** The text of one file of the project. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Does the project have this file? */
export function has(path: string): boolean {
  return existsSync(join(ROOT, path))
}
