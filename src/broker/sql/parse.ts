/** Reads the text of an SQL filter into a tree. */
import { SQL_CHARACTERS_MAX } from '../../base/limits.ts'
import { parse, SyntaxError as ParserError } from './sql-parser.ts'
import { SqlFault, SqlTree, type TruthNode } from './tree.ts'

/** A word, a number, or one sign. */
const WORD = /[A-Za-z0-9_$]+|[^]/uy

/** The tree of a filter. Throws `SqlFault` for a text that is none, or that is larger than the limits. */
export function parseSql(text: string): TruthNode {
  if (text.length > SQL_CHARACTERS_MAX) {
    throw new SqlFault(`a filter has at most ${SQL_CHARACTERS_MAX} characters`, SQL_CHARACTERS_MAX)
  }
  try {
    return parse(text, { tree: new SqlTree() }) as TruthNode
  } catch (error) {
    if (error instanceof ParserError) throw faultAt(text, placeOf(error))
    throw error
  }
}

function faultAt(text: string, at: number): SqlFault {
  WORD.lastIndex = at
  const word = WORD.exec(text)?.[0]
  if (word === undefined) return new SqlFault('the filter ends too early', at)
  return new SqlFault(`"${word.slice(0, 40)}" is not expected here`, at)
}

/** The generated parser says in its errors where they are; it has no types. */
function placeOf(error: ParserError): number {
  return (error as unknown as { readonly location: { readonly start: { readonly offset: number } } }).location
    .start.offset
}
