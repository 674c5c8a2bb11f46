/** Rules over the text of one source file. Each returns the sentences of what is wrong with it. */
import { importsOf } from './import-graph.ts'

export const LINES_MAX = 400

/** What a pure file must not use, with the pattern that finds it in code without comments and texts. */
const IMPURE: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['await', /\bawait\b/],
  ['async', /\basync\b/],
  ['a timer', /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/],
  ['Date', /\bDate\b/],
  ['Math.random', /\bMath\.random\b/],
  ['performance', /\bperformance\b/],
  ['process', /\bprocess\s*\./],
  ['globalThis', /\bglobalThis\b/],
  ['Promise', /\bnew Promise\b|\bPromise\.\w/],
  ['crypto', /\bcrypto\s*\./],
  ['console', /\bconsole\s*\./],
]

/** Nothing in a pure file reaches the outside: no clock, chance, waiting or module of Node. */
export function purityFaults(file: string, text: string): string[] {
  const code = codeOnly(text)
  const uses = IMPURE.filter(([, pattern]) => pattern.test(code)).map(
    ([what]) => `${file} is pure and uses ${what}`,
  )
  const modules = importsOf(text).filter((name) => !name.startsWith('.'))
  return [...uses, ...modules.map((name) => `${file} is pure and imports ${name}`)]
}

/** A file declares itself pure with a sentence of its opening comment that starts `Pure.` or `Pure:`. */
export function declaresPurity(text: string): boolean {
  return /(?:^\/\*\*|^\/\/|\n \*|[.!?])\s+Pure[.:]/.test(openingComment(text) ?? '')
}

/** The comment that a file opens with, or `undefined`. A line `#!` may come before it. */
export function openingComment(text: string): string | undefined {
  const start = text.replace(/^#!.*\n/, '').trimStart()
  return /^(?:\/\*\*[\s\S]*?\*\/|(?:\/\/.*\n?)+)/.exec(start)?.[0]
}

/** Rules for every file of `src`: opening comment, length, named exports one by one. */
export function shapeFaults(file: string, text: string): string[] {
  const code = codeOnly(text)
  const lines = text.trimEnd().split('\n').length
  const faults: string[] = []
  if (openingComment(text) === undefined) faults.push(`${file} does not open with a comment`)
  if (lines > LINES_MAX && !isGenerated(text))
    faults.push(`${file} has ${lines} lines, more than ${LINES_MAX}`)
  if (/^export\s+default\b/m.test(code)) faults.push(`${file} has a default export`)
  if (/^export\s+(?:type\s+)?\*/m.test(code)) faults.push(`${file} exports *`)
  return faults
}

/** A file that a program wrote is not read by people: it says so in its opening comment. */
function isGenerated(text: string): boolean {
  return /\bGenerated from \S+ by scripts\//.test(openingComment(text) ?? '')
}

/** No test is skipped or runs alone. */
export function focusFaults(file: string, text: string): string[] {
  const found = codeOnly(text).match(/\b(?:test|it|describe|suite)\s*\.\s*(?:only|skip|todo|fails)\b/g) ?? []
  return found.map((call) => `${file} calls ${call}`)
}

/** A note of open work names its issue. */
export function todoFaults(file: string, text: string): string[] {
  const found = text.match(/\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\)).{0,40}/g) ?? []
  return found.map((note) => `${file} has a note without an issue: ${note}`)
}

/** A file that only holds types needs no test of its own. */
export function isTypesOnly(text: string): boolean {
  return !/^(?:export\s+)?(?:async\s+|abstract\s+)?(?:function\*?|class|const|let)\b|^[\w.]+\(/m.test(
    codeOnly(text),
  )
}

/** The code without its comments and without what stands inside strings. Line breaks stay. */
export function codeOnly(text: string): string {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|(?<=[(,=:[!&|?{};\n]\s*|return\s)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/g
  return text.replace(token, (found) => (/^['"]/.test(found) ? "''" : found.replace(/[^\n]/g, '')))
}
