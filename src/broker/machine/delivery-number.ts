/**
 * The number by which the deliveries of one message to one group are told apart: the attempt, and how often the
 * group's place in the queue was reset before. After a reset attempts begin at 1 again, and a receipt of before must
 * not fit a delivery of after.
 */

const ATTEMPTS_END = 2 ** 16

/** A u32. `resets` counts modulo 2^16. Attempts are limited below 2^16. */
export function deliveryNumber(attempt: number, resets: number): number {
  return (resets % ATTEMPTS_END) * ATTEMPTS_END + attempt
}

/** The attempt, as clients see it. */
export function attemptOf(deliveryNumber: number): number {
  return deliveryNumber % ATTEMPTS_END
}

/** How often the place was reset before the delivery, modulo 2^16. */
export function resetsOf(deliveryNumber: number): number {
  return Math.floor(deliveryNumber / ATTEMPTS_END)
}
