import { expect, test } from 'vitest'
import type { Millis } from '../../../src/base/brand.ts'
import { Queue } from '../../../src/broker/machine/consume-queue.ts'
import { Consumer } from '../../../src/broker/machine/consumer.ts'
import {
  addClaim,
  endClaim,
  endConsumer,
  giveBack,
  hold,
  openBatch,
} from '../../../src/broker/machine/holding.ts'
import { MachineState } from '../../../src/broker/machine/state.ts'
import { clientHash, requestKey } from './support/messages.ts'
import { range } from './support/scene.ts'

function setUp() {
  const state = new MachineState()
  const queue = new Queue(1, 1, 0)
  for (let i = 0; i < 4; i++) queue.append(state.rows, i, 60, 0)
  const consumer = new Consumer(
    { id: 1, attemptsMax: 3, fifo: false, book: () => undefined },
    queue,
    4 as never,
  )
  const batch = openBatch(state, requestKey(1), clientHash(1))
  const claims = range(0, 3).map((offset) => {
    const claim = addClaim(state, consumer, offset)
    hold(state, claim, batch, false, 50 as Millis)
    return claim
  })
  return { state, consumer, batch, claims }
}

test('a batch and a client are forgotten with their last claim', () => {
  const { state, claims } = setUp()
  const [first, second, third] = claims
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were made')
  endClaim(state, first)
  giveBack(state, second)
  expect([state.batches.size, state.clients.size]).toEqual([1, 1])
  hold(state, third, openBatch(state, requestKey(2), clientHash(2)), false, 60 as Millis)
  expect([...state.batches.values()].flat().map(({ claims: { size } }) => size)).toEqual([1])
  expect(state.clients.size).toBe(1)
  endClaim(state, third)
  expect([state.batches.size, state.clients.size]).toEqual([0, 0])
})

test('a request that claims again joins what it still holds, another client with its key does not', () => {
  const { state, batch, claims } = setUp()
  expect(openBatch(state, requestKey(1), clientHash(1))).toBe(batch)
  const other = openBatch(state, requestKey(1), clientHash(2))
  expect(other).not.toBe(batch)
  for (const claim of claims) hold(state, claim, other, false, 60 as Millis)
  expect([...state.batches.values()]).toEqual([[other]])
  expect([...state.clients.values()]).toEqual([other.client])
})

test('the end of a consumer ends its claims', () => {
  const { state, consumer, claims } = setUp()
  endConsumer(state, consumer)
  expect(claims.every(({ gone, batch }) => gone && batch === undefined)).toBe(true)
  expect(consumer.gone).toBe(true)
  expect(state.clients.size).toBe(0)
  expect(state.deadlines.next(0 as Millis)).toBeUndefined()
})

test('what is kept of an entry is copied', () => {
  const state = new MachineState()
  const request = Buffer.from(requestKey(1))
  const client = Buffer.from(clientHash(1))
  const batch = openBatch(state, request, client)
  request.fill(9)
  client.fill(9)
  expect(batch.request).toEqual(requestKey(1))
  expect(batch.client.hash).toEqual(clientHash(1))
})
