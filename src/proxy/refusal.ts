/** What the facade refuses by itself, with the code that a client is told. Pure. */

/** A request that breaks a rule of apache.rocketmq.v2. Becomes a status in the body of the response. */
export class Refusal extends Error {
  /** A `Code` of apache.rocketmq.v2. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
  }
}

/** Refuses: throws `Refusal`. */
export function refuse(code: number, message: string): never {
  throw new Refusal(code, message)
}
