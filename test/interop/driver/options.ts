/** The options of a run. */
import { parseArgs } from 'node:util'
import { CASES } from './cases.ts'
import { LANGUAGES } from './languages.ts'

export const KILLS = ['leader-killed', 'node-killed'] as const
export type Kill = (typeof KILLS)[number]
/** The programs of `examples/orders`, as one case. */
export const EXAMPLES_CASE = 'examples'

export const USAGE = `npm run interop -- [options]     the official clients of five languages against a group of three
  --language go,java   only these languages (node, java, go, python, rust)
  --case push,tag      only these cases; leader-killed, node-killed and examples are cases too
  --ci                 the share of CI: short traffic, the connected node killed for node and go only, TLS for
                       normal and push only
  --seconds 60         length of the traffic in which a member is killed
  --rate 60            sends a second of each language in it
  --tls off|on|both    which connections the cases use (both)
  --list               the cases, and what each library lacks, as tables of Markdown

The exit code is 0 if nothing failed, 1 if something did, 64 for wrong usage. A language whose tools are missing
is named and left out; it fails the run when it was asked for by name.
`

export interface RunOptions {
  readonly languages: readonly string[]
  readonly named: boolean
  readonly cases: readonly string[]
  readonly ci: boolean
  readonly seconds: number
  readonly rate: number
  readonly tls: readonly boolean[]
  readonly list: boolean
}

/** What the arguments ask for, or the sentence of what is wrong with them. */
export function optionsOf(args: readonly string[]): RunOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        language: { type: 'string', default: 'all' },
        case: { type: 'string', default: 'all' },
        ci: { type: 'boolean', default: false },
        seconds: { type: 'string' },
        rate: { type: 'string' },
        tls: { type: 'string', default: 'both' },
        list: { type: 'boolean', default: false },
      },
    })
    const languages = LANGUAGES.map((language) => language.name)
    const cases = [...CASES.map((one) => one.name), ...KILLS, EXAMPLES_CASE]
    return {
      languages: chosen('language', values.language, languages),
      named: values.language !== 'all',
      cases: chosen('case', values.case, cases),
      ci: values.ci,
      seconds: positive('seconds', values.seconds ?? (values.ci ? '20' : '60')),
      rate: positive('rate', values.rate ?? (values.ci ? '30' : '60')),
      tls: { off: [false], on: [true], both: [false, true] }[values.tls] ?? wrong(`--tls ${values.tls}`),
      list: values.list,
    }
  } catch (error) {
    return (error as Error).message
  }
}

function chosen(what: string, text: string, known: readonly string[]): string[] {
  if (text === 'all') return [...known]
  const names = text.split(',')
  const strange = names.find((name) => !known.includes(name))
  if (strange !== undefined) wrong(`there is no ${what} '${strange}'`)
  return names
}

function positive(what: string, text: string): number {
  const value = Number(text)
  return Number.isSafeInteger(value) && value > 0 ? value : wrong(`--${what} ${text}`)
}

function wrong(sentence: string): never {
  throw new Error(sentence)
}
