/**
 * The tree of an SQL filter, and what builds it while the text is parsed: refuses what has no meaning, as
 * RocketMQ does, and what would cost too much.
 *
 * Pure.
 */
import { SQL_DEPTH_MAX, SQL_IN_TEXTS_MAX, SQL_OPERANDS_MAX } from '../../base/limits.ts'
import { compareDoubles, compareIntegers, type Integer, parseInteger } from './numbers.ts'

/** How a property is searched for a text. */
export type Search = 'contains' | 'startsWith' | 'endsWith'
/** Comparisons that need an order. */
export type Order = '<' | '<=' | '>' | '>='

/** What has a value: a text, a number or nothing. */
export type ValueNode =
  | { readonly type: 'property'; readonly name: string }
  | { readonly type: 'text'; readonly value: string }
  /** `signed`: a sign stands before it, and RocketMQ takes it for no constant. */
  | { readonly type: 'integer'; readonly value: Integer; readonly signed: boolean }
  | { readonly type: 'double'; readonly value: number; readonly signed: boolean }
  /** A minus before what is no number: NULL, unless `of` cannot be evaluated. */
  | { readonly type: 'nothing'; readonly of: TruthNode | null }

/** What is true, false or NULL. */
export type TruthNode =
  | { readonly type: 'constant'; readonly value: boolean | null }
  /** A property where a truth is wanted: NULL without it, otherwise false, since it is a text. */
  | { readonly type: 'cast'; readonly name: string }
  | { readonly type: 'not'; readonly of: TruthNode }
  | { readonly type: 'all' | 'any'; readonly of: readonly TruthNode[] }
  | { readonly type: 'equal'; readonly left: SqlNode; readonly right: SqlNode }
  | { readonly type: 'order'; readonly order: Order; readonly left: ValueNode; readonly right: ValueNode }
  | { readonly type: 'isNull'; readonly of: SqlNode }
  | {
      readonly type: 'search'
      readonly search: Search
      readonly of: SqlNode
      readonly text: string
      readonly not: boolean
    }
  | { readonly type: 'in'; readonly name: string; readonly texts: ReadonlySet<string>; readonly not: boolean }

export type SqlNode = ValueNode | TruthNode

/** Why an expression is no filter. `at` counts UTF-16 characters from 0. */
export class SqlFault extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.name = 'SqlFault'
    this.at = at
  }
}

/** Builds one tree. Every method throws `SqlFault`. */
export class SqlTree {
  #operands = 0
  #depth = 0

  open(at: number): void {
    this.#depth += 1
    if (this.#depth > SQL_DEPTH_MAX) throw new SqlFault(`parentheses nest at most ${SQL_DEPTH_MAX} deep`, at)
  }

  close(): void {
    this.#depth -= 1
  }

  property(name: string): ValueNode {
    return { type: 'property', name }
  }

  text(value: string): ValueNode {
    return { type: 'text', value }
  }

  constant(value: boolean | null): TruthNode {
    return { type: 'constant', value }
  }

  integer(digits: string, at: number): ValueNode {
    const value = parseInteger(digits)
    if (value === undefined) throw new SqlFault('the integer has more than 64 bits', at)
    return { type: 'integer', value, signed: false }
  }

  double(digits: string, at: number): ValueNode {
    const value = Number(digits)
    const isTooSmall = value === 0 && /^[0.]*[1-9]/.test(digits)
    if (isTooSmall || value > Number.MAX_VALUE) throw new SqlFault('the number is out of range', at)
    return { type: 'double', value, signed: false }
  }

  /** An operand with its signs, outermost first. */
  signed(signs: readonly ('+' | '-' | 'NOT')[], operand: SqlNode, at: number): SqlNode {
    this.#operands += 1 + signs.length
    if (this.#operands > SQL_OPERANDS_MAX) {
      throw new SqlFault(`a filter has at most ${SQL_OPERANDS_MAX} operands`, at)
    }
    return signs.reduceRight((node: SqlNode, sign) => this.#sign(sign, node, at), operand)
  }

  #sign(sign: '+' | '-' | 'NOT', node: SqlNode, at: number): SqlNode {
    if (sign === '+') return node
    if (sign === 'NOT') return { type: 'not', of: this.truth(node, at) }
    if (node.type === 'integer') return { type: 'integer', value: negative(node.value), signed: true }
    if (node.type === 'double') return { type: 'double', value: -node.value, signed: true }
    if (node.type === 'nothing') return node
    return { type: 'nothing', of: isTruth(node) ? node : null }
  }

  /** What may stand where a truth is wanted. */
  truth(node: SqlNode, at: number): TruthNode {
    if (isTruth(node)) return node
    if (node.type === 'property') return { type: 'cast', name: node.name }
    throw new SqlFault(`${nameOf(node)} is neither true nor false`, at)
  }

  all(first: SqlNode, rest: readonly SqlNode[], at: number): SqlNode {
    if (rest.length === 0) return first
    return { type: 'all', of: [first, ...rest].map((node) => this.truth(node, at)) }
  }

  any(first: SqlNode, rest: readonly SqlNode[], at: number): SqlNode {
    if (rest.length === 0) return first
    return { type: 'any', of: [first, ...rest].map((node) => this.truth(node, at)) }
  }

  equal(left: SqlNode, right: SqlNode, at: number): TruthNode {
    for (const node of [left, right]) {
      const isNull = node.type === 'constant' && node.value === null
      if (isNull) throw new SqlFault('nothing equals NULL, use IS NULL or IS NOT NULL', at)
    }
    if (left.type === 'constant' && isConstant(right) && right.type !== 'constant') {
      throw new SqlFault(`${nameOf(left)} cannot be compared with ${nameOf(right)}`, at)
    }
    return { type: 'equal', left, right }
  }

  notEqual(left: SqlNode, right: SqlNode, at: number): TruthNode {
    return { type: 'not', of: this.equal(left, right, at) }
  }

  isNull(of: SqlNode, not: boolean): TruthNode {
    const isNull: TruthNode = { type: 'isNull', of }
    return not ? { type: 'not', of: isNull } : isNull
  }

  order(order: Order, left: SqlNode, right: SqlNode, at: number): TruthNode {
    return { type: 'order', order, left: ordered(left, at), right: ordered(right, at) }
  }

  between(value: SqlNode, low: SqlNode, high: SqlNode, not: boolean, at: number): TruthNode {
    if (not) {
      return { type: 'any', of: [this.order('<', value, low, at), this.order('>', value, high, at)] }
    }
    const all = [this.order('>=', value, low, at), this.order('<=', value, high, at)]
    if (isConstant(low) && isConstant(high) && compareConstants(low, high) > 0) {
      throw new SqlFault('the first bound of BETWEEN is above the second', at)
    }
    return { type: 'all', of: all }
  }

  search(search: Search, of: SqlNode, text: string, not: boolean): TruthNode {
    return { type: 'search', search, of, text, not }
  }

  in(of: SqlNode, texts: readonly string[], not: boolean, at: number): TruthNode {
    if (of.type !== 'property') throw new SqlFault(`IN takes a property, not ${nameOf(of)}`, at)
    if (texts.length > SQL_IN_TEXTS_MAX) throw new SqlFault(`IN takes at most ${SQL_IN_TEXTS_MAX} texts`, at)
    return { type: 'in', name: of.name, texts: new Set(texts), not }
  }
}

const VALUES: ReadonlySet<SqlNode['type']> = new Set(['property', 'text', 'integer', 'double', 'nothing'])

function isTruth(node: SqlNode): node is TruthNode {
  return !VALUES.has(node.type)
}

/** Whether it stands in the text as it is. */
function isConstant(node: SqlNode): boolean {
  if (node.type === 'integer' || node.type === 'double') return !node.signed
  return node.type === 'text' || node.type === 'constant'
}

/** Only numbers and properties have an order. */
function ordered(node: SqlNode, at: number): ValueNode {
  if (isTruth(node) || node.type === 'text') throw new SqlFault(`${nameOf(node)} has no order`, at)
  return node
}

function compareConstants(low: SqlNode, high: SqlNode): number {
  if (low.type === 'integer' && high.type === 'integer') return compareIntegers(low.value, high.value)
  const numbers = [low, high].map((node) => ('value' in node ? Number(node.value) : 0))
  return compareDoubles(numbers[0] ?? 0, numbers[1] ?? 0)
}

function negative(value: Integer): Integer {
  return typeof value === 'bigint' ? -value : 0 - value
}

function nameOf(node: SqlNode): string {
  if (node.type === 'text') return 'a text'
  if (node.type === 'integer' || node.type === 'double') return 'a number'
  if (node.type === 'constant') return node.value === null ? 'NULL' : node.value ? 'TRUE' : 'FALSE'
  if (node.type === 'property') return `property ${node.name}`
  return node.type === 'nothing' ? 'a value with a minus' : 'a condition'
}
