import { describe, expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { cutSendRequest } from '../../src/proxy/cut-message.ts'
import { Telemetry } from '../../src/proxy/telemetry.ts'
import type { Settings } from '../../src/rpc/apache-definition.ts'
import { Code, MessageType } from '../../src/rpc/apache-enums.ts'
import type { TelemetryCommand } from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { callContext, draftMessage, GROUP, sendBytes, systemOf, v2 } from './support/facade-world.ts'
import { FakeStream } from './support/fake-stream.ts'

const commands = v2<TelemetryCommand>('TelemetryCommand')
const ORDERS = { resourceNamespace: '', name: 'orders' }
const PRODUCER: Draft<Settings> = { clientType: 1, publishing: { topics: [ORDERS] } }
const CONSUMER: Draft<Settings> = {
  clientType: 2,
  subscription: { group: { name: 'billing' }, subscriptions: [{ topic: ORDERS }] },
}

class Case {
  readonly clock = new ManualClock()
  readonly telemetry = new Telemetry({
    group: () => GROUP,
    announced: () => undefined,
    seen: () => undefined,
    clock: this.clock,
    storeHost: '10.0.0.1:8081',
  })

  async client(clientId: string, settings: Draft<Settings>): Promise<FakeStream> {
    const stream = new FakeStream()
    const headers = { 'x-mq-client-id': clientId }
    void this.telemetry.handle(callContext(Number.POSITIVE_INFINITY, headers), stream)
    stream.push(commands.encode({ settings }))
    await settle()
    stream.sent.length = 0
    return stream
  }

  check(id = 'id', topic = 'orders'): boolean {
    return this.telemetry.commands.check(topic, id, stored())
  }
}

function stored(): Uint8Array {
  const half = draftMessage({ systemProperties: systemOf({ messageType: 4, tag: 'paid' }) })
  return Buffer.concat(cutSendRequest(sendBytes(half), 'client', 5_000).chunks)
}

function sentTo(stream: FakeStream): TelemetryCommand[] {
  return stream.sent.map((bytes) => commands.decode(bytes))
}

describe('the check of a transaction', () => {
  test('reaches a producer of the topic, with the whole message and the transaction id', async () => {
    const at = new Case()
    const stream = await at.client('p', PRODUCER)
    expect(at.check('the id')).toBe(true)
    const [command] = sentTo(stream)
    expect(command).toMatchObject({
      status: { code: Code.OK },
      command: 'recoverOrphanedTransactionCommand',
      recoverOrphanedTransactionCommand: {
        transactionId: 'the id',
        message: {
          topic: { name: 'orders' },
          userProperties: { region: 'north' },
          systemProperties: { tag: 'paid', messageType: MessageType.TRANSACTION, deliveryAttempt: 1 },
        },
      },
    })
    const message = command?.recoverOrphanedTransactionCommand?.message
    expect(Buffer.from(message?.body ?? []).toString()).toBe('hello')
    expect(message?.systemProperties?.bodyDigest?.checksum).toMatch(/^[0-9A-F]{32}$/)
  })

  test('reaches no consumer and no producer of another topic', async () => {
    const at = new Case()
    await at.client('c', CONSUMER)
    await at.client('p', { ...PRODUCER, publishing: { topics: [{ name: 'other' }, { name: '' }] } })
    expect(at.check()).toBe(false)
    expect(at.check('id', 'other')).toBe(true)
  })

  test('goes to producers in turn, past one whose stream is gone', async () => {
    const at = new Case()
    const streams = [
      await at.client('a', PRODUCER),
      await at.client('b', PRODUCER),
      await at.client('c', PRODUCER),
    ]
    for (let i = 0; i < 9; i++) expect(at.check()).toBe(true)
    expect(streams.map(({ sent }) => sent.length)).toEqual([3, 3, 3])
    streams[1]?.halfClose()
    expect(at.check()).toBe(true)
    await settle()
    for (let i = 0; i < 4; i++) expect(at.check()).toBe(true)
    expect(at.telemetry.sessions.count).toBe(2)
  })

  test('goes to a producer that is silent for long only when there is no other', async () => {
    const at = new Case()
    const silent = await at.client('silent', PRODUCER)
    at.clock.advance(121_000)
    expect(at.check()).toBe(true)
    expect(silent.sent).toHaveLength(1)
    const lively = await at.client('lively', PRODUCER)
    for (let i = 0; i < 4; i++) at.check()
    expect([silent.sent.length, lively.sent.length]).toEqual([1, 4])
    at.telemetry.sessions.heard('silent', at.clock.mono())
    for (let i = 0; i < 4; i++) at.check()
    expect([silent.sent.length, lively.sent.length]).toEqual([3, 6])
  })

  test('follows what a producer says anew of its topics', async () => {
    const at = new Case()
    const stream = await at.client('p', PRODUCER)
    stream.push(commands.encode({ settings: { ...PRODUCER, publishing: { topics: [{ name: 'other' }] } } }))
    await settle()
    expect(at.check()).toBe(false)
    expect(at.check('id', 'other')).toBe(true)
  })
})

describe('a question', () => {
  test('about threads is answered by the client that was asked and by no other', async () => {
    const at = new Case()
    const stream = await at.client('p', PRODUCER)
    const other = await at.client('other', PRODUCER)
    const answer = at.telemetry.commands.stack('p')
    const [command] = sentTo(stream)
    const nonce = command?.printThreadStackTraceCommand?.nonce
    expect(nonce).toBeDefined()
    const reply = (threadStackTrace: string) =>
      commands.encode({ threadStackTrace: { nonce: nonce ?? '', threadStackTrace } })
    other.push(reply('forged'))
    await settle()
    stream.push(reply('main\n at work'))
    expect(await answer).toBe('main\n at work')
  })

  test('about a message is answered with the status, also in the field that Node uses', async () => {
    const at = new Case()
    const stream = await at.client('c', CONSUMER)
    const message = { stored: stored(), queueId: 3, offset: 9 }
    const first = at.telemetry.commands.verify('c', message)
    const asked = sentTo(stream)[0]?.verifyMessageCommand
    expect(asked?.message?.systemProperties).toMatchObject({ queueId: 3, queueOffset: 9 })
    const status = { code: Code.FAILED_TO_CONSUME_MESSAGE, message: 'later' }
    stream.push(commands.encode({ status, verifyMessageResult: { nonce: asked?.nonce ?? '' } }))
    expect(await first).toEqual(status)
    const second = at.telemetry.commands.verify('c', message)
    const again = sentTo(stream)[1]?.verifyMessageCommand?.nonce ?? ''
    stream.push(
      commands.encode({
        status: { code: Code.NOT_IMPLEMENTED, message: '' },
        verifyMessageCommand: { nonce: again },
      }),
    )
    expect(await second).toEqual({ code: Code.NOT_IMPLEMENTED, message: '' })
  })

  test('that nobody answers ends after five seconds; one to a client without a stream at once', async () => {
    const at = new Case()
    await at.client('p', PRODUCER)
    const answer = at.telemetry.commands.stack('p').catch((error: unknown) => error)
    at.clock.advance(5_000)
    expect(await answer).toMatchObject({ code: 'TIMEOUT' })
    await expect(at.telemetry.commands.stack('nobody')).rejects.toMatchObject({ code: 'CLIENT_NOT_FOUND' })
    expect(() => at.telemetry.commands.reconnect('nobody')).toThrow(BrokerError)
  })

  test('to connect anew is sent and waits for nothing', async () => {
    const at = new Case()
    const stream = await at.client('p', PRODUCER)
    at.telemetry.commands.reconnect('p')
    expect(sentTo(stream)).toMatchObject([{ command: 'reconnectEndpointsCommand' }])
  })
})
