import { randomBytes } from 'node:crypto'
import { connect } from 'node:http2'
import { status, type Client, type ClientReadableStream } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { GrpcCode, GrpcFailure, type Method, type StreamReply } from '../../src/rpc/service.ts'
import { framed } from '../../src/rpc/framing.ts'
import { Gate, grpcClient, same, serve, until } from './support/rpc-world.ts'

const path = '/t.T/Stream'

function streaming(reply: () => Promise<StreamReply>): Method {
  return { type: 'serverStream', path, handle: reply }
}

function open(client: Client): ClientReadableStream<Buffer> {
  return client.makeServerStreamRequest(path, same, same, Buffer.from('go'))
}

function gathered(stream: ClientReadableStream<Buffer>): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const items: Buffer[] = []
    stream.on('data', (item: Buffer) => items.push(item))
    stream.on('error', reject)
    stream.on('end', () => resolve(items))
  })
}

/** A reply that writes down what became of it. */
function watched(items: readonly Uint8Array[]): { reply: StreamReply; fate: string[] } {
  const fate: string[] = []
  const onDelivered = (): void => void fate.push('delivered')
  return { reply: { items, onDelivered, onLost: (written) => void fate.push(`lost ${written}`) }, fate }
}

test.each([
  ['none', []],
  ['one that is empty', [0]],
  ['small ones', Array.from({ length: 3000 }, (_, at) => at % 200)],
  ['small and large ones', [10, 100_000, 20, 4_000_000, 32_768, 32_769, 5]],
])('items arrive in order: %s', async (_name, sizes) => {
  const { reply, fate } = watched(sizes.map((size) => randomBytes(size)))
  await using server = await serve([streaming(() => Promise.resolve(reply))])
  const client = grpcClient(server.port)
  const items = await gathered(open(client))
  expect(items.length).toBe(sizes.length)
  expect(Buffer.concat(items).equals(Buffer.concat(reply.items))).toBe(true)
  await until(() => fate.length > 0)
  expect(fate).toEqual(['delivered'])
  client.close()
})

test('a call that was cancelled before the reply loses it unwritten', async () => {
  const { reply, fate } = watched([Buffer.from('a')])
  const gate = new Gate()
  const started = new Gate<AbortSignal>()
  const slow: Method = {
    type: 'serverStream',
    path,
    async handle(context) {
      started.open(context.signal)
      await gate.promise
      return reply
    },
  }
  await using server = await serve([slow])
  const client = grpcClient(server.port)
  const stream = open(client)
  stream.on('error', () => undefined)
  const signal = await started.promise
  stream.cancel()
  await until(() => signal.aborted)
  gate.open()
  await until(() => fate.length > 0)
  expect(fate).toEqual(['lost 0'])
  client.close()
})

test('a client that stops reading holds the reply back, and loses it when it goes', async () => {
  const { reply, fate } = watched(Array.from({ length: 40 }, () => randomBytes(1024 * 1024)))
  await using server = await serve([streaming(() => Promise.resolve(reply))])
  const session = connect(`http://127.0.0.1:${server.port}`, { settings: { initialWindowSize: 65_535 } })
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' })
  stream.on('error', () => undefined)
  stream.end(framed(Buffer.from('go')))
  await new Promise((resolve) => stream.once('response', resolve))
  expect(fate).toEqual([])
  session.destroy()
  await until(() => fate.length > 0)
  expect(fate[0]).toMatch(/^lost \d$/)
})

test('a client that takes nothing for long loses the reply', async () => {
  const items = [randomBytes(100_000)]
  const fates: string[] = []
  const onDelivered = (): void => void fates.push('delivered')
  const onLost = (): void => void fates.push('lost')
  const method = streaming(() => Promise.resolve({ items, onDelivered, onLost }))
  await using server = await serve([method], { pingEveryMs: 100 })
  const session = connect(`http://127.0.0.1:${server.port}`, { settings: { initialWindowSize: 0 } })
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' })
  stream.on('error', () => undefined)
  stream.end(framed(Buffer.from('go')))
  await until(() => fates.length > 0)
  expect(fates).toEqual(['lost'])
  await until(() => stream.closed)
  expect(stream.rstCode).toBe(8)
  session.destroy()
})

test('a failure before the first item is the status of the call', async () => {
  const failing = streaming(() => Promise.reject(new GrpcFailure(GrpcCode.UNAVAILABLE, 'not now')))
  await using server = await serve([failing])
  const client = grpcClient(server.port)
  await expect(gathered(open(client))).rejects.toMatchObject({ code: status.UNAVAILABLE, details: 'not now' })
  client.close()
})

test('a listener of the fate that throws does not harm the server', async () => {
  const onDelivered = (): void => {
    throw new Error('of the listener')
  }
  await using server = await serve([
    streaming(() => Promise.resolve({ items: [Buffer.from('a')], onDelivered })),
  ])
  const client = grpcClient(server.port)
  expect(await gathered(open(client))).toEqual([Buffer.from('a')])
  expect(await gathered(open(client))).toEqual([Buffer.from('a')])
  client.close()
})
