import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { framed } from '../../src/rpc/framing.ts'
import type { Method } from '../../src/rpc/service.ts'
import { Gate, grpcClient, plainSocket, serve, unary, until } from './support/rpc-world.ts'

const path = '/t.T/Echo'
const echo: Method = { type: 'unary', path, handle: (_context, request) => Promise.resolve(request) }

function session(port: number): ClientHttp2Session {
  const opened = connect(`http://127.0.0.1:${port}`)
  opened.on('error', () => undefined)
  return opened
}

function post(from: ClientHttp2Session, headers: Record<string, string> = {}): ClientHttp2Stream {
  return from.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...headers })
}

interface Outcome {
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: Buffer
  readonly resetCode: number | undefined
}

function outcome(stream: ClientHttp2Stream): Promise<Outcome> {
  return new Promise((resolve) => {
    let headers: IncomingHttpHeaders = {}
    let trailers: IncomingHttpHeaders = {}
    const body: Buffer[] = []
    stream.on('response', (got) => (headers = got))
    stream.on('trailers', (got) => (trailers = got))
    stream.on('data', (chunk: Buffer) => body.push(chunk))
    stream.on('error', () => undefined)
    stream.on('close', () =>
      resolve({ headers, trailers, body: Buffer.concat(body), resetCode: stream.rstCode }),
    )
  })
}

test('a call has headers, messages and trailers', async () => {
  await using server = await serve([echo])
  const from = session(server.port)
  const stream = post(from)
  stream.end(framed(Buffer.from('x')))
  const { headers, trailers, body } = await outcome(stream)
  expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc+proto' })
  expect(trailers).toMatchObject({ 'grpc-status': '0' })
  expect(body).toEqual(framed(Buffer.from('x')))
  from.destroy()
})

test.each([
  ['a call that is not there', { ':path': '/t.T/None' }, { ':status': 200, 'grpc-status': '12' }],
  ['a GET', { ':method': 'GET' }, { ':status': 405 }],
  ['another content type', { 'content-type': 'application/json' }, { ':status': 415 }],
  ['gRPC for browsers', { 'content-type': 'application/grpc-web' }, { ':status': 415 }],
])('%s is refused', async (_name, headers, expected) => {
  await using server = await serve([echo])
  const from = session(server.port)
  const stream = post(from, headers)
  if (!('GET' in headers)) stream.end()
  expect((await outcome(stream)).headers).toMatchObject(expected)
  from.destroy()
})

test.each([
  ['a compressed message', Buffer.from([1, 0, 0, 0, 1, 65]), '12'],
  ['no message', Buffer.alloc(0), '13'],
  ['half a message', framed(Buffer.from('abc')).subarray(0, 6), '13'],
  ['half a prefix', Buffer.from([0, 0]), '13'],
  ['two messages', Buffer.concat([framed(Buffer.from('a')), framed(Buffer.from('b'))]), '13'],
  ['a length beyond the limit', Buffer.from([0, 255, 255, 255, 255, 1]), '8'],
])('%s is refused', async (_name, bytes, code) => {
  await using server = await serve([echo])
  const from = session(server.port)
  const stream = post(from)
  stream.end(bytes)
  expect((await outcome(stream)).headers['grpc-status']).toBe(code)
  const next = post(from)
  next.end(framed(Buffer.from('on')))
  expect((await outcome(next)).body).toEqual(framed(Buffer.from('on')))
  from.destroy()
})

test('a message is put together from frames of one byte', async () => {
  await using server = await serve([echo])
  const from = session(server.port)
  const stream = post(from)
  const done = outcome(stream)
  for (const byte of framed(Buffer.from('in pieces'))) {
    await new Promise((resolve) => stream.write(Buffer.of(byte), resolve))
  }
  stream.end()
  expect((await done).body).toEqual(framed(Buffer.from('in pieces')))
  from.destroy()
})

test('headers that are too large end their stream only', async () => {
  await using server = await serve([echo])
  const from = session(server.port)
  const big = post(from, { 'x-big': 'x'.repeat(20_000) })
  big.end(framed(Buffer.from('a')))
  expect((await outcome(big)).headers['grpc-status']).toBe('8')
  const client = grpcClient(server.port)
  expect(String(await unary(client, path, Buffer.from('on')))).toBe('on')
  client.close()
  from.destroy()
})

test('many cancelled calls and many pings leave the server well', async () => {
  await using server = await serve([echo])
  const from = session(server.port)
  await new Promise((resolve) => from.once('connect', resolve))
  for (let at = 0; at < 500; at++) {
    const stream = post(from)
    stream.on('error', () => undefined)
    stream.close(constants.NGHTTP2_CANCEL)
  }
  const { socket } = await plainSocket(server.port)
  const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
  socket.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
  for (let at = 0; at < 50; at++) socket.write(Buffer.concat(Array.from({ length: 100 }, () => ping)))
  const client = grpcClient(server.port)
  expect(String(await unary(client, path, Buffer.from('on')))).toBe('on')
  client.close()
  socket.destroy()
  from.destroy()
})

test('a client that gives no sign of life loses its connection', async () => {
  await using server = await serve([echo], { pingEveryMs: 50 })
  const { socket, closed } = await plainSocket(server.port)
  socket.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
  const client = grpcClient(server.port)
  await unary(client, path, Buffer.from('a'))
  await closed
  await until(() => server.connections === 1)
  client.close()
})

test('a request that is left half sent is ended, and its connection lives on', async () => {
  await using server = await serve([echo], { pingEveryMs: 50 })
  const from = session(server.port)
  const half = post(from)
  half.write(framed(Buffer.from('abc')).subarray(0, 6))
  expect((await outcome(half)).resetCode).toBe(constants.NGHTTP2_CANCEL)
  const next = post(from)
  next.end(framed(Buffer.from('on')))
  expect((await outcome(next)).body).toEqual(framed(Buffer.from('on')))
  from.destroy()
})

test('incomplete requests beyond the limit of the server are refused', async () => {
  const started = new Gate()
  await using server = await serve([echo], { requestBytesMax: 2 ** 31 })
  const client = grpcClient(server.port)
  const big = Buffer.alloc(300 * 1024 * 1024)
  await expect(unary(client, path, big)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  started.open()
  expect(String(await unary(client, path, Buffer.from('on')))).toBe('on')
  client.close()
  await until(() => server.connections === 0)
})
