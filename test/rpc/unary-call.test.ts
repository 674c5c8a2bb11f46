import { randomBytes } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { REQUEST_BYTES_MAX } from '../../src/base/limits.ts'
import { type CallContext, GrpcCode, GrpcFailure, type Method } from '../../src/rpc/service.ts'
import { grpcClient, keepingLogger, serve, unary } from './support/rpc-world.ts'

const echo: Method = {
  type: 'unary',
  path: '/t.T/Echo',
  handle: (_context, request) => Promise.resolve(request),
}

function answering(handle: (context: CallContext) => Promise<Uint8Array>): Method {
  return { type: 'unary', path: '/t.T/Call', handle }
}

test.each([0, 1, 1024, 100_000, 5 * 1024 * 1024, REQUEST_BYTES_MAX])('%i bytes come back', async (size) => {
  await using server = await serve([echo])
  const client = grpcClient(server.port)
  const bytes = randomBytes(size)
  expect((await unary(client, '/t.T/Echo', bytes))?.equals(bytes)).toBe(true)
  client.close()
})

test('many calls on one connection get their own answers', async () => {
  await using server = await serve([echo])
  const client = grpcClient(server.port)
  const asked = Array.from({ length: 500 }, (_, at) => Buffer.from(`call ${at}`))
  const answers = await Promise.all(asked.map((bytes) => unary(client, '/t.T/Echo', bytes)))
  expect(answers.map(String)).toEqual(asked.map(String))
  client.close()
})

test('a message above the limit is refused and the connection goes on', async () => {
  await using server = await serve([echo])
  const client = grpcClient(server.port)
  for (const size of [REQUEST_BYTES_MAX + 1, 20 * 1024 * 1024]) {
    await expect(unary(client, '/t.T/Echo', Buffer.alloc(size))).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    })
  }
  expect(String(await unary(client, '/t.T/Echo', Buffer.from('on')))).toBe('on')
  expect(server.connections).toBe(1)
  client.close()
})

test('a failure brings code, message and metadata', async () => {
  const failing = answering(() =>
    Promise.reject(
      new GrpcFailure(GrpcCode.NOT_FOUND, 'kein Thema: größer als 100 % — 消息\n', {
        metadata: { 'x-why': 'gone' },
      }),
    ),
  )
  await using server = await serve([failing])
  const client = grpcClient(server.port)
  const error = await unary(client, '/t.T/Call', Buffer.alloc(0)).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'kein Thema: größer als 100 % — 消息\n' })
  expect((error as { metadata: { get(name: string): unknown[] } }).metadata.get('x-why')).toEqual(['gone'])
  client.close()
})

test('anything else that is thrown is INTERNAL, logged, and not told', async () => {
  const logger = keepingLogger()
  const thrown = [
    () => Promise.reject(new Error('secret')),
    () => {
      throw new Error('secret')
    },
  ]
  await using server = await serve(
    [answering(() => (thrown.shift() ?? (() => Promise.resolve(Buffer.alloc(0))))())],
    { logger },
  )
  const client = grpcClient(server.port)
  for (let at = 0; at < 2; at++) {
    const error = await unary(client, '/t.T/Call', Buffer.alloc(0)).catch((got: unknown) => got)
    expect(error).toMatchObject({ code: status.INTERNAL, details: expect.not.stringContaining('secret') })
  }
  expect(logger.lines.filter((line) => line.level === 'error').map((line) => line.facts['error'])).toEqual([
    'secret',
    'secret',
  ])
  expect(await unary(client, '/t.T/Call', Buffer.alloc(0))).toEqual(Buffer.alloc(0))
  client.close()
})
