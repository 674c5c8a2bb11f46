/** Turns what the schema found into sentences: which key, what was expected, what is there. */
import type { z } from 'zod'
import { nearest } from './suggest.ts'

/** One or more sentences for one fault. `input` is what the file holds, `schema` names the known keys. */
export function faultText(issue: z.core.$ZodIssue, input: unknown, schema: z.ZodType): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(issue.path, key, knownKeys(schema, issue.path)))
  }
  const found = valueAt(input, issue.path)
  const where = issue.path.length === 0 ? 'the file' : `key "${keyText(issue.path)}"`
  const there = found === undefined ? 'is missing' : `is ${shown(found)}`
  return [`${where} ${there}, expected ${issue.message}`]
}

function unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  const hint =
    meant === undefined ? `known here: ${known.join(', ')}` : `did you mean "${keyText([...path, meant])}"?`
  return `key "${keyText([...path, key])}" is unknown, ${hint}`
}

function keyText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text && '.'}${String(step)}`),
    '',
  )
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    input,
  )
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}

/** Walks the schema down the path and lists the keys of the object there. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here = unwrapped(schema)
  for (const step of path) {
    const next = typeof step === 'number' ? here.element : here.shape?.[String(step)]
    if (next === undefined) return []
    here = unwrapped(next)
  }
  return Object.keys(here.shape ?? {})
}

interface Def {
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly element?: z.ZodType
  readonly innerType?: z.ZodType
}

function unwrapped(schema: z.ZodType): Def {
  const def = schema.def as Def
  return def.innerType === undefined ? def : unwrapped(def.innerType)
}
