/** Which messages of a topic somebody asks for, whatever the language of the expression. Types only. */

/** Says of a message whether it is wanted. Made from an expression by `filterOf` of the facade. */
export interface MessageFilter {
  /**
   * Whether a message with this tag hash (as a pointer holds it, 0: without a tag) may match. False is the
   * last word, true is not.
   */
  mayMatch(tagHash: number): boolean
  /**
   * True: `mayMatch` says little, and `matches` has to be asked before a message is chosen. False: nearly all
   * that `mayMatch` lets through match, so `matches` may be asked when the message is read anyway.
   */
  readonly readsMessage: boolean
  /** Whether a stored message (header and raw bytes) matches. The last word. Never throws. */
  matches(stored: Uint8Array): boolean
}
