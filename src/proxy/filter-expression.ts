/** The filter that a client's expression asks for: of a receive, a pull or a subscription (grpc-contract 6.8). */
import type { MessageFilter } from '../broker/message-filter.ts'
import { sqlFilterOf } from '../broker/sql/sql-filter.ts'
import { SqlFault } from '../broker/sql/tree.ts'
import { parseTagFilter } from '../broker/tag-filter.ts'
import type { FilterExpression } from '../rpc/apache-definition.ts'
import { Code, FilterType } from '../rpc/apache-enums.ts'
import { refuse } from './refusal.ts'

/** A filter that is longer could not be meant. */
const TAGS_CHARACTERS_MAX = 65_536

/** What a client asks for; everything without an expression. Throws `Refusal` ILLEGAL_FILTER_EXPRESSION. */
export function filterOf(expression: FilterExpression | null): MessageFilter {
  const text = expression?.expression ?? ''
  if (expression?.type === FilterType.SQL) return sqlFilter(text)
  const filter = text.length > TAGS_CHARACTERS_MAX ? undefined : parseTagFilter(text)
  return filter ?? refuse(Code.ILLEGAL_FILTER_EXPRESSION, 'the filter expression names no tag')
}

function sqlFilter(text: string): MessageFilter {
  try {
    return sqlFilterOf(text)
  } catch (error) {
    if (!(error instanceof SqlFault)) throw error
    const place = `at character ${error.at + 1}`
    return refuse(Code.ILLEGAL_FILTER_EXPRESSION, `the SQL filter is illegal ${place}: ${error.message}`)
  }
}
