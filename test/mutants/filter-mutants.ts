/** Bugs of filters and of the message index. */
import { mutantsOf } from './mutant.ts'

export const FILTER_MUTANTS = [
  ...mutantsOf('broker/sql/evaluate.ts', null, [
    ['takes NULL for false', 'if (truth === null) unknown = true', ''],
    ['finds nothing where nothing is to be missing', '? undefined : false', '? undefined : node.not'],
    ['calls two missing properties different', 'return other === null ? true : null', 'return null'],
  ]),
  ...mutantsOf('broker/sql/numbers.ts', null, [
    ['rounds long integers', 'if (digits <= SAFE_DIGITS) return', 'if (digits <= LONG_DIGITS) return'],
  ]),
  ...mutantsOf('broker/sql/sql-filter.ts', null, [
    [
      'matches what is unknown',
      'this.#program.evaluate(texts) === true',
      'this.#program.evaluate(texts) !== false',
    ],
  ]),
  ...mutantsOf('broker/sql/message-properties.ts', null, [
    ['takes a property for one with a longer name', 'name.byteLength === end - start && ', ''],
  ]),
  ...mutantsOf('broker/query/message-index.ts', null, [
    ['indexes queues that are older than the index', 'if (applied() < this.#reach) return false', ''],
    [
      'leaves the entries of what was trimmed',
      'for (const word of block.words)',
      'for (const word of block.words.slice(1))',
    ],
  ]),
  ...mutantsOf('broker/query/trace.ts', null, [
    [
      'tells of acks of older deliveries',
      'held?.attempt === attemptOf(attempt) && held.visibleAtMs',
      'held !== undefined && held.visibleAtMs',
    ],
  ]),
]
