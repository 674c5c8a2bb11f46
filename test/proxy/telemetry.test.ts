import { describe, expect, test } from 'vitest'
import { plainPolicy } from '../../src/broker/machine/group-policy.ts'
import type { GroupView } from '../../src/broker/machine/view.ts'
import { Telemetry } from '../../src/proxy/telemetry.ts'
import type { Settings } from '../../src/rpc/apache-definition.ts'
import type { TelemetryCommand } from '../../src/rpc/apache-service.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { GrpcCode } from '../../src/rpc/service.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { FakeStream } from './support/fake-stream.ts'
import { callContext, GROUP, v2 } from './support/facade-world.ts'

const commands = v2<TelemetryCommand>('TelemetryCommand')
const TOPIC = { resourceNamespace: '', name: 'orders' }
const CONSUMER: Draft<Settings> = {
  clientType: 2,
  subscription: {
    group: { resourceNamespace: '', name: 'billing' },
    subscriptions: [{ topic: TOPIC, expression: { type: 1, expression: '*' } }],
  },
  userAgent: { language: 1, version: '5.2.1' },
}
const PRODUCER: Draft<Settings> = { clientType: 1, publishing: { topics: [TOPIC] } }

function settingsBytes(settings: Draft<Settings>): Buffer {
  return commands.encode({ settings })
}

class Case {
  group: GroupView | undefined = GROUP
  readonly announced: string[] = []
  readonly seen: string[] = []
  readonly telemetry = new Telemetry({
    clock: new ManualClock(),
    storeHost: '127.0.0.1:8081',
    group: () => this.group,
    announced: ({ clientId }, { group }) => this.announced.push(`${clientId} ${group?.name}`),
    seen: ({ clientId }) => this.seen.push(clientId),
  })

  open(headers: Readonly<Record<string, string>> = {}): {
    readonly stream: FakeStream
    readonly ended: Promise<unknown>
  } {
    const stream = new FakeStream()
    const ended = this.telemetry.handle(callContext(Number.POSITIVE_INFINITY, headers), stream).then(
      () => 'OK',
      (error: unknown) => error,
    )
    return { stream, ended }
  }
}

function sentTo(stream: FakeStream): TelemetryCommand[] {
  return stream.sent.map((bytes) => commands.decode(bytes))
}

describe('settings', () => {
  test('of a consumer are answered at once with status OK, and the leader is told', async () => {
    const at = new Case()
    const { stream, ended } = at.open()
    stream.push(settingsBytes(CONSUMER))
    await settle()
    expect(sentTo(stream)).toMatchObject([
      {
        status: { code: Code.OK },
        command: 'settings',
        settings: { subscription: { receiveBatchSize: 32 }, backoffPolicy: { maxAttempts: 17 } },
      },
    ])
    expect(at.announced).toEqual(['host@1@0@abc billing'])
    stream.halfClose()
    expect(await ended).toBe('OK')
  })

  test('of a producer may hold a blank topic', async () => {
    const at = new Case()
    const { stream } = at.open()
    stream.push(settingsBytes({ ...PRODUCER, publishing: { topics: [{ name: '' }, TOPIC] } }))
    await settle()
    expect(sentTo(stream)).toMatchObject([{ settings: { publishing: { maxBodySize: 4_194_304 } } }])
    expect(at.seen).toEqual(['host@1@0@abc'])
  })

  test('that come again are answered again', async () => {
    const { stream } = new Case().open()
    stream.push(settingsBytes(PRODUCER))
    stream.push(settingsBytes(PRODUCER))
    await settle()
    expect(stream.sent.length).toBe(2)
  })

  test.each<readonly [what: string, bytes: Uint8Array]>([
    ['of nobody', settingsBytes({ clientType: 1 })],
    ['with an illegal topic', settingsBytes({ publishing: { topics: [{ name: 'a b' }] } })],
    ['with an illegal group', settingsBytes({ subscription: { group: { name: 'a b' } } })],
    [
      'with an illegal filter',
      settingsBytes({
        subscription: {
          group: { name: 'g' },
          subscriptions: [{ topic: TOPIC, expression: { type: 2, expression: 'a >' } }],
        },
      }),
    ],
    [
      'that are endless',
      settingsBytes({ publishing: { topics: Array.from({ length: 20_000 }, () => TOPIC) } }),
    ],
    ['that are not readable', Uint8Array.from([0x12, 0x7f])],
  ])('%s end the stream with INVALID_ARGUMENT', async (_, bytes) => {
    const { stream, ended } = new Case().open()
    stream.push(bytes)
    expect(await ended).toMatchObject({
      code: GrpcCode.INVALID_ARGUMENT,
      message: expect.stringContaining('process client telemetryCommand failed. '),
    })
  })
})

describe('a stream', () => {
  test('that is half-closed ends with OK', async () => {
    const { stream, ended } = new Case().open()
    stream.halfClose()
    expect(await ended).toBe('OK')
  })

  test('without a client id is told so once and stays open', async () => {
    const { stream, ended } = new Case().open({ 'x-mq-client-id': '' })
    stream.push(settingsBytes(PRODUCER))
    await settle()
    expect(sentTo(stream)).toMatchObject([
      { status: { code: Code.CLIENT_ID_REQUIRED, message: expect.stringContaining('x-mq-client-id') } },
    ])
    stream.halfClose()
    expect(await ended).toBe('OK')
  })

  test('ignores commands that answer nothing or that nobody knows', async () => {
    const { stream } = new Case().open()
    stream.push(commands.encode({ threadStackTrace: { nonce: '1' } }))
    stream.push(commands.encode({ verifyMessageCommand: { nonce: '1' } }))
    stream.push(Uint8Array.from([0xa2, 0x06, 0x00]))
    stream.push(new Uint8Array(0))
    stream.push(settingsBytes(PRODUCER))
    await settle()
    expect(stream.sent.length).toBe(1)
  })

  test('is remembered until it ends, the latest of each client', async () => {
    const at = new Case()
    const first = at.open()
    first.stream.push(settingsBytes(CONSUMER))
    const second = at.open()
    second.stream.push(settingsBytes(CONSUMER))
    await settle()
    expect(at.telemetry.sessions.count).toBe(1)
    first.stream.halfClose()
    await first.ended
    expect(at.telemetry.sessions.count).toBe(1)
    second.stream.halfClose()
    await second.ended
    expect(at.telemetry.sessions.count).toBe(0)
  })
})

test('clients whose group has changed are told, and no others', async () => {
  const at = new Case()
  at.group = undefined
  const consumer = at.open()
  consumer.stream.push(settingsBytes(CONSUMER))
  const producer = at.open({ 'x-mq-client-id': 'another' })
  producer.stream.push(settingsBytes(PRODUCER))
  await settle()
  at.group = { ...GROUP, policy: plainPolicy(5) }
  at.telemetry.groupsChanged()
  at.telemetry.groupsChanged()
  expect(sentTo(consumer.stream).map(({ settings }) => settings?.backoffPolicy?.maxAttempts)).toEqual([17, 5])
  expect(producer.stream.sent.length).toBe(1)
})
