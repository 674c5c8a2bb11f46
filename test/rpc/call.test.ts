import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import type { CallContext, Method } from '../../src/rpc/service.ts'
import { Gate, grpcClient, serve, unary, until } from './support/rpc-world.ts'

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
