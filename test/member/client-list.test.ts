import { describe, expect, test } from 'vitest'
import { connectedClient, isListed, subscriptionWarnings } from '../../src/member/client-list.ts'
import type { Session } from '../../src/proxy/client-sessions.ts'
import type { Settings } from '../../src/rpc/apache-definition.ts'
import { FakeStream } from '../proxy/support/fake-stream.ts'

const RESOURCE = { resourceNamespace: '' }
const NOTHING: Settings = { userAgent: null, metric: null, clientProperties: {} }

function session(clientId: string, settings: Partial<Settings>): Session {
  return {
    caller: { clientId, language: 'HTTP', clientVersion: '1.0.8', userAgent: '' },
    stream: new FakeStream(),
    peer: '10.0.0.9:5000',
    connectedMono: 1_000,
    heardMono: 4_000,
    settings: { ...NOTHING, ...settings },
    policy: undefined,
  }
}

function consumer(clientId: string, group: string, ...wishes: readonly (readonly [string, string])[]) {
  const subscriptions = wishes.map(([name, expression]) => ({
    topic: { ...RESOURCE, name },
    expression: { type: 1, expression },
  }))
  const subscription = { group: { ...RESOURCE, name: group }, subscriptions }
  return connectedClient(session(clientId, { clientType: 2, subscription }), 3, 5_000)
}

describe('a client', () => {
  test('is shown with its library, its place and what it does', () => {
    const settings: Partial<Settings> = {
      clientType: 1,
      publishing: { topics: [{ ...RESOURCE, name: 'orders' }], maxBodySize: 0, validateMessageType: true },
      userAgent: { language: 8, version: '1.0.8', platform: 'linux', hostname: 'shop-1' },
    }
    expect(connectedClient(session('p', settings), 2, 5_000)).toEqual({
      clientId: 'p',
      kind: 'producer',
      language: 'NODE_JS',
      version: '1.0.8',
      address: '10.0.0.9:5000',
      hostname: 'shop-1',
      memberId: 2,
      group: '',
      subscriptions: [],
      topics: ['orders'],
      connectedMs: 4_000,
      silentMs: 1_000,
    })
  })

  test('that does not name its library is known by its headers', () => {
    expect(consumer('c', 'g', ['orders', '*'])).toMatchObject({
      language: 'HTTP',
      version: '1.0.8',
      kind: 'push',
    })
  })

  test('is listed by its group and by what it reads', () => {
    const client = consumer('c', 'billing', ['orders', 'a || b'])
    for (const [group, topic, listed] of [
      ['', '', true],
      ['billing', 'orders', true],
      ['billing', 'other', false],
      ['other', '', false],
      ['', 'orders', true],
    ] as const) {
      expect(isListed(client, { group, topic })).toBe(listed)
    }
  })
})

describe('subscriptions of a group', () => {
  test('that are the same, in any order, are no matter', () => {
    const clients = [
      consumer('a', 'g', ['orders', '*'], ['bills', 'x']),
      consumer('b', 'g', ['bills', 'x'], ['orders', '']),
      consumer('c', 'other', ['orders', 'y']),
    ]
    expect(subscriptionWarnings(clients)).toEqual([])
  })

  test('that differ are named, with who wants what', () => {
    const clients = [
      consumer('a', 'g', ['orders', '*']),
      consumer('b', 'g', ['orders', '*']),
      consumer('c', 'g', ['orders', 'paid']),
      consumer('d', 'g'),
    ]
    expect(subscriptionWarnings(clients)).toEqual([
      'members of consumer group g differ in what they subscribe to: a and 1 more: orders *; c: orders paid; d: nothing',
    ])
  })
})
