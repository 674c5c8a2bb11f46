import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import type { CallContext, Method } from '../../src/rpc/service.ts'
import { connect } from 'node:http2'
import { Flag } from '../../src/http2/protocol.ts'
import type { CallHost } from '../../src/rpc/call.ts'
import { framed } from '../../src/rpc/framing.ts'
import { UnaryCall } from '../../src/rpc/unary-call.ts'
import { data, open, ping, resetStream } from '../http2/support/wire.ts'
import { World } from '../http2/support/world.ts'
import { Gate, grpcClient, serve, unary, until, clock, keepingLogger } from './support/rpc-world.ts'

function answering(handle: (context: CallContext) => Promise<Uint8Array>): Method {
  return { type: 'unary', path: '/t.T/Call', handle }
}

test('the context tells metadata, both addresses and the deadline', async () => {
  const seen: unknown[] = []
  await using server = await serve([
    answering((context) => {
      seen.push(context.metadata('user-agent')?.startsWith('grpc-node-js'), context.metadata('x-none'))
      seen.push(context.peer.startsWith('127.0.0.1:'), context.localAddress === `127.0.0.1:${server.port}`)
      seen.push(Math.round((context.deadlineMono - performance.now()) / 1000))
      return Promise.resolve(Buffer.alloc(0))
    }),
  ])
  const client = grpcClient(server.port)
  await unary(client, '/t.T/Call', Buffer.alloc(0), 7000)
  expect(seen).toEqual([true, undefined, true, true, 7])
  client.close()
})

test('a deadline beyond what a timer can wait for does not abort', async () => {
  const aborted = new Gate<boolean>()
  await using server = await serve([
    answering(async (context) => {
      const { signal } = context
      await new Promise((resolve) => setTimeout(resolve, 30))
      aborted.open(signal.aborted)
      return Buffer.alloc(0)
    }),
  ])
  const session = connect(`http://127.0.0.1:${server.port}`)
  const headers = { ':method': 'POST', ':path': '/t.T/Call', 'content-type': 'application/grpc' }
  session.request({ ...headers, 'grpc-timeout': '99999999H' }).end(framed(Buffer.alloc(0)))
  expect(await aborted.promise).toBe(false)
  session.destroy()
})

test('a request counts for the server until it has ended, with all that it keeps', async () => {
  let held = 0
  const host: CallHost = {
    clock,
    logger: keepingLogger(),
    requestBytesMax: 1000,
    holdBytes: (count) => {
      const fits = held + count < 100_000
      if (fits) held += count
      return fits
    },
    releaseBytes: (count) => (held -= count),
  }
  const world = await World.opened()
  const ends = { peer: '', localAddress: '' }
  const handle = (): Promise<Uint8Array> => Promise.resolve(Buffer.alloc(0))
  world.onRequest = ({ stream, headers }) => new UnaryCall(handle, host, ends, stream, headers).start()
  await world.send(open(1), data(1, framed(Buffer.from('whole'))))
  expect(held).toBeGreaterThanOrEqual(10)
  await world.send(open(3), data(3, framed(Buffer.from('cut')).subarray(0, 7)))
  await world.send(data(1, '', Flag.endStream), resetStream(3))
  expect(held).toBe(0)
  // The message is a few bytes, what was read with it is not.
  const rest = ping()
  await world.send(open(5), data(5, framed(Buffer.alloc(1))), ...Array.from({ length: 6000 }, () => rest))
  expect(
    world
      .words()
      .filter((words) => words !== 'ping 0 ack')
      .at(-1),
  ).toBe(`resetStream 5 0`)
  expect(held).toBe(0)
})

test('a cancelled call aborts the signal of its handler', async () => {
  const started = new Gate<AbortSignal>()
  await using server = await serve([
    answering((context) => {
      started.open(context.signal)
      return new Promise(() => undefined)
    }),
  ])
  const client = grpcClient(server.port)
  const call = client.makeUnaryRequest(
    '/t.T/Call',
    (b: Buffer) => b,
    (b) => b,
    Buffer.alloc(3),
    () => undefined,
  )
  const signal = await started.promise
  expect(signal.aborted).toBe(false)
  call.cancel()
  await until(() => signal.aborted)
  expect(signal.reason).toMatchObject({ code: 'CANCELLED' })
  client.close()
})

test('a call that was answered does not abort its signal', async () => {
  const signals: AbortSignal[] = []
  await using server = await serve([
    answering((context) => {
      signals.push(context.signal)
      return Promise.resolve(Buffer.from('done'))
    }),
  ])
  const client = grpcClient(server.port)
  await unary(client, '/t.T/Call', Buffer.alloc(0))
  client.close()
  await until(() => server.connections === 0)
  expect(signals.map((signal) => signal.aborted)).toEqual([false])
})

test('the signal aborts when the connection closes and when the deadline passes', async () => {
  const signals: AbortSignal[] = []
  await using server = await serve([
    answering((context) => {
      signals.push(context.signal)
      return new Promise(() => undefined)
    }),
  ])
  const first = grpcClient(server.port)
  await expect(unary(first, '/t.T/Call', Buffer.alloc(0), 100)).rejects.toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  })
  await until(() => signals[0]?.aborted === true)
  void unary(first, '/t.T/Call', Buffer.alloc(0)).catch(() => undefined)
  await until(() => signals.length === 2)
  await server.close(0)
  await until(() => signals[1]?.aborted === true)
  first.close()
})
