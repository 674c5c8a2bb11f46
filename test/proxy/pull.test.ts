import { describe, expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { Admission } from '../../src/proxy/admission.ts'
import { runLeaderCall } from '../../src/proxy/leader-calls.ts'
import { pullMethod } from '../../src/proxy/pull.ts'
import { RequestKeys } from '../../src/proxy/request-keys.ts'
import { Router, type RunHere } from '../../src/proxy/router.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type {
  GetOffsetResponse,
  PullMessageRequest,
  PullMessageResponse,
  QueryOffsetResponse,
  UpdateOffsetResponse,
} from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { settle } from '../support/manual-clock.ts'
import { callContext, FakeCluster, headFor, v2, world } from './support/facade-world.ts'
import { receivedAt } from './support/receive-world.ts'

const requests = v2<PullMessageRequest>('PullMessageRequest')
const responses = v2<PullMessageResponse>('PullMessageResponse')
const QUEUE = { topic: { name: 'orders' }, id: 1 }

function pullBytes(changes: Draft<PullMessageRequest> = {}): Buffer {
  return requests.encode({
    group: { name: 'billing' },
    messageQueue: QUEUE,
    offset: 4,
    batchSize: 16,
    filterExpression: { type: 1, expression: '*' },
    longPollingTimeout: { seconds: 10, nanos: 0 },
    ...changes,
  })
}

function scene(place: 'here' | 'nobody' = 'here') {
  const at = world()
  const cluster = new FakeCluster(place)
  const runHere: RunHere = (head, request, signal) => runLeaderCall(at.context, head, request, signal)
  const handle = pullMethod({
    router: new Router({ cluster, clock: at.clock, runHere }),
    clock: at.clock,
    admission: new Admission(10, 1_000_000),
    requestKeys: new RequestKeys(),
  })
  const run = async (request: Buffer, deadlineMono = 20_000): Promise<readonly PullMessageResponse[]> => {
    const { items } = await handle(callContext(deadlineMono), request)
    return items.map((item) => responses.decode(item))
  }
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 10) {
      await settle()
      at.clock.advance(10)
    }
    await settle()
  }
  return { ...at, cluster, run, pass }
}

describe('PullMessage answers', () => {
  test('a status, the messages without a receipt handle, and the offset to go on from', async () => {
    const { offsets, run } = scene()
    const message = { ...receivedAt(4), queueId: 1 }
    offsets.onPull = () => Promise.resolve({ messages: [message], nextOffset: 5 })
    const [status, delivered, next, ...rest] = await run(pullBytes())
    expect(status?.status?.code).toBe(Code.OK)
    const system = delivered?.message?.systemProperties
    expect([system?.queueOffset, system?.queueId, system?.deliveryAttempt]).toEqual([4, 1, 1])
    expect(system?.receiptHandle ?? '').toBe('')
    expect([next?.nextOffset, rest]).toEqual([5, []])
    expect(offsets.pulls[0]).toMatchObject({ group: 'billing', topic: 'orders', queueId: 1, offset: 4 })
    expect(offsets.pulls[0]?.pollUntilMono).toBe(10_000)
  })

  test('MESSAGE_NOT_FOUND and where to go on when there is nothing', async () => {
    const { run } = scene()
    const items = await run(pullBytes())
    expect(items.map(({ status, nextOffset }) => status?.code ?? nextOffset)).toEqual([
      Code.MESSAGE_NOT_FOUND,
      4,
    ])
  })

  test('without a polling time at once, and otherwise before the deadline of the client', async () => {
    const { offsets, run } = scene()
    await run(pullBytes({ longPollingTimeout: null }))
    await run(pullBytes(), 5_000)
    expect(offsets.pulls.map(({ pollUntilMono }) => pollUntilMono)).toEqual([0, 4_000])
  })

  test.each([
    ['ILLEGAL_OFFSET', { offset: -1 }, Code.ILLEGAL_OFFSET],
    ['BAD_REQUEST', { messageQueue: { ...QUEUE, id: -1 } }, Code.BAD_REQUEST],
    ['ILLEGAL_TOPIC', { messageQueue: { id: 1 } }, Code.ILLEGAL_TOPIC],
    ['ILLEGAL_CONSUMER_GROUP', { group: null }, Code.ILLEGAL_CONSUMER_GROUP],
    [
      'ILLEGAL_FILTER_EXPRESSION',
      { filterExpression: { type: 1, expression: '||' } },
      Code.ILLEGAL_FILTER_EXPRESSION,
    ],
  ])('%s for what no pull may ask', async (_name, changes, code) => {
    const { offsets, run } = scene()
    expect((await run(pullBytes(changes))).map(({ status }) => status?.code)).toEqual([code])
    expect(offsets.pulls).toEqual([])
  })

  test('an error and not "nothing there" when no leader could be asked', async () => {
    const { run, pass } = scene('nobody')
    const answer = run(pullBytes())
    await pass(14_000)
    expect((await answer).map(({ status }) => status?.code)).toEqual([Code.INTERNAL_SERVER_ERROR])
  })

  test('what the new leader has when the first one leads no more', async () => {
    const { offsets, run, pass, cluster } = scene()
    offsets.onPull = () => Promise.reject(new BrokerError('NOT_LEADER', 'this member does not lead'))
    const answer = run(pullBytes())
    await pass(2_000)
    offsets.onPull = ({ offset }) => Promise.resolve({ messages: [], nextOffset: offset + 1 })
    cluster.change('here')
    await pass(1_000)
    expect((await answer).at(-1)?.nextOffset).toBe(5)
    const last = offsets.pulls.at(-1)
    expect(last?.pollUntilMono).toBeLessThanOrEqual(10_000)
    expect(last?.pollUntilMono).toBeGreaterThan(9_900)
  })
})

describe('the calls about offsets', () => {
  const at = world()
  const call = async <T extends object>(
    method: 'updateOffset' | 'getOffset' | 'queryOffset',
    type: string,
    request: object,
  ): Promise<T> => {
    const bytes = v2<object>(`${type}Request`).encode(request)
    const signal = new AbortController().signal
    const [reply] = await runLeaderCall(at.context, headFor(method), bytes, signal)
    return v2<T>(`${type}Response`).decode(reply ?? new Uint8Array())
  }
  const named = { group: { name: 'billing' }, messageQueue: QUEUE }

  test('give back what was stored', async () => {
    const none = await call<GetOffsetResponse>('getOffset', 'GetOffset', named)
    expect(none.status?.code).toBe(Code.OFFSET_NOT_FOUND)
    const done = await call<UpdateOffsetResponse>('updateOffset', 'UpdateOffset', { ...named, offset: 7 })
    expect(done.status?.code).toBe(Code.OK)
    const found = await call<GetOffsetResponse>('getOffset', 'GetOffset', named)
    expect([found.status?.code, found.offset]).toEqual([Code.OK, 7])
    const bad = await call<UpdateOffsetResponse>('updateOffset', 'UpdateOffset', { ...named, offset: -7 })
    expect(bad.status?.code).toBe(Code.ILLEGAL_OFFSET)
  })

  test('find the beginning, the end and a time', async () => {
    const query = (queryOffsetPolicy: number, timestamp?: object) =>
      call<QueryOffsetResponse>('queryOffset', 'QueryOffset', {
        messageQueue: QUEUE,
        queryOffsetPolicy,
        timestamp,
      })
    expect((await query(0)).offset).toBe(0)
    expect((await query(1)).offset).toBe(10)
    expect((await query(2, { seconds: 1, nanos: 3_000_000 })).offset).toBe(3)
    expect((await query(2)).status?.code).toBe(Code.BAD_REQUEST)
    expect((await query(9)).status?.code).toBe(Code.BAD_REQUEST)
  })
})
