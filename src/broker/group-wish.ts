/**
 * How a person says what a group does with deliveries, and back. Numbers that are 0 and lists that are empty
 * were not given: protobuf has no other way to say so.
 *
 * Pure.
 */
import { millis } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { DELIVERY_ATTEMPTS_DEFAULT } from '../base/limits.ts'
import { backoffFault, DEFAULT_BACKOFF, type GroupPolicy, type RetryBackoff } from './machine/index.ts'

export interface PolicyWish {
  readonly attemptsMax: number
  readonly fifo: boolean
  /** The delays one after the other; the last one for all further deliveries. */
  readonly backoffDelaysMs: readonly number[]
  /** Or an exponential back-off, all three. */
  readonly backoffInitialMs: number
  readonly backoffMaxMs: number
  readonly backoffMultiplier: number
}

/** The policy with what was not given by default. Throws BAD_REQUEST. */
export function groupPolicy(wish: PolicyWish): GroupPolicy {
  const backoff = backoffOf(wish)
  const fault = backoffFault(backoff)
  if (fault !== undefined) throw new BrokerError('BAD_REQUEST', fault)
  return {
    attemptsMax: wish.attemptsMax === 0 ? DELIVERY_ATTEMPTS_DEFAULT : wish.attemptsMax,
    fifo: wish.fifo,
    backoff,
  }
}

function backoffOf(wish: PolicyWish): RetryBackoff {
  const { backoffDelaysMs, backoffInitialMs, backoffMaxMs, backoffMultiplier } = wish
  const exponential = backoffInitialMs !== 0 || backoffMaxMs !== 0 || backoffMultiplier !== 0
  if (exponential && backoffDelaysMs.length > 0) {
    throw new BrokerError('BAD_REQUEST', 'a back-off is a list or exponential, not both')
  }
  if (exponential) {
    return {
      kind: 'exponential',
      initialMs: millis(backoffInitialMs),
      maxMs: millis(backoffMaxMs),
      multiplierThousandths: Math.round(backoffMultiplier * 1000),
    }
  }
  if (backoffDelaysMs.length === 0) return DEFAULT_BACKOFF
  return { kind: 'list', delaysMs: backoffDelaysMs.map((delay) => millis(delay)) }
}

/** What was asked for, from the policy that came of it. */
export function policyWish({ attemptsMax, fifo, backoff }: GroupPolicy): PolicyWish {
  const exponential = backoff.kind === 'exponential' ? backoff : undefined
  return {
    attemptsMax,
    fifo,
    backoffDelaysMs: backoff.kind === 'list' ? backoff.delaysMs : [],
    backoffInitialMs: exponential?.initialMs ?? 0,
    backoffMaxMs: exponential?.maxMs ?? 0,
    backoffMultiplier: (exponential?.multiplierThousandths ?? 0) / 1000,
  }
}
