/**
 * Filters by tag (RocketMQ: FilterType TAG). `a || b` asks for messages with one of these tags, compared
 * exactly; a message without a tag has none of them. Pure.
 */
import { utf8 } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import type { MessageFilter } from './message-filter.ts'
import { tagOf } from './stored-tag.ts'

/** Takes every message. */
export const ALL_MESSAGES: MessageFilter = {
  readsMessage: false,
  mayMatch: () => true,
  matches: () => true,
}

/** What a pointer holds of a tag; 0 is kept for "no tag". */
export function tagHash(tag: Uint8Array): number {
  return crc32(tag) || 1
}

/** Takes messages whose tag is in the set. */
export class TagFilter implements MessageFilter {
  readonly readsMessage = false
  readonly tags: ReadonlySet<string>
  readonly #hashes: ReadonlySet<number>

  constructor(tags: Iterable<string>) {
    this.tags = new Set(tags)
    this.#hashes = new Set([...this.tags].map((tag) => tagHash(utf8(tag))))
  }

  mayMatch(hash: number): boolean {
    return this.#hashes.has(hash)
  }

  /** Two tags may share a hash, so the tag itself is compared. */
  matches(stored: Uint8Array): boolean {
    const tag = tagOf(stored)
    return tag !== undefined && this.tags.has(tag)
  }
}

/**
 * Reads `a || b`; `*` and an empty expression take everything. Each part is trimmed, empty parts are left out.
 * `undefined` when no part is left: the expression is illegal.
 */
export function parseTagFilter(expression: string): MessageFilter | undefined {
  if (expression === '' || expression.trim() === '*') return ALL_MESSAGES
  const tags = expression
    .split('||')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  return tags.length === 0 ? undefined : new TagFilter(tags)
}
