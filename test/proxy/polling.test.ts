import { expect, test } from 'vitest'
import { pollingMs } from '../../src/proxy/polling.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { codeOf } from './support/code-of.ts'

const NONE = undefined
const EVER = Number.POSITIVE_INFINITY

test.each<readonly [who: string, askedMs: number | undefined, remainingMs: number, pollMs: number]>([
  ['a client with a far deadline waits as long as it asks', 15_000, 18_000, 15_000],
  ['nobody waits longer than 20 s', 30_000, 33_000, 20_000],
  ['a short time is kept', 1_000, 4_000, 1_000],
  ['a time of 0 answers at once', 0, 3_000, 0],
  ['a negative time is none', -5, 3_000, 0],
  ['a client whose deadline is the polling time is answered before it', 20_000, 19_998, 19_498],
  ['so is one that asks for little', 3_000, 2_998, 2_498],
  ['a near deadline of 5 s or more shortens the wait', 20_000, 6_000, 5_500],
  ['so is one that asks for 5 s, the least that RocketMQ knows', 5_000, 4_999, 4_499],
  ['a nearer deadline shortens the wait too', 10_000, 3_000, 2_500],
  ['so it does for a client that connected for long and asks for no time', NONE, 3_000, 2_500],
  ['a client that asks for no time waits until 1.5 s before its deadline', NONE, 13_000, 11_500],
  ['but at least 5 s if the deadline allows', NONE, 6_000, 5_000],
  ['and at most 20 s', NONE, 60_000, 20_000],
  ['without anything it is 20 s', NONE, EVER, 20_000],
  ['without a deadline it is what is asked', 7_000, EVER, 7_000],
])('%s', (_, askedMs, remainingMs, expected) => {
  expect(pollingMs({ askedMs, remainingMs, clientVersion: '5.2.1' })).toBe(expected)
})

test.each([
  ['5.2.1', Code.ILLEGAL_POLLING_TIME],
  ['5.0.3', Code.ILLEGAL_POLLING_TIME],
  ['5.0.2', Code.BAD_REQUEST],
  ['1.0.8', Code.BAD_REQUEST],
])('a deadline that leaves no time to wait is refused to version %s with %i', (clientVersion, code) => {
  expect(codeOf(() => pollingMs({ askedMs: 10_000, remainingMs: 500, clientVersion }))).toBe(code)
  expect(codeOf(() => pollingMs({ askedMs: NONE, remainingMs: 400, clientVersion }))).toBe(code)
})
