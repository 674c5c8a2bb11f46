import { status, type Client, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import {
  type BidiMethod,
  type BidiStream,
  GrpcCode,
  GrpcFailure,
  type Method,
} from '../../src/rpc/service.ts'
import { Gate, grpcClient, same, serve, until } from './support/rpc-world.ts'

const path = '/t.T/Talk'

function talking(handle: BidiMethod): Method {
  return { type: 'bidi', path, handle }
}

interface Talk {
  readonly stream: ClientDuplexStream<Buffer, Buffer>
  readonly heard: string[]
  readonly ended: Promise<StatusObject>
}

function talk(client: Client): Talk {
  const stream = client.makeBidiStreamRequest<Buffer, Buffer>(path, same, same)
  const heard: string[] = []
  stream.on('data', (item: Buffer) => heard.push(item.toString()))
  stream.on('error', () => undefined)
  const ended = new Promise<StatusObject>((resolve) => stream.on('status', resolve))
  return { stream, heard, ended }
}

const echo = talking(async (_context, stream) => {
  for await (const message of stream) stream.send(message)
})

test('messages go both ways until the client half-closes', async () => {
  await using server = await serve([echo])
  const client = grpcClient(server.port)
  const { stream, heard, ended } = talk(client)
  const said = Array.from({ length: 1000 }, (_, at) => `message ${at} ${'x'.repeat(at)}`)
  for (const text of said) stream.write(Buffer.from(text))
  stream.end()
  expect((await ended).code).toBe(status.OK)
  expect(heard).toEqual(said)
  client.close()
})

test('the server speaks first and at any time, and ends the stream with OK', async () => {
  const opened = new Gate<BidiStream>()
  const over = new Gate()
  const speaking = talking(async (_context, stream) => {
    opened.open(stream)
    for await (const _ of stream) continue
    over.open()
  })
  await using server = await serve([speaking])
  const client = grpcClient(server.port)
  const { heard, ended } = talk(client)
  const stream = await opened.promise
  expect(stream.send(Buffer.from('hello'))).toBe(true)
  await until(() => heard.length === 1)
  stream.send(Buffer.from('bye'))
  stream.end()
  expect((await ended).code).toBe(status.OK)
  expect(heard).toEqual(['hello', 'bye'])
  await over.promise
  expect(stream.send(Buffer.from('late'))).toBe(false)
  client.close()
})

test('what the handler throws is the status, even after messages', async () => {
  const failing = talking(async (_context, stream) => {
    for await (const message of stream) {
      stream.send(message)
      throw new GrpcFailure(GrpcCode.INVALID_ARGUMENT, 'not like this')
    }
  })
  await using server = await serve([failing])
  const client = grpcClient(server.port)
  const { stream, heard, ended } = talk(client)
  stream.write(Buffer.from('a'))
  expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'not like this' })
  expect(heard).toEqual(['a'])
  client.close()
})

test('a cancelled stream ends the iteration and refuses to send', async () => {
  const opened = new Gate<BidiStream>()
  const over = new Gate<AbortSignal>()
  const listening = talking(async (context, stream) => {
    const { signal } = context
    opened.open(stream)
    for await (const _ of stream) continue
    over.open(signal)
  })
  await using server = await serve([listening])
  const client = grpcClient(server.port)
  const { stream } = talk(client)
  const inside = await opened.promise
  stream.cancel()
  const signal = await over.promise
  await until(() => signal.aborted)
  expect(inside.send(Buffer.from('x'))).toBe(false)
  client.close()
})

test('a slow handler holds the client back without losing a message', async () => {
  const gate = new Gate()
  const seen: number[] = []
  const slow = talking(async (_context, stream) => {
    await gate.promise
    for await (const message of stream) seen.push(message.byteLength)
  })
  await using server = await serve([slow])
  const client = grpcClient(server.port)
  const { stream, ended } = talk(client)
  const sizes = Array.from({ length: 64 }, (_, at) => 500_000 + at)
  for (const size of sizes) stream.write(Buffer.alloc(size))
  stream.end()
  gate.open()
  expect((await ended).code).toBe(status.OK)
  expect(seen).toEqual(sizes)
  client.close()
})

test('a client that does not read loses its stream', async () => {
  const opened = new Gate<BidiStream>()
  const speaking = talking(async (_context, stream) => {
    opened.open(stream)
    for await (const _ of stream) continue
  })
  await using server = await serve([speaking])
  const client = grpcClient(server.port)
  const stream = client.makeBidiStreamRequest(path, same, same)
  stream.on('error', () => undefined)
  const inside = await opened.promise
  const sent = Array.from({ length: 64 }, () => inside.send(Buffer.alloc(1024 * 1024)))
  expect(sent[0]).toBe(true)
  expect(sent.at(-1)).toBe(false)
  client.close()
})
