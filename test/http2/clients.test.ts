import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { Connection } from '../../src/http2/connection.ts'
import type { HeaderList } from '../../src/http2/header-field.ts'
import { headerBlock } from '../../src/http2/hpack-encoder.ts'
import { GrpcCode, GrpcFailure, type Method } from '../../src/rpc/service.ts'
import { Gate, grpcClient, serve, unary } from '../rpc/support/rpc-world.ts'
import { socketPair } from './support/socket-pair.ts'
import { answer, Recorder } from './support/world.ts'

/** A client of node:http2 whose requests `serveOne` answers. */
async function nodeClient(serveOne: (call: Recorder) => void): Promise<{
  readonly session: ClientHttp2Session
  readonly connection: Connection
}> {
  const [client, server] = await socketPair()
  const limits = { streamsMax: 10, streamWindowBytes: 1 << 20, connectionWindowBytes: 1 << 22 }
  const user = {
    ready: () => undefined,
    heard: () => undefined,
    closed: () => undefined,
    request: (...[stream, headers]: ConstructorParameters<typeof Recorder>) =>
      serveOne(new Recorder(stream, headers)),
  }
  const connection = new Connection(server, { ...limits, headersBytesMax: 65_536, mono: () => 0 }, user)
  const session = connect('http://localhost', { createConnection: () => client })
  session.on('error', () => undefined)
  return { session, connection }
}

async function outcome(stream: ReturnType<ClientHttp2Session['request']>): Promise<{
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly code: number | undefined
}> {
  let headers: IncomingHttpHeaders = {}
  let body = ''
  stream.on('response', (got) => (headers = got))
  stream.on('data', (chunk: Buffer) => (body += String(chunk)))
  stream.on('error', () => undefined)
  await new Promise((resolve) => stream.once('close', resolve))
  return { headers, body, code: stream.rstCode }
}

test('headers that node:http2 encodes arrive as they are, block after block', async () => {
  let seen: HeaderList | undefined
  const { session } = await nodeClient((call) => {
    seen = call.headers
    answer(call)
  })
  for (let round = 0; round < 50; round++) {
    const fields = {
      'x-same': 'always',
      'x-changes': `value ${round}`,
      'x-large': 'v'.repeat((round * 97) % 3000),
      'x-octets': String.fromCharCode(...Array.from({ length: 90 }, (_, at) => 0x21 + at)),
      'trace-bin': Buffer.alloc(round, round).toString('base64'),
      te: 'trailers',
    }
    const stream = session.request({ ':method': 'POST', ':path': `/p${round % 7}`, ...fields })
    stream.end()
    expect((await outcome(stream)).body).toBe('ok')
    for (const [name, value] of Object.entries(fields)) expect(seen?.get(name)).toBe(value)
    expect(seen?.get(':path')).toBe(`/p${round % 7}`)
  }
  session.destroy()
})

test('node:http2 gets an answer that came before its request ended', async () => {
  const { session } = await nodeClient((call) => answer(call))
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  stream.write(Buffer.alloc(100_000))
  expect(await outcome(stream)).toMatchObject({ body: 'ok', code: constants.NGHTTP2_NO_ERROR })
  const next = session.request({ ':method': 'POST', ':path': '/' })
  next.end()
  expect((await outcome(next)).body).toBe('ok')
  session.destroy()
})

test('node:http2 that was told to go gets all answers under way, and then the end', async () => {
  const calls: Recorder[] = []
  const started = new Gate()
  const { session, connection } = await nodeClient((call) => {
    if (calls.push(call) === 5) started.open()
  })
  const answers = Array.from({ length: 5 }, () => {
    const stream = session.request({ ':method': 'GET', ':path': '/' })
    return outcome(stream)
  })
  await started.promise
  const gone = once(session, 'goaway')
  connection.drain()
  await gone
  const closed = once(session, 'close')
  for (const call of calls) answer(call, Buffer.from('last'))
  expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(
    Array.from({ length: 5 }, () => 'last'),
  )
  await closed
})

test('grpc-js gets a failure that comes before its request was sent', async () => {
  const path = '/t.T/Refuse'
  const methods: Method[] = [
    { type: 'unary', path, handle: () => Promise.reject(new GrpcFailure(GrpcCode.ABORTED, 'never reached')) },
  ]
  await using server = await serve(methods, { requestBytesMax: 10 })
  const client = grpcClient(server.port)
  for (let round = 0; round < 5; round++) {
    // 8 is RESOURCE_EXHAUSTED, told at the first bytes of many.
    await expect(unary(client, path, Buffer.alloc(8_000_000))).rejects.toMatchObject({ code: 8 })
  }
  await expect(unary(client, path, Buffer.alloc(1))).rejects.toMatchObject({ code: 10 })
  client.close()
})

test('a client of sockets gets its last answers although it still sends when the server is done', async () => {
  const listener: Server = createServer((socket) => {
    const user = {
      ready: () => undefined,
      heard: () => undefined,
      closed: () => undefined,
      request: (...[stream, headers]: ConstructorParameters<typeof Recorder>): void => {
        const call = new Recorder(stream, headers)
        stream.respond(headerBlock([[':status', '200']]))
        stream.write(Buffer.alloc(1_000_000, 1))
        stream.end(headerBlock([['x-done', '1']]))
        expect(call.events).toEqual([])
        connection.drain()
      },
    }
    const limits = { streamsMax: 10, streamWindowBytes: 1 << 20, connectionWindowBytes: 1 << 22 }
    const connection = new Connection(socket, { ...limits, headersBytesMax: 65_536, mono: () => 0 }, user)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 4096 } })
  session.on('error', () => undefined)
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  stream.write(Buffer.alloc(60_000))
  expect((await outcome(stream)).body.length).toBe(1_000_000)
  session.destroy()
  listener.close()
})
