/** Filters by an SQL92 expression over a message's properties (RocketMQ: FilterType SQL). */
import { SQL_FILTERS_KEPT_MAX } from '../../base/limits.ts'
import type { MessageFilter } from '../message-filter.ts'
import { compileSql, type SqlProgram } from './evaluate.ts'
import { MessageProperties } from './message-properties.ts'
import { parseSql } from './parse.ts'

/** A message matches when the expression is true for it: not when it is unknown or cannot be evaluated. */
export class SqlFilter implements MessageFilter {
  readonly readsMessage = true
  readonly #program: SqlProgram
  readonly #properties: MessageProperties

  /** Throws `SqlFault`. */
  constructor(expression: string) {
    this.#program = compileSql(parseSql(expression))
    this.#properties = new MessageProperties(this.#program.names)
  }

  /** The hash of a tag says nothing of the expression. */
  mayMatch(): boolean {
    return true
  }

  matches(stored: Uint8Array): boolean {
    const texts = this.#properties.read(stored)
    return texts !== undefined && this.#program.evaluate(texts) === true
  }
}

/** Filters by their expressions, the one that was used longest ago first. */
const kept = new Map<string, SqlFilter>()

/** The filter of an expression: the same object for the same text, while it is kept. Throws `SqlFault`. */
export function sqlFilterOf(expression: string): SqlFilter {
  const filter = kept.get(expression) ?? new SqlFilter(expression)
  kept.delete(expression)
  kept.set(expression, filter)
  const [oldest] = kept.keys()
  if (kept.size > SQL_FILTERS_KEPT_MAX && oldest !== undefined) kept.delete(oldest)
  return filter
}
