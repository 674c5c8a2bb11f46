/** What the small client for pulls asks of a member, and what it makes of the answers. */
import { expect, test } from 'vitest'
import { PullClient } from '../../src/client/pull-client.ts'
import type { MessagingServiceCalls } from '../../src/rpc/apache-service.ts'
import type { ServiceClient } from '../../src/rpc/client.ts'

const OK = { code: 20_000, message: 'OK' }
const NOTHING = { code: 40_401, message: 'no new message' }
const QUEUE = { topic: 'hello', queueId: 2 }
const PULL = { ...QUEUE, group: 'g', offset: 5, messagesMax: 4, waitMs: 1_500 }

/** A member that gives fixed answers and keeps what it was asked. */
function memberOf(answers: Readonly<Record<string, unknown>>) {
  const asked: unknown[] = []
  const reply = (name: string, request: unknown): Promise<never> => {
    asked.push(request)
    return Promise.resolve(answers[name] as never)
  }
  const member: ServiceClient<MessagingServiceCalls> = {
    call: reply,
    collect: reply,
    close: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { client: new PullClient(['a'], () => member), asked }
}

test('a pull gives messages and the offset to go on from', async () => {
  const systemProperties = { messageId: 'M1', queueId: 2, queueOffset: 6 }
  const { client, asked } = memberOf({
    PullMessage: [
      { status: OK },
      { message: { systemProperties, body: Buffer.from('x') } },
      { nextOffset: 7 },
    ],
  })
  const { messages, nextOffset } = await client.pull(PULL)
  expect([messages.map(({ offset, messageId }) => [offset, messageId]), nextOffset]).toEqual([[[6, 'M1']], 7])
  expect(asked[0]).toMatchObject({
    messageQueue: { topic: { name: 'hello' }, id: 2 },
    offset: 5,
    batchSize: 4,
    longPollingTimeout: { seconds: 1, nanos: 500_000_000 },
  })
})

test('nothing is no error, a refusal is one, and so is an answer that ends early', async () => {
  const empty = memberOf({ PullMessage: [{ status: NOTHING }, { nextOffset: 5 }] })
  expect(await empty.client.pull(PULL)).toEqual({ messages: [], nextOffset: 5 })
  const refused = memberOf({ PullMessage: [{ status: { code: 40_019, message: 'behind the end' } }] })
  await expect(refused.client.pull(PULL)).rejects.toMatchObject({ code: 'ILLEGAL_OFFSET' })
  const cut = memberOf({ PullMessage: [{ status: OK }] })
  await expect(cut.client.pull(PULL)).rejects.toMatchObject({ code: 'CLOSED', outcome: 'unknown' })
})

test('offsets are stored, read and found', async () => {
  const { client, asked } = memberOf({
    UpdateOffset: { status: OK },
    GetOffset: { status: OK, offset: 9 },
    QueryOffset: { status: OK, offset: 3 },
  })
  await client.updateOffset('g', QUEUE, 9)
  expect(await client.getOffset('g', QUEUE)).toBe(9)
  expect(await client.queryOffset(QUEUE, { timeMs: 1_500 })).toBe(3)
  expect(asked[2]).toMatchObject({ queryOffsetPolicy: 2, timestamp: { seconds: 1, nanos: 500_000_000 } })
  expect(await client.queryOffset(QUEUE, 'end')).toBe(3)
  expect(asked[3]).toMatchObject({ queryOffsetPolicy: 1 })
})

test('what is refused is an error in the words of the broker', async () => {
  const status = { code: 40_404, message: 'no offset' }
  const { client } = memberOf({ UpdateOffset: { status }, GetOffset: { status }, QueryOffset: { status } })
  const error = { code: 'OFFSET_NOT_FOUND', message: 'no offset' }
  await expect(client.updateOffset('g', QUEUE, 9)).rejects.toMatchObject(error)
  await expect(client.getOffset('g', QUEUE)).rejects.toMatchObject(error)
  await expect(client.queryOffset(QUEUE, 'beginning')).rejects.toMatchObject(error)
})
