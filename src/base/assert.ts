/**
 * Assertions for our own mistakes. They are always on, and nobody catches what they throw: the process
 * exits. Bytes from a peer, a disk or a client are never asserted, they are parsed and may be refused.
 */

/** A rule of ours does not hold. Never caught: the process exits with its own code. */
export class InvariantError extends Error {
  readonly facts: Readonly<Record<string, unknown>>

  constructor(rule: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(Object.keys(facts).length === 0 ? rule : `${rule} ${JSON.stringify(facts)}`)
    this.name = 'InvariantError'
    this.facts = facts
  }
}

/** Ends the process's trust in itself: throws `InvariantError` with the rule that is broken. */
export function broken(rule: string, facts?: Readonly<Record<string, unknown>>): never {
  throw new InvariantError(rule, facts)
}

/** States a rule positively, for example `assert(last > applied, 'applied moves forward')`. */
export function assert(
  holds: boolean,
  rule: string,
  facts?: Readonly<Record<string, unknown>>,
): asserts holds {
  if (!holds) broken(rule, facts)
}

/** Closes a `switch` over a union: the compiler refuses it when a case is missing. */
export function unreachable(value: never): never {
  return broken('a case that the types exclude was reached', { value })
}
