import { describe, expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { queryRoute, routeHere } from '../../src/proxy/query-route.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { QueryRouteRequest, QueryRouteResponse } from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { headFor, TOPIC, v2, world, type World } from './support/facade-world.ts'
import { codeOf } from './support/code-of.ts'

const requests = v2<QueryRouteRequest>('QueryRouteRequest')
const responses = v2<QueryRouteResponse>('QueryRouteResponse')
const SIGNAL = new AbortController().signal
const ENDPOINTS = {
  scheme: 1,
  addresses: [
    { host: '10.0.0.2', port: 9000 },
    { host: '10.0.0.1', port: 8081 },
  ],
}

function routeBytes(changes: Draft<QueryRouteRequest> = {}): Buffer {
  const topic = { resourceNamespace: 'shop', name: 'orders' }
  return requests.encode({ topic, endpoints: ENDPOINTS, ...changes })
}

async function atLeader({ context }: World, request: Uint8Array): Promise<QueryRouteResponse> {
  const [reply] = await queryRoute(context, headFor('queryRoute'), request, SIGNAL)
  return responses.decode(reply ?? Buffer.alloc(0))
}

describe('a route', () => {
  test("names all queues at the client's own address", () => {
    const reply = routeHere(world().context, routeBytes())
    const topic = { resourceNamespace: 'shop', name: 'orders' }
    const broker = { name: 'broker-0', id: 0, endpoints: ENDPOINTS }
    expect(responses.decode(reply ?? Buffer.alloc(0))).toEqual({
      status: { code: Code.OK, message: 'OK' },
      messageQueues: [0, 1, 2].map((id) => ({ topic, id, permission: 4, broker, acceptMessageTypes: [1] })),
    })
  })

  test('is the same bytes each time, here and at the leader', async () => {
    const at = world()
    const [reply] = await queryRoute(at.context, headFor('queryRoute'), routeBytes(), SIGNAL)
    expect(routeHere(world().context, routeBytes())).toEqual(reply)
  })

  test.each([null, { scheme: 1, addresses: [] }])(
    'for a client that names no address has the advertised one',
    (endpoints) => {
      const reply = routeHere(world().context, routeBytes({ endpoints }))
      expect(responses.decode(reply ?? Buffer.alloc(0)).messageQueues[0]?.broker?.endpoints).toEqual({
        scheme: 3,
        addresses: [{ host: 'mq.example', port: 8081 }],
      })
    },
  )

  test('to an illegal topic is refused', () => {
    const asked = routeBytes({ topic: { name: 'TBW102' } })
    expect(codeOf(() => routeHere(world().context, asked))).toBe(Code.ILLEGAL_TOPIC)
  })

  test('to a topic that this node does not know is left to the leader', () => {
    expect(routeHere(world().context, routeBytes({ topic: { name: 'other' } }))).toBeUndefined()
  })
})

describe('the leader', () => {
  const other = routeBytes({ topic: { name: 'other' } })

  test('denies a topic only after a round through the log, and names the remedy', async () => {
    const at = world()
    await expect(atLeader(at, other)).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
      message: expect.stringContaining('npm run cli -- topic create other'),
    })
    expect(at.operations.barriers).toBe(1)
    at.operations.onBarrier = () => Promise.reject(new BrokerError('NOT_LEADER', 'deposed'))
    await expect(atLeader(at, other)).rejects.toMatchObject({ code: 'NOT_LEADER' })
  })

  test('finds a topic that the round through the log brought', async () => {
    const at = world()
    at.operations.onBarrier = () => {
      at.view.topicsByName.set('other', { ...TOPIC, name: 'other' })
      return Promise.resolve()
    }
    expect((await atLeader(at, other)).messageQueues.length).toBe(3)
  })

  test('makes a missing topic only if it is configured', async () => {
    const made: string[] = []
    const at: World = world({
      createTopic: (name) => {
        made.push(name)
        at.view.topicsByName.set(name, { ...TOPIC, name })
        return Promise.resolve()
      },
    })
    expect((await atLeader(at, other)).messageQueues.length).toBe(3)
    expect(made).toEqual(['other'])
  })

  test('does not mind that another call has just made the topic', async () => {
    const at: World = world({
      createTopic: (name) => {
        at.view.topicsByName.set(name, { ...TOPIC, name })
        return Promise.reject(new BrokerError('TOPIC_EXISTS', 'it is there'))
      },
    })
    expect((await atLeader(at, other)).messageQueues.length).toBe(3)
  })
})
