import { describe, expect, test } from 'vitest'
import { groupPolicy, type PolicyWish, policyWish } from '../../src/broker/group-wish.ts'

const NOTHING: PolicyWish = {
  attemptsMax: 0,
  fifo: false,
  backoffDelaysMs: [],
  backoffInitialMs: 0,
  backoffMaxMs: 0,
  backoffMultiplier: 0,
}

describe('what a person wishes of a group', () => {
  test("without a word is RocketMQ's 17 deliveries and its table", () => {
    expect(groupPolicy(NOTHING)).toEqual({ attemptsMax: 17, fifo: false, backoff: { kind: 'default' } })
  })

  test.each([
    { ...NOTHING, attemptsMax: 3, fifo: true },
    { ...NOTHING, attemptsMax: 3, backoffDelaysMs: [1, 1000] },
    { ...NOTHING, attemptsMax: 3, backoffInitialMs: 10, backoffMaxMs: 1000, backoffMultiplier: 1.5 },
  ])('comes back from the policy that it became', (wish) => {
    expect(policyWish(groupPolicy(wish))).toEqual(wish)
  })

  test.each([
    [{ backoffDelaysMs: [0] }, 'a delay is between'],
    [{ backoffDelaysMs: Array.from({ length: 65 }, () => 1) }, 'has 1 to 64 delays'],
    [{ backoffDelaysMs: [1], backoffMaxMs: 1 }, 'not both'],
    [{ backoffInitialMs: 2, backoffMaxMs: 1, backoffMultiplier: 2 }, 'at most the longest'],
    [{ backoffInitialMs: 1, backoffMaxMs: 2, backoffMultiplier: 0.5 }, 'between 1 and 100'],
  ])('that makes no sense is refused with its reason', (change, reason) => {
    expect(() => groupPolicy({ ...NOTHING, ...change })).toThrow(reason)
  })
})
