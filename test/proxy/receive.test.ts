import { describe, expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { encodeReceiptHandle } from '../../src/broker/machine/receipt-handle.ts'
import { Admission } from '../../src/proxy/admission.ts'
import type { CallHead, LeaderMethod } from '../../src/proxy/call-head.ts'
import type { LeaderPlace } from '../../src/proxy/cluster.ts'
import { runLeaderCall } from '../../src/proxy/leader-calls.ts'
import { receiveMethod } from '../../src/proxy/receive.ts'
import { emptyItems } from '../../src/proxy/receive-message.ts'
import { RequestKeys } from '../../src/proxy/request-keys.ts'
import { Router, type RunHere } from '../../src/proxy/router.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { AckMessageRequest } from '../../src/rpc/apache-service.ts'
import type { StreamReply } from '../../src/rpc/service.ts'
import { settle } from '../support/manual-clock.ts'
import { callContext, type FakeCall, FakeCluster, v2, world } from './support/facade-world.ts'
import { outline, receiptAt, receiveBytes, receivedAt } from './support/receive-world.ts'

const EMPTY = [Code.MESSAGE_NOT_FOUND, 'deliveryTimestamp']

class Case {
  readonly world = world()
  readonly cluster: FakeCluster
  readonly admission: Admission
  readonly released: { readonly method: LeaderMethod; readonly handles: readonly string[] }[] = []
  readonly handed: string[] = []
  readonly #handle: ReturnType<typeof receiveMethod>

  constructor(place: LeaderPlace, parkedMax = 10) {
    const { clock, context } = this.world
    this.cluster = new FakeCluster(place)
    this.admission = new Admission(parkedMax, 1_000_000)
    const runHere: RunHere = (head, request, signal) => runLeaderCall(context, head, request, signal)
    this.#handle = receiveMethod({
      router: new Router({ cluster: this.cluster, clock, runHere }),
      clock,
      admission: this.admission,
      requestKeys: new RequestKeys(),
      release: ({ method }: CallHead, request) => {
        const { entries } = v2<AckMessageRequest>('AckMessageRequest').decode(request)
        this.released.push({ method, handles: entries.map(({ receiptHandle }) => receiptHandle) })
      },
      handedOver: (handles) => this.handed.push(...handles),
    })
    // As a leader does: an empty answer when the polling time is over or nobody waits any more.
    this.world.operations.onReceive = ({ pollUntilMono, signal }) =>
      new Promise((resolve) => {
        clock.timer(pollUntilMono - clock.mono(), () => resolve([]))
        signal.addEventListener('abort', () => resolve([]))
      })
  }

  /** Starts a receive that polls for 10 s; the result says when the answer came. */
  receive(
    request: Buffer = receiveBytes(),
    call: FakeCall = callContext(13_000),
  ): { reply?: StreamReply; atMs?: number; error?: unknown } {
    const kept: { reply?: StreamReply; atMs?: number; error?: unknown } = {}
    void this.#handle(call, request).then(
      (reply) => Object.assign(kept, { reply, atMs: this.world.clock.mono() }),
      (error: unknown) => Object.assign(kept, { error }),
    )
    return kept
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      await settle()
      this.world.clock.advance(Math.min(10, left))
    }
    await settle()
  }
}

function outlineOf(kept: { reply?: StreamReply }): readonly unknown[] | undefined {
  return kept.reply === undefined ? undefined : outline(kept.reply.items)
}

describe('an empty receive ends at the polling time and up to 50 ms later', () => {
  const expected = expect.toSatisfy((at: number) => at >= 10_000 && at <= 10_050)

  test('while this node leads', async () => {
    const at = new Case('here')
    const kept = at.receive()
    await at.pass(9_999)
    expect(kept).toEqual({})
    await at.pass(51)
    expect([outlineOf(kept), kept.atMs]).toEqual([EMPTY, expected])
    expect(at.admission.count).toBe(0)
  })

  test('while nobody leads', async () => {
    const at = new Case('nobody')
    const kept = at.receive()
    await at.pass(10_050)
    expect([outlineOf(kept), kept.atMs]).toEqual([EMPTY, expected])
  })

  test('though the leader elsewhere says nothing', async () => {
    const at = new Case('elsewhere')
    at.cluster.onCall = () => new Promise(() => undefined)
    const kept = at.receive()
    await at.pass(10_050)
    expect([outlineOf(kept), kept.atMs]).toEqual([EMPTY, expected])
    expect(at.cluster.calls[0]?.signal.aborted).toBe(true)
    expect(at.cluster.calls[0]?.head.remainingMs).toBe(10_000)
  })

  test('though the leader answers too early', async () => {
    const at = new Case('elsewhere')
    at.cluster.onCall = () => Promise.resolve(emptyItems(0))
    const kept = at.receive()
    await at.pass(10_050)
    expect([outlineOf(kept), kept.atMs]).toEqual([EMPTY, expected])
  })

  test('though leaders come and go', async () => {
    const at = new Case('here')
    const kept = at.receive()
    await at.pass(3000)
    at.cluster.change('nobody')
    await at.pass(1000)
    at.cluster.onCall = () => Promise.reject(new BrokerError('CLOSED', 'broken', { outcome: 'unknown' }))
    at.cluster.change('elsewhere')
    await at.pass(6050)
    expect([outlineOf(kept), kept.atMs]).toEqual([EMPTY, expected])
  })
})

describe('messages', () => {
  test('are answered as soon as there are some', async () => {
    const at = new Case('here')
    at.world.operations.onReceive = () => Promise.resolve([receivedAt(5)])
    const kept = at.receive()
    await settle()
    expect(outlineOf(kept)).toEqual([Code.OK, 'message', 'deliveryTimestamp'])
  })

  test('of a claim whose answer was lost come from the new leader under the same key', async () => {
    const at = new Case('elsewhere')
    at.cluster.onCall = () => Promise.reject(new BrokerError('CLOSED', 'lost', { outcome: 'unknown' }))
    const kept = at.receive()
    await settle()
    at.world.operations.onReceive = () => Promise.resolve([receivedAt(5)])
    at.cluster.change('here')
    await settle()
    expect(outlineOf(kept)).toEqual([Code.OK, 'message', 'deliveryTimestamp'])
    expect(at.world.operations.receives[0]?.requestKey).toEqual(at.cluster.calls[0]?.head.requestKey)
  })

  test('that never left are given back, those that may have left are not', async () => {
    const at = new Case('here')
    at.world.operations.onReceive = () => Promise.resolve([receivedAt(5), receivedAt(6)])
    const kept = at.receive()
    await settle()
    const handles = [5, 6].map((offset) => encodeReceiptHandle(receiptAt(offset)))
    kept.reply?.onLost?.(0)
    expect(at.released).toEqual([{ method: 'release', handles }])
    kept.reply?.onLost?.(2)
    expect(at.released[1]).toEqual({ method: 'release', handles: handles.slice(1) })
    kept.reply?.onLost?.(3)
    expect(at.released.length).toBe(2)
  })

  test('are reported as handed over when the leader renews them, and only then', async () => {
    const at = new Case('here')
    at.world.operations.onReceive = () => Promise.resolve([receivedAt(5), receivedAt(6)])
    for (const autoRenew of [false, true]) {
      const kept = at.receive(receiveBytes({ autoRenew }))
      await settle()
      kept.reply?.onDelivered?.()
      const handles = [5, 6].map((offset) => encodeReceiptHandle(receiptAt(offset)))
      expect(at.handed).toEqual(autoRenew ? handles : [])
    }
  })

  test('that the leader chose while the client went are given back by it', async () => {
    const at = new Case('here')
    let choose: () => void = () => undefined
    at.world.operations.onReceive = () => new Promise((resolve) => (choose = () => resolve([receivedAt(5)])))
    const call = callContext(13_000)
    const kept = at.receive(receiveBytes(), call)
    await settle()
    call.aborter.abort()
    choose()
    await settle()
    expect(at.world.operations.releases).toEqual([[receiptAt(5)]])
    expect(outlineOf(kept)).toEqual(EMPTY)
  })
})

describe('a receive is refused at once', () => {
  test.each<readonly [what: string, code: number, request: Buffer, call: FakeCall]>([
    [
      'without a client id',
      Code.CLIENT_ID_REQUIRED,
      receiveBytes(),
      callContext(13_000, { 'x-mq-client-id': '' }),
    ],
    ['with a deadline much too near', Code.ILLEGAL_POLLING_TIME, receiveBytes(), callContext(400)],
    [
      'with an illegal SQL filter',
      Code.ILLEGAL_FILTER_EXPRESSION,
      receiveBytes({ filterExpression: { type: 2, expression: 'a =' } }),
      callContext(13_000),
    ],
    ['when it is not readable', Code.BAD_REQUEST, Buffer.from([0x0a, 0x7f]), callContext(13_000)],
  ])('%s, even while nobody leads', async (_, code, request, call) => {
    const kept = new Case('nobody').receive(request, call)
    await settle()
    expect(outlineOf(kept)).toEqual([code, 'deliveryTimestamp'])
  })

  test('when too many wait already', async () => {
    const at = new Case('here', 1)
    at.receive()
    const kept = at.receive()
    await settle()
    expect(outlineOf(kept)).toEqual([Code.TOO_MANY_REQUESTS, 'deliveryTimestamp'])
  })

  test('when the leader says that the topic is not there', async () => {
    const at = new Case('here')
    at.world.operations.onReceive = () => Promise.reject(new BrokerError('TOPIC_NOT_FOUND', 'no'))
    const kept = at.receive()
    await settle()
    expect(outlineOf(kept)).toEqual([Code.TOPIC_NOT_FOUND, 'deliveryTimestamp'])
  })
})

test('a client whose deadline is its polling time is answered half a second before', async () => {
  const at = new Case('here')
  const kept = at.receive(receiveBytes(), callContext(10_000))
  await at.pass(9_600)
  expect(outlineOf(kept)).toEqual(EMPTY)
  expect(kept.atMs).toBeGreaterThanOrEqual(9_500)
})

describe('a receive that is tried again', () => {
  const keysOf = async (...attemptIds: readonly (string | undefined)[]): Promise<string[]> => {
    const at = new Case('here')
    for (const attemptId of attemptIds) {
      const named = attemptId === undefined ? {} : { attemptId }
      at.receive(receiveBytes({ ...named, longPollingTimeout: { seconds: 0, nanos: 0 } }))
      await at.pass(100)
    }
    return at.world.operations.receives.map(({ requestKey }) => Buffer.from(requestKey).toString('hex'))
  }

  test('under the same attempt id has the same request key', async () => {
    const keys = await keysOf('one', 'one', 'two')
    expect(new Set(keys.slice(0, -1)).size).toBe(1)
    expect(new Set(keys).size).toBe(2)
    expect(keys[0]).toHaveLength(32)
  })

  test('without one has a key of its own', async () => {
    const keys = new Set([...(await keysOf(undefined, undefined)), ...(await keysOf('', ''))])
    expect(keys.size).toBeGreaterThanOrEqual(3)
  })
})
