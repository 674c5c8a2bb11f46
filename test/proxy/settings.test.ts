import { millis } from '../../src/base/brand.ts'
import { type GroupPolicy, plainPolicy } from '../../src/broker/machine/group-policy.ts'
import { describe, expect, test } from 'vitest'
import { mergeSettings } from '../../src/proxy/settings.ts'
import type { Settings } from '../../src/rpc/apache-definition.ts'
import type { TelemetryCommand } from '../../src/rpc/apache-service.ts'
import { ClientType, Language } from '../../src/rpc/apache-enums.ts'
import { v2 } from './support/facade-world.ts'

const commands = v2<TelemetryCommand>('TelemetryCommand')
const ACCESS_POINT = { scheme: 3, addresses: [{ host: 'mq.example', port: 8081 }] }
const PRODUCERS = [['PRODUCER', ClientType.PRODUCER]] as const
const PUSH = [
  ['PUSH_CONSUMER', ClientType.PUSH_CONSUMER],
  ['LITE_PUSH_CONSUMER', ClientType.LITE_PUSH_CONSUMER],
] as const
const PULL = [
  ['SIMPLE_CONSUMER', ClientType.SIMPLE_CONSUMER],
  ['LITE_SIMPLE_CONSUMER', ClientType.LITE_SIMPLE_CONSUMER],
] as const
const LANGUAGES = Object.entries(Language)

function settingsFor(language: number, clientType: number, version = '5.2.1'): Settings {
  const base = {
    clientType,
    accessPoint: ACCESS_POINT,
    requestTimeout: { seconds: 3, nanos: 0 },
    userAgent: { language, version, platform: 'linux', hostname: 'worker-1' },
    metric: null,
    clientProperties: { team: 'billing' },
  }
  const topic = { resourceNamespace: 'shop', name: 'orders' }
  if (clientType === ClientType.PRODUCER) {
    const publishing = { topics: [topic], maxBodySize: 7, validateMessageType: false }
    return { ...base, pubSub: 'publishing', publishing }
  }
  const subscription = {
    group: { resourceNamespace: '', name: 'billing' },
    subscriptions: [{ topic, expression: { type: 1, expression: 'a || b' } }],
  }
  return { ...base, pubSub: 'subscription', subscription }
}

/** What the client decodes from the answer. */
function answered(language: number, clientType: number, version?: string, attemptsMax = 17): Settings {
  const settings = mergeSettings(settingsFor(language, clientType, version), plainPolicy(attemptsMax))
  const { settings: read } = commands.decode(commands.encode({ command: 'settings', settings }))
  if (read === undefined) throw new Error('no settings were answered')
  return read
}

describe.each(LANGUAGES)('a client in %s', (_, language) => {
  test.each([...PRODUCERS, ...PUSH, ...PULL])('of type %s gets back what it said itself', (_name, type) => {
    const given = settingsFor(language, type)
    expect(answered(language, type)).toMatchObject({
      clientType: type,
      accessPoint: ACCESS_POINT,
      requestTimeout: given.requestTimeout,
      userAgent: given.userAgent,
      clientProperties: { team: 'billing' },
    })
  })

  test('that produces gets the limits and an exponential backoff', () => {
    expect(answered(language, ClientType.PRODUCER)).toMatchObject({
      pubSub: 'publishing',
      publishing: {
        topics: [{ resourceNamespace: 'shop', name: 'orders' }],
        maxBodySize: 4_194_304,
        validateMessageType: true,
      },
      backoffPolicy: {
        maxAttempts: 3,
        exponentialBackoff: {
          initial: { seconds: 0, nanos: 10_000_000 },
          max: { seconds: 1, nanos: 0 },
          multiplier: 2,
        },
      },
      metric: { on: false },
    })
  })

  test.each([...PUSH, ...PULL])('of type %s gets the settings of a subscription', (_name, type) => {
    expect(answered(language, type)).toMatchObject({
      pubSub: 'subscription',
      subscription: {
        group: { resourceNamespace: '', name: 'billing' },
        subscriptions: [{ topic: { name: 'orders' }, expression: { type: 1, expression: 'a || b' } }],
        fifo: false,
        receiveBatchSize: 32,
        longPollingTimeout: { seconds: 20, nanos: 0 },
        liteSubscriptionQuota: 2000,
        maxLiteTopicSize: 64,
      },
    })
  })

  test.each([...PUSH, ...PULL])('of type %s gets a backoff of a form that it knows', (_name, type) => {
    const { backoffPolicy } = answered(language, type)
    const form = language === Language.NODE_JS ? 'exponentialBackoff' : 'customizedBackoff'
    expect(backoffPolicy).toMatchObject({ maxAttempts: 17, strategy: form })
    for (const { nanos, seconds } of backoffPolicy?.customizedBackoff?.next ?? []) {
      expect([nanos, seconds >= 1]).toEqual([0, true])
    }
  })

  test.each([...PRODUCERS, ...PUSH, ...PULL])('of type %s is told about metrics', (_name, type) => {
    const push = PUSH.some(([, pushType]) => pushType === type)
    const on = language === Language.PYTHON && push
    expect(answered(language, type).metric).toMatchObject(on ? { on, endpoints: ACCESS_POINT } : { on })
  })
})

test.each([
  ['1.0.7', 5000, 7_200_000],
  ['1.0.8', 5000, 7_200_000],
  ['v1.0.8', 5000, 7_200_000],
  ['0.9.9', 5000, 7_200_000],
  ['', 5000, 7_200_000],
  ['1.0.9', 5, 7200],
  ['1.1.0', 5, 7200],
  ['2.0.0', 5, 7200],
])(
  'a Node client %s takes seconds for milliseconds or not: it is told %i and %i',
  (version, initial, max) => {
    const { backoffPolicy } = answered(Language.NODE_JS, ClientType.PUSH_CONSUMER, version)
    expect(backoffPolicy?.exponentialBackoff).toEqual({
      initial: { seconds: initial, nanos: 0 },
      max: { seconds: max, nanos: 0 },
      multiplier: 2,
    })
  },
)

test('order and back-off are those of the group', () => {
  const delaysMs = [1000, 4000].map((delay) => millis(delay))
  const policy: GroupPolicy = { attemptsMax: 5, fifo: true, backoff: { kind: 'list', delaysMs } }
  const java = mergeSettings(settingsFor(Language.JAVA, ClientType.PUSH_CONSUMER), policy)
  expect(java.subscription?.fifo).toBe(true)
  expect(java.backoffPolicy?.customizedBackoff?.next?.map((delay) => delay?.seconds)).toEqual([1, 4])
  const node = mergeSettings(settingsFor(Language.NODE_JS, ClientType.PUSH_CONSUMER, '9.0.0'), policy)
  expect(node.backoffPolicy?.exponentialBackoff).toMatchObject({
    initial: { seconds: 1 },
    max: { seconds: 4 },
    multiplier: 4,
  })
})

test('an exponential back-off is a list for clients that know only lists, and ends at the longest delay', () => {
  const [initialMs, maxMs] = [millis(1000), millis(5000)]
  const backoff = { kind: 'exponential', initialMs, maxMs, multiplierThousandths: 2000 } as const
  const policy: GroupPolicy = { attemptsMax: 17, fifo: false, backoff }
  const python = mergeSettings(settingsFor(Language.PYTHON, ClientType.PUSH_CONSUMER), policy)
  expect(python.backoffPolicy?.customizedBackoff?.next?.map((delay) => delay?.seconds)).toEqual([1, 2, 4, 5])
})

test("the attempts are those of the group, or RocketMQ's default before the group is there", () => {
  const settings = settingsFor(Language.JAVA, ClientType.PUSH_CONSUMER)
  expect(mergeSettings(settings, plainPolicy(5)).backoffPolicy?.maxAttempts).toBe(5)
  expect(mergeSettings(settings, undefined).backoffPolicy?.maxAttempts).toBe(17)
})

test('a Python consumer that names no access point is not told to send metrics nowhere', () => {
  const { accessPoint: _, ...settings } = settingsFor(Language.PYTHON, ClientType.PUSH_CONSUMER)
  expect(mergeSettings(settings, undefined).metric).toEqual({ on: false })
})
