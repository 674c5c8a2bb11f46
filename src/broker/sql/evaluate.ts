/**
 * Makes a function out of the tree of an SQL filter. Null logic and conversions are those of RocketMQ's filter
 * module: properties are texts; compared with a number they are read as a number of that kind; what cannot be
 * read cannot be evaluated, and then no message matches.
 *
 * Pure.
 */
import { unreachable } from '../../base/assert.ts'
import { compareDoubles, compareIntegers, parseDouble, parseInteger } from './numbers.ts'
import type { Order, SqlNode, TruthNode, ValueNode } from './tree.ts'

/** `null` is unknown (SQL's NULL); `undefined` could not be evaluated. */
export type Truth = boolean | null | undefined

/** Texts of the properties that an expression names, in the order of its names; `null` for one that is missing. */
export type PropertyTexts = readonly (string | null)[]

/** An expression that is ready to be evaluated. */
export interface SqlProgram {
  /** The properties that it names, each once. */
  readonly names: readonly string[]
  /** Never throws. Takes time in proportion to the expression and the texts. */
  readonly evaluate: (texts: PropertyTexts) => Truth
}

type Program = (texts: PropertyTexts) => Truth

/** Compiles a tree. */
export function compileSql(tree: TruthNode): SqlProgram {
  const compiler = new Compiler()
  const evaluate = compiler.truth(tree)
  return { names: compiler.names, evaluate }
}

class Compiler {
  readonly names: string[] = []

  truth(node: TruthNode): Program {
    switch (node.type) {
      case 'constant':
        return () => node.value
      case 'cast': {
        const slot = this.#slot(node.name)
        return (texts) => (texts[slot] === null ? null : false)
      }
      case 'not':
        return not(this.truth(node.of))
      case 'all':
        return junction(
          node.of.map((of) => this.truth(of)),
          false,
        )
      case 'any':
        return junction(
          node.of.map((of) => this.truth(of)),
          true,
        )
      case 'equal':
        return this.#equal(node.left, node.right)
      case 'order':
        return this.#order(node.order, node.left, node.right)
      case 'isNull':
        return this.#isNull(node.of)
      case 'search':
        return this.#search(node)
      case 'in': {
        const slot = this.#slot(node.name)
        return (texts) => {
          const text = texts[slot] ?? null
          return text === null ? null : node.texts.has(text) !== node.not
        }
      }
      default:
        return unreachable(node)
    }
  }

  #slot(name: string): number {
    const known = this.names.indexOf(name)
    return known === -1 ? this.names.push(name) - 1 : known
  }

  /** One side missing: NULL when it is the left one, otherwise false. Both missing are equal. */
  #equal(left: SqlNode, right: SqlNode): Program {
    const [first, second] = [this.#operand(left), this.#operand(right)]
    return (texts) => {
      const [one, other] = [first(texts), second(texts)]
      if (one === undefined || other === undefined) return undefined
      if (one === null) return other === null ? true : null
      return other === null ? false : equal(one, other)
    }
  }

  #order(order: Order, left: ValueNode, right: ValueNode): Program {
    const [first, second] = [this.#operand(left), this.#operand(right)]
    const holds = HOLDS[order]
    return (texts) => {
      const one = first(texts)
      if (one === undefined || one === null) return one
      const other = second(texts)
      if (other === undefined || other === null) return other
      const compared = compare(one, other)
      return compared === undefined ? undefined : holds(compared)
    }
  }

  #isNull(of: SqlNode): Program {
    const operand = this.#operand(of)
    return (texts) => {
      const value = operand(texts)
      return value === undefined ? undefined : value === null
    }
  }

  /** What is missing or no text holds nothing and begins and ends with nothing, and NOT does not change that. */
  #search(node: Extract<TruthNode, { type: 'search' }>): Program {
    const operand = this.#operand(node.of)
    const { text, search } = node
    if (text === '') return () => false
    return (texts) => {
      const value = operand(texts)
      if (typeof value !== 'string') return value === undefined ? undefined : false
      const found =
        search === 'contains'
          ? value.includes(text)
          : search === 'startsWith'
            ? value.startsWith(text)
            : value.endsWith(text)
      return found !== node.not
    }
  }

  #operand(node: SqlNode): Operand {
    if (node.type === 'text') return () => node.value
    if (node.type === 'integer' || node.type === 'double') return () => node
    if (node.type === 'property') {
      const slot = this.#slot(node.name)
      return (texts) => texts[slot] ?? null
    }
    if (node.type !== 'nothing') return this.truth(node)
    const of = node.of === null ? undefined : this.truth(node.of)
    return of === undefined ? () => null : (texts) => (of(texts) === undefined ? undefined : null)
  }
}

type NumberNode = Extract<ValueNode, { type: 'integer' | 'double' }>
type Value = string | boolean | NumberNode
type Operand = (texts: PropertyTexts) => Value | null | undefined

const HOLDS: Readonly<Record<Order, (compared: number) => boolean>> = {
  '<': (compared) => compared < 0,
  '<=': (compared) => compared <= 0,
  '>': (compared) => compared > 0,
  '>=': (compared) => compared >= 0,
}

function not(of: Program): Program {
  return (texts) => {
    const truth = of(texts)
    return typeof truth === 'boolean' ? !truth : truth
  }
}

/** AND ends at the first false, OR at the first true (`decisive`); what comes after is not evaluated. */
function junction(parts: readonly Program[], decisive: boolean): Program {
  return (texts) => {
    let unknown = false
    for (const part of parts) {
      const truth = part(texts)
      if (truth === decisive || truth === undefined) return truth
      if (truth === null) unknown = true
    }
    return unknown ? null : !decisive
  }
}

function equal(one: Value, other: Value): Truth {
  if (typeof one === 'string' && typeof other === 'string') return one === other
  if (typeof one === 'boolean') {
    // Java fails to cast a Boolean to a String here.
    if (typeof other === 'string') return undefined
    return one === other
  }
  if (typeof other === 'boolean') return typeof one === 'string' && isTrue(one) === other
  const compared = compare(one, other)
  return compared === undefined ? undefined : compared === 0
}

/** As `Boolean.valueOf`: every text but "true" is false. */
function isTrue(text: string): boolean {
  return text.length === 4 && text.toLowerCase() === 'true'
}

/** `undefined` when a text is no number of the other side's kind, or, of two texts, when one is no double. */
function compare(one: Value, other: Value): number | undefined {
  if (typeof one === 'boolean' || typeof other === 'boolean') return undefined
  if (typeof one === 'string') {
    return typeof other === 'string' ? doubles(parseDouble(one), parseDouble(other)) : textTo(one, other)
  }
  if (typeof other === 'string') {
    const compared = textTo(other, one)
    return compared === undefined ? undefined : -compared
  }
  if (one.type === 'integer' && other.type === 'integer') return compareIntegers(one.value, other.value)
  return compareDoubles(Number(one.value), Number(other.value))
}

function textTo(text: string, number: NumberNode): number | undefined {
  if (number.type === 'double') return doubles(parseDouble(text), number.value)
  const value = parseInteger(text)
  return value === undefined ? undefined : compareIntegers(value, number.value)
}

function doubles(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : compareDoubles(a, b)
}
