/** Which messages of a topic a receiver asks for, by their tag (RocketMQ: FilterType TAG). Pure. */
import { utf8 } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'

/** `null` takes every message; otherwise only messages whose tag is in the set. */
export interface TagFilter {
  readonly tags: ReadonlySet<string> | null
  /** The hashes of the tags, as pointers hold them. */
  readonly hashes: ReadonlySet<number>
}

export const ALL_TAGS: TagFilter = { tags: null, hashes: new Set() }

/** What a pointer holds of a tag; 0 is kept for "no tag". */
export function tagHash(tag: Uint8Array): number {
  return crc32(tag) || 1
}

/**
 * Reads `a || b`; `*` and nothing take everything. `undefined` when only separators are there: the
 * expression is illegal.
 */
export function parseTagFilter(expression: string): TagFilter | undefined {
  const text = expression.trim()
  if (text === '' || text === '*') return ALL_TAGS
  const tags = text
    .split('||')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  if (tags.length === 0) return undefined
  if (tags.includes('*')) return ALL_TAGS
  return { tags: new Set(tags), hashes: new Set(tags.map((tag) => tagHash(utf8(tag)))) }
}

/** Whether a message with this tag hash may match; a true answer is checked against the tag itself. */
export function mayMatch(filter: TagFilter, hash: number): boolean {
  return filter.tags === null || filter.hashes.has(hash)
}
