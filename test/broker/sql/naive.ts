/**
 * A second, slow evaluator of SQL filters, written from the rules alone and after the way Java works: values
 * have classes, conversions throw. It renders its expressions too, so that parsing is compared as well.
 */
import fc from 'fast-check'
import { unreachable } from '../../../src/base/assert.ts'

/** An expression as a person would write it down as a tree. */
export type Naive =
  | { readonly kind: 'name' | 'text'; readonly text: string }
  | { readonly kind: 'long' | 'double'; readonly text: string }
  | { readonly kind: 'word'; readonly value: boolean | null }
  | { readonly kind: 'and' | 'or'; readonly left: Naive; readonly right: Naive }
  | { readonly kind: 'not'; readonly of: Naive }
  | { readonly kind: '=' | '<>' | '<' | '<=' | '>' | '>='; readonly left: Naive; readonly right: Naive }
  | {
      readonly kind: 'between'
      readonly of: Naive
      readonly low: Naive
      readonly high: Naive
      readonly not: boolean
    }
  | { readonly kind: 'null'; readonly of: Naive; readonly not: boolean }
  | {
      readonly kind: 'search'
      readonly how: string
      readonly of: Naive
      readonly text: string
      readonly not: boolean
    }
  | { readonly kind: 'in'; readonly name: string; readonly texts: readonly string[]; readonly not: boolean }

type Value = string | boolean | null | bigint | { readonly double: number }

class Failed extends Error {}

/** True, false or null; `error` when a conversion failed. */
export function naively(node: Naive, properties: Readonly<Record<string, string>>): boolean | null | 'error' {
  try {
    return truthOf(node, properties)
  } catch (error) {
    if (error instanceof Failed) return 'error'
    throw error
  }
}

function truthOf(node: Naive, properties: Readonly<Record<string, string>>): boolean | null {
  const value = valueOf(node, properties)
  if (value === null || typeof value === 'boolean') return value
  return false
}

function valueOf(node: Naive, properties: Readonly<Record<string, string>>): Value {
  const of = (inner: Naive): Value => valueOf(inner, properties)
  switch (node.kind) {
    case 'name':
      return properties[node.text] ?? null
    case 'text':
      return node.text
    case 'long':
      return BigInt(node.text)
    case 'double':
      return { double: Number(node.text) }
    case 'word':
      return node.value
    case 'and': {
      const left = truthOf(node.left, properties)
      if (left === false) return false
      const right = truthOf(node.right, properties)
      return right === false ? false : left === null || right === null ? null : true
    }
    case 'or': {
      const left = truthOf(node.left, properties)
      if (left === true) return true
      const right = truthOf(node.right, properties)
      return right === true ? true : left === null || right === null ? null : false
    }
    case 'not': {
      const truth = truthOf(node.of, properties)
      return truth === null ? null : !truth
    }
    case '=':
      return equal(of(node.left), of(node.right))
    case '<>': {
      const same = equal(of(node.left), of(node.right))
      return same === null ? null : !same
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(node.kind, of(node.left), of(node.right))
    case 'between': {
      const [first, second, join] = node.not ? (['<', '>', 'or'] as const) : (['>=', '<=', 'and'] as const)
      const low: Naive = { kind: first, left: node.of, right: node.low }
      const high: Naive = { kind: second, left: node.of, right: node.high }
      return truthOf({ kind: join, left: low, right: high }, properties)
    }
    case 'null':
      return (of(node.of) === null) !== node.not
    case 'search': {
      if (node.text === '') return false
      const value = of(node.of)
      if (typeof value !== 'string') return false
      if (node.how === 'CONTAINS') return value.indexOf(node.text) >= 0 !== node.not
      if (node.how === 'STARTSWITH') return (value.slice(0, node.text.length) === node.text) !== node.not
      return (value.length >= node.text.length && value.slice(-node.text.length) === node.text) !== node.not
    }
    case 'in': {
      const value = properties[node.name] ?? null
      return value === null ? null : node.texts.some((text) => text === value) !== node.not
    }
    default:
      return unreachable(node)
  }
}

function equal(left: Value, right: Value): boolean | null {
  if (left === null && right === null) return true
  if (left === null) return null
  if (right === null) return false
  if (typeof left === 'string' && typeof right === 'string') return left === right
  if (typeof left === 'boolean' && typeof right === 'string') throw new Failed()
  if (typeof left === 'string' && typeof right === 'boolean') return /^true$/i.test(left) === right
  if (typeof left === 'boolean' || typeof right === 'boolean') return left === right
  const [one, other] = alike(left, right)
  return one === other
}

function ordered(kind: '<' | '<=' | '>' | '>=', left: Value, right: Value): boolean | null {
  if (left === null || right === null) return null
  const [one, other] =
    typeof left === 'string' && typeof right === 'string'
      ? [toDouble(left), toDouble(right)]
      : alike(left, right)
  if (kind === '<') return one < other
  if (kind === '<=') return one <= other
  return kind === '>' ? one > other : one >= other
}

/** Two numbers of one class. */
function alike(left: Value, right: Value): [bigint, bigint] | [number, number] {
  if (typeof left === 'string' && typeof right === 'bigint') return [toLong(left), right]
  if (typeof left === 'bigint' && typeof right === 'string') return [left, toLong(right)]
  if (typeof left === 'bigint' && typeof right === 'bigint') return [left, right]
  return [doubleOf(left), doubleOf(right)]
}

function doubleOf(value: Value): number {
  if (typeof value === 'string') return toDouble(value)
  return typeof value === 'bigint' ? Number(value) : (value as { readonly double: number }).double
}

function toLong(text: string): bigint {
  if (!/^[+-]?[0-9]+$/.test(text)) throw new Failed()
  const value = BigInt(text.replace('+', ''))
  if (BigInt.asIntN(64, value) !== value) throw new Failed()
  return value
}

function toDouble(text: string): number {
  if (!/^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$/.test(text.trim())) throw new Failed()
  return Number(text)
}

/** The text of an expression; every part in parentheses, in capitals or not. */
export function sqlOf(node: Naive): string {
  switch (node.kind) {
    case 'name':
      return node.text
    case 'text':
      return quoted(node.text)
    case 'long':
    case 'double':
      return node.text
    case 'word':
      return String(node.value)
    case 'not':
      return `NOT ${inside(node.of)}`
    case 'between': {
      const word = node.not ? 'NOT BETWEEN' : 'between'
      return `${inside(node.of)} ${word} ${inside(node.low)} AND ${inside(node.high)}`
    }
    case 'null':
      return `${inside(node.of)} IS ${node.not ? 'NOT ' : ''}NULL`
    case 'search':
      return `${inside(node.of)} ${node.not ? 'not ' : ''}${node.how} ${quoted(node.text)}`
    case 'in':
      return `${node.name} ${node.not ? 'NOT ' : ''}IN (${node.texts.map(quoted).join(', ')})`
    case 'and':
    case 'or':
    case '=':
    case '<>':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return `${inside(node.left)} ${node.kind} ${inside(node.right)}`
    default:
      return unreachable(node)
  }
}

function inside(node: Naive): string {
  return ['name', 'text', 'long', 'double', 'word'].includes(node.kind) ? sqlOf(node) : `(${sqlOf(node)})`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const NAMES = ['a', 'b', 'c', '_d']
const TEXTS = [
  '',
  'x',
  "it's",
  'xx',
  'true',
  'FALSE',
  '0',
  '1',
  '-1',
  '+2',
  '2.5',
  '9223372036854775807',
  '1e5x',
  ' 1',
]

const name = fc.constantFrom(...NAMES).map((text): Naive => ({ kind: 'name', text }))
const text = fc.constantFrom(...TEXTS).map((one): Naive => ({ kind: 'text', text: one }))
const long = fc.nat(3).map((n): Naive => ({ kind: 'long', text: String(n) }))
const double = fc.constantFrom('0.5', '1.0', '2.5').map((one): Naive => ({ kind: 'double', text: one }))
const numeric = fc.oneof(name, long, double)

/** Expressions that RocketMQ takes. */
export const expressions: fc.Arbitrary<Naive> = fc.letrec<{ truth: Naive }>((tie) => {
  const truth = tie('truth')
  const pair = { left: truth, right: truth }
  const negated = { not: fc.boolean() }
  return {
    truth: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      name,
      fc.constantFrom(true, false, null).map((value): Naive => ({ kind: 'word', value })),
      fc.record({
        kind: fc.constantFrom('=' as const, '<>' as const),
        left: fc.oneof(name, text, long, double),
        right: fc.oneof(name, text, long, double),
      }),
      fc.record({
        kind: fc.constantFrom('=' as const, '<>' as const),
        left: name,
        right: fc.constantFrom(true, false).map((value): Naive => ({ kind: 'word', value })),
      }),
      fc.record({
        kind: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
        left: numeric,
        right: numeric,
      }),
      fc.record({ kind: fc.constant('between' as const), of: numeric, low: name, high: numeric, ...negated }),
      fc.record({ kind: fc.constant('null' as const), of: fc.oneof(numeric, text, truth), ...negated }),
      fc.record({
        kind: fc.constant('search' as const),
        how: fc.constantFrom('CONTAINS', 'STARTSWITH', 'ENDSWITH'),
        of: fc.oneof(name, name, text, long, truth),
        text: fc.constantFrom(...TEXTS),
        ...negated,
      }),
      fc.record({
        kind: fc.constant('in' as const),
        name: fc.constantFrom(...NAMES),
        texts: fc.array(fc.constantFrom(...TEXTS), { minLength: 1, maxLength: 6 }),
        ...negated,
      }),
      fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), ...pair }),
      fc.record({ kind: fc.constant('not' as const), of: truth }),
      fc.record({
        kind: fc.constantFrom('=' as const, '<>' as const),
        left: fc.record({ kind: fc.constant('not' as const), of: truth }),
        right: fc.oneof(name, fc.record({ kind: fc.constant('not' as const), of: truth })),
      }),
    ),
  }
}).truth

/** What a message may say of the names. */
export const propertySets = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...TEXTS.slice(1)))
