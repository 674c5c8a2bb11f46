import { describe, expect, test } from 'vitest'
import { BrokerError } from '../../../src/base/errors.ts'
import { REQUESTS_WAITING_MAX } from '../../../src/base/limits.ts'
import { CallClient } from '../../../src/dledger/peers/call-client.ts'
import { errorBody, numberHead, readCall, readCancel } from '../../../src/dledger/peers/call-codec.ts'
import { FrameKind } from '../../../src/dledger/peers/frame-codec.ts'
import { Pair, realClock, until } from './harness.ts'

const soon = { timeoutMs: 10_000 }
const lost = new BrokerError('NO_LEADER', 'lost', { outcome: 'unknown' })

/** A client on the left side; the test plays the server on the right. */
function clientOf(pair: Pair): CallClient {
  const client = new CallClient(pair.left, realClock)
  pair.onLeft = (kind, body) => client.frame(kind, body)
  return client
}

describe('calls that wait', () => {
  test('each call has its own number and gets the answer with it', async () => {
    await using pair = await Pair.make()
    const client = clientOf(pair)
    const calls = [1, 2, 3].map((kind) => client.call(kind, [new Uint8Array([kind])], soon))
    await until(() => pair.rightSeen.length === 3, 'all came')
    const numbers = pair.rightSeen.map(({ body }) => readCall(body).number)
    expect(new Set(numbers).size).toBe(3)
    for (const { body } of [...pair.rightSeen].reverse()) {
      const { number, kind } = readCall(body)
      pair.right.send(FrameKind.callReply, [numberHead(number), new Uint8Array([kind * 10])], 2)
    }
    expect((await Promise.all(calls)).map((reply) => reply[0])).toEqual([10, 20, 30])
  })

  test('an answer to a call that was given up, or never made, or made twice is dropped', async () => {
    await using pair = await Pair.make()
    const client = clientOf(pair)
    const controller = new AbortController()
    const call = client.call(1, [], { ...soon, signal: controller.signal })
    await until(() => pair.rightSeen.length === 1, 'it came')
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'unknown' })
    await until(() => pair.rightSeen.length === 2, 'the cancel came')
    const { number } = readCall(pair.rightSeen[0]?.body ?? new Uint8Array())
    expect(readCancel(pair.rightSeen[1]?.body ?? new Uint8Array())).toBe(number)
    for (const wrong of [number, number, 4711]) pair.right.send(FrameKind.callReply, [numberHead(wrong)], 1)
    pair.right.send(FrameKind.callError, [errorBody(number, new BrokerError('BUSY', 'late'))], 1)
    const next = client.call(2, [], soon)
    await until(() => pair.rightSeen.length === 3, 'the next came')
    pair.right.send(FrameKind.callReply, [numberHead(number + 1)], 1)
    expect((await next).byteLength).toBe(0)
    expect(pair.leftEnds).toEqual([])
  })

  test('calls of a kind that is abandoned end at once and are cancelled, the others go on', async () => {
    await using pair = await Pair.make()
    const client = clientOf(pair)
    const abandoned = client.call(1, [], soon)
    const other = client.call(2, [], soon)
    client.abandon(1, 'it leads no longer')
    await expect(abandoned).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'unknown' })
    await until(() => pair.rightSeen.length === 3, 'both and a cancel came')
    const [first, second, cancel] = pair.rightSeen.map(({ body }) => body)
    const number = readCall(first ?? new Uint8Array()).number
    expect(readCancel(cancel ?? new Uint8Array())).toBe(number)
    pair.right.send(FrameKind.callReply, [numberHead(readCall(second ?? new Uint8Array()).number)], 1)
    expect((await other).byteLength).toBe(0)
  })

  test('too many calls at a time are refused and did nothing', async () => {
    await using pair = await Pair.make()
    const client = clientOf(pair)
    const calls = Array.from({ length: REQUESTS_WAITING_MAX }, () => client.call(1, [], soon))
    await expect(client.call(1, [], soon)).rejects.toMatchObject({ code: 'BUSY', outcome: 'none' })
    client.ended(lost)
    const ends = await Promise.allSettled(calls)
    expect(ends.every((end) => end.status === 'rejected' && end.reason === lost)).toBe(true)
  })

  test('too many bytes at a time are refused and did nothing', async () => {
    await using pair = await Pair.make()
    const client = clientOf(pair)
    pair.rightSocket.pause()
    const body = [new Uint8Array(16 * 1024 * 1024)]
    const calls = [1, 2, 3].map((kind) => client.call(kind, body, soon))
    await expect(client.call(4, body, soon)).rejects.toMatchObject({ code: 'BUSY', outcome: 'none' })
    client.ended(lost)
    expect((await Promise.allSettled(calls)).every((end) => end.status === 'rejected')).toBe(true)
  })

  test('frames that no client waits for end the connection', async () => {
    await using pair = await Pair.make()
    clientOf(pair)
    pair.right.send(FrameKind.call, [new Uint8Array(6)], 1)
    await until(() => pair.leftEnds.length === 1, 'it ended')
    expect(pair.leftEnds).toEqual(['broken'])
  })
})
