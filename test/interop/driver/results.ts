/** What came of the cases, and how it is told. */
import { CASES } from './cases.ts'
import { LACKS } from './features.ts'
import { LANGUAGES } from './languages.ts'

export type Outcome = 'passed' | 'failed' | 'lacking' | 'no toolchain'

export interface Result {
  readonly language: string
  readonly name: string
  readonly outcome: Outcome
  /** Why it failed or is not there, or what was measured. */
  readonly text: string
  readonly seconds: number
}

export class Results {
  readonly #all: Result[] = []

  add(result: Result): void {
    this.#all.push(result)
    const { language, name, outcome, text, seconds } = result
    console.log(
      `${language.padEnd(7)} ${name.padEnd(30)} ${outcome.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${text}`,
    )
  }

  count(outcome: Outcome): number {
    return this.#all.filter((result) => result.outcome === outcome).length
  }

  /** A row for each case, a column for each language, the reasons below. */
  tell(): void {
    const languages = [...new Set(this.#all.map((result) => result.language))]
    const names = [...new Set(this.#all.map((result) => result.name))]
    const words = { passed: 'ok', failed: 'FAILED', lacking: 'lacks', 'no toolchain': 'no tools' }
    console.log(`\n${'case'.padEnd(34)}${languages.map((language) => language.padEnd(10)).join('')}`)
    for (const name of names) {
      const cells = languages.map((language) => {
        const found = this.#all.find((result) => result.language === language && result.name === name)
        return (found === undefined ? '-' : words[found.outcome]).padEnd(10)
      })
      console.log(`${name.padEnd(34)}${cells.join('')}`)
    }
    const reasons = new Set(
      this.#all
        .filter((result) => result.outcome === 'lacking' || result.outcome === 'no toolchain')
        .map((result) => `${result.language}: ${result.text}`),
    )
    for (const reason of reasons) console.log(reason)
    for (const { language, name, text } of this.#all.filter((result) => result.outcome === 'failed')) {
      console.log(`FAILED ${language} ${name}: ${text}`)
    }
    console.log(`\n${this.count('passed')} passed, ${this.count('failed')} failed`)
  }
}

/** The tables of docs/interop.md. */
export function tables(): string {
  const cases = CASES.map((one) => `| \`${one.name}\` | ${one.about} |`)
  const lacks = LANGUAGES.map(({ name, library }) => {
    const list = Object.entries(LACKS[name]).map(([feature, why]) => `${feature}: ${why}`)
    return `| ${name} | ${library} | ${list.join('; ') || 'nothing of the above'} |`
  })
  return [
    '| case | what holds |',
    '|---|---|',
    ...cases,
    '',
    '| language | library | lacks |',
    '|---|---|---|',
    ...lacks,
  ].join('\n')
}
