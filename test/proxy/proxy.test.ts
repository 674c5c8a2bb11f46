import { describe, expect, test } from 'vitest'
import { plainPolicy } from '../../src/broker/machine/group-policy.ts'
import { BrokerError } from '../../src/base/errors.ts'
import type { LeaderPlace } from '../../src/proxy/cluster.ts'
import { Proxy, type ProxyOptions } from '../../src/proxy/proxy.ts'
import type { Status } from '../../src/rpc/apache-definition.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { callsOf } from '../../src/rpc/protos.ts'
import type { Method } from '../../src/rpc/service.ts'
import { QuietLogger, settle } from '../support/manual-clock.ts'
import { FakeStream } from './support/fake-stream.ts'
import {
  callContext,
  draftMessage,
  FakeCluster,
  GROUP,
  sendBytes,
  v2,
  world,
} from './support/facade-world.ts'

const SERVICE = 'apache.rocketmq.v2.MessagingService'
const ENDPOINTS = { scheme: 1, addresses: [{ host: '10.0.0.2', port: 8081 }] }

class Node {
  readonly world = world()
  readonly cluster: FakeCluster
  readonly proxy: Proxy

  constructor(place: LeaderPlace, limits: Partial<ProxyOptions> = {}) {
    this.cluster = new FakeCluster(place)
    this.proxy = new Proxy({
      cluster: this.cluster,
      context: this.world.context,
      logger: new QuietLogger(),
      ...limits,
    })
  }

  method(name: string): Method {
    const found = this.proxy.methods.find(({ path }) => path.endsWith(`/${name}`))
    if (found === undefined) throw new Error(`the facade has no method ${name}`)
    return found
  }

  /** Starts a unary call with the usual deadline of 3 s; the result holds its status when it is answered. */
  call(name: string, message: object | Buffer, headers: Readonly<Record<string, string>> = {}): Answer {
    const method = this.method(name)
    if (method.type !== 'unary') throw new Error(`${name} is no unary call`)
    const request = Buffer.isBuffer(message) ? message : v2(`${name}Request`).encode(message)
    const answer: Answer = {}
    const { clock } = this.world
    const read = (reply: Uint8Array): Answer => {
      const { status } = v2<{ status: Status }>(`${name}Response`).decode(reply)
      return Object.assign(answer, { code: status.code, message: status.message, atMs: clock.mono() })
    }
    void method
      .handle(callContext(clock.mono() + 3000, headers), request)
      .then(read, (error: unknown) => Object.assign(answer, { error }))
    return answer
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      await settle()
      this.world.clock.advance(Math.min(10, left))
    }
    await settle()
  }
}

interface Answer {
  readonly code?: number
  readonly message?: string
  readonly atMs?: number
  readonly error?: unknown
}

const ROUTE = { topic: { name: 'orders' }, endpoints: ENDPOINTS }
const CALLS: readonly (readonly [name: string, message: object | Buffer])[] = [
  ['QueryRoute', ROUTE],
  ['QueryAssignment', { ...ROUTE, group: { name: 'billing' } }],
  ['Heartbeat', { group: { name: 'billing' }, clientType: 2 }],
  ['SendMessage', sendBytes(draftMessage())],
  ['NotifyClientTermination', { group: { name: 'billing' } }],
]

test('every call of the service has a method, and no path is there twice', () => {
  const paths = new Node('here').proxy.methods.map(({ path }) => path)
  expect(new Set(paths).size).toBe(paths.length)
  const service = Object.values(callsOf(SERVICE)).map(({ path }) => path)
  expect(service.filter((path) => !paths.includes(path))).toEqual([])
})

describe('a node that has never heard of the client', () => {
  test.each(CALLS)('answers %s while it leads', async (name, message) => {
    const node = new Node('here')
    const answer = node.call(name, message)
    await settle()
    expect(answer).toMatchObject({ code: Code.OK })
  })

  test.each(CALLS)('refuses %s only without a client id', async (name, message) => {
    const answer = new Node('here').call(name, message, { 'x-mq-client-id': '' })
    await settle()
    expect(answer).toMatchObject({ code: Code.CLIENT_ID_REQUIRED })
  })
})

describe('a node that does not lead', () => {
  test('passes the bytes on as they came, and the answer too', async () => {
    const node = new Node('elsewhere')
    const request = sendBytes(draftMessage())
    node.cluster.onCall = () =>
      Promise.resolve([v2('SendMessageResponse').encode({ status: { code: Code.OK, message: 'there' } })])
    const answer = node.call('SendMessage', request)
    await settle()
    expect(answer).toMatchObject({ code: Code.OK, message: 'there' })
    expect(node.cluster.calls[0]?.request).toBe(request)
    expect(node.cluster.calls[0]?.head).toMatchObject({
      method: 'sendMessage',
      clientId: 'host@1@0@abc',
      language: 'JAVA',
      remainingMs: 2500,
    })
  })

  test('answers routes that it knows, also while nobody leads', async () => {
    const node = new Node('nobody')
    const answer = node.call('QueryRoute', ROUTE)
    await settle()
    expect(answer).toMatchObject({ code: Code.OK })
  })

  test('tells the leader that the clients live which it answers itself', async () => {
    const node = new Node('elsewhere')
    node.call('QueryRoute', ROUTE)
    node.call('QueryRoute', ROUTE)
    await settle()
    expect(node.cluster.calls.map(({ head }) => head.method)).toEqual(['clientSeen'])
  })

  test('asks the leader about a topic that it does not know, each time', async () => {
    const node = new Node('elsewhere')
    node.cluster.onCall = () =>
      Promise.resolve([v2('QueryRouteResponse').encode({ status: { code: 40402, message: 'no topic' } })])
    for (const asked of [1, 2]) {
      const answer = node.call('QueryRoute', { ...ROUTE, topic: { name: 'other' } })
      await settle()
      expect([answer.code, node.cluster.calls.length]).toEqual([Code.TOPIC_NOT_FOUND, asked])
    }
  })
})

describe('while nobody leads', () => {
  test('a topic that this node does not know is waited for and not denied', async () => {
    const node = new Node('nobody')
    const answer = node.call('QueryRoute', { ...ROUTE, topic: { name: 'other' } })
    await node.pass(2000)
    expect(answer).toEqual({})
    node.cluster.change('here')
    await settle()
    expect(answer).toMatchObject({ code: Code.TOPIC_NOT_FOUND })
    expect(answer.message).toContain('npm run cli -- topic create other')
  })

  test('a send waits and is stored when there is a leader', async () => {
    const node = new Node('nobody')
    const answer = node.call('SendMessage', sendBytes(draftMessage()))
    await node.pass(1500)
    node.cluster.change('here')
    await settle()
    expect(answer).toMatchObject({ code: Code.OK, atMs: 1500 })
  })

  test('a send that waited in vain was surely not stored', async () => {
    const node = new Node('nobody')
    const answer = node.call('SendMessage', sendBytes(draftMessage()))
    await node.pass(2500)
    expect(answer).toMatchObject({ code: Code.INTERNAL_SERVER_ERROR, atMs: 2500 })
    expect(answer.message).toContain('nothing was done')
  })

  test.each(['Heartbeat', 'NotifyClientTermination'])('%s is OK in the end', async (name) => {
    const node = new Node('nobody')
    const answer = node.call(name, {})
    await node.pass(2500)
    expect(answer).toMatchObject({ code: Code.OK })
  })
})

describe('a send whose outcome is unknown', () => {
  test('answers PROXY_TIMEOUT at least 300 ms before the deadline', async () => {
    const node = new Node('here')
    node.world.operations.onSend = () => new Promise(() => undefined)
    const answer = node.call('SendMessage', sendBytes(draftMessage()))
    await node.pass(2700)
    expect(answer).toMatchObject({ code: Code.PROXY_TIMEOUT, atMs: 2500 })
    expect(answer.message).toContain('outcome unknown')
  })

  test('is sent to the new leader with the same message id, and its answer counts', async () => {
    const node = new Node('elsewhere')
    node.cluster.onCall = () => Promise.reject(new BrokerError('CLOSED', 'lost', { outcome: 'unknown' }))
    const answer = node.call('SendMessage', sendBytes(draftMessage()))
    await settle()
    node.cluster.change('here')
    await settle()
    expect(answer).toMatchObject({ code: Code.OK })
    expect(node.world.operations.sends.length).toBe(1)
  })
})

describe('overload', () => {
  test('is answered TOO_MANY_REQUESTS at the door', async () => {
    const node = new Node('nobody', { requestsMax: 1 })
    node.call('SendMessage', sendBytes(draftMessage()))
    const answer = node.call('SendMessage', sendBytes(draftMessage()))
    await settle()
    expect(answer).toMatchObject({ code: Code.TOO_MANY_REQUESTS })
    expect(node.proxy.load.calls).toBe(1)
  })

  test('by bytes as well', async () => {
    const node = new Node('nobody', { requestBytesMax: 2000 })
    const answer = node.call('SendMessage', sendBytes(draftMessage({ body: Buffer.alloc(4000) })))
    await settle()
    expect(answer).toMatchObject({ code: Code.TOO_MANY_REQUESTS })
  })
})

test('a node that stops does not wait for a leader to be told something', async () => {
  const node = new Node('nobody')
  node.call('QueryRoute', ROUTE)
  await settle()
  await node.proxy.close()
  expect(node.world.operations.seen).toEqual([])
})

describe('telemetry', () => {
  const settings = {
    settings: { clientType: 2, subscription: { group: { name: 'billing' }, subscriptions: [] } },
  }

  test('is answered while nobody leads, and the leader hears of the group later', async () => {
    const node = new Node('nobody')
    const method = node.method('Telemetry')
    if (method.type !== 'bidi') throw new Error('telemetry goes both ways')
    const stream = new FakeStream()
    const ended = method.handle(callContext(Number.POSITIVE_INFINITY), stream)
    stream.push(v2('TelemetryCommand').encode(settings))
    await settle()
    expect(stream.sent.length).toBe(1)
    expect(node.proxy.load.telemetrySessions).toBe(1)
    expect(node.world.operations.contacts).toEqual([])
    node.cluster.change('here')
    await settle()
    expect(node.world.operations.contacts).toEqual([['billing', [], 'host@1@0@abc']])
    node.world.view.groupsByName.set('billing', { ...GROUP, policy: plainPolicy(3) })
    node.proxy.catalogChanged()
    expect(stream.sent.length).toBe(2)
    stream.halfClose()
    await ended
    await node.proxy.close()
  })
})
