import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import type { BidiStream, Method } from '../../src/rpc/service.ts'
import { Gate, grpcClient, plainSocket, same, serve, unary, until } from './support/rpc-world.ts'

const echo: Method = {
  type: 'unary',
  path: '/t.T/Echo',
  handle: (_context, request) => Promise.resolve(request),
}

function slow(gate: Gate, started: Gate): Method {
  return {
    type: 'unary',
    path: '/t.T/Slow',
    async handle(_context, request) {
      started.open()
      await gate.promise
      return request
    },
  }
}

test('a server that closes lets calls end, ends streams with OK and takes nothing new', async () => {
  const gate = new Gate()
  const started = new Gate()
  const opened = new Gate<BidiStream>()
  const talk: Method = {
    type: 'bidi',
    path: '/t.T/Talk',
    async handle(_context, stream) {
      opened.open(stream)
      for await (const message of stream) stream.send(message)
    },
  }
  const server = await serve([echo, slow(gate, started), talk])
  const { port } = server
  const client = grpcClient(port)
  const under = unary(client, '/t.T/Slow', Buffer.from('under way'))
  const stream = client.makeBidiStreamRequest(talk.path, same, same)
  stream.on('error', () => undefined)
  stream.resume()
  const ended = new Promise<{ code: number }>((resolve) => stream.on('status', resolve))
  await Promise.all([started.promise, opened.promise])
  const closed = server.close(5000)
  expect((await ended).code).toBe(status.OK)
  await expect(unary(grpcClient(port), echo.path, Buffer.alloc(0), 500)).rejects.toMatchObject({
    code: status.UNAVAILABLE,
  })
  gate.open()
  expect(String(await under)).toBe('under way')
  await closed
  expect(server.connections).toBe(0)
  client.close()
})

test('what does not end in time is cut', async () => {
  const started = new Gate()
  const server = await serve([slow(new Gate(), started)])
  const client = grpcClient(server.port)
  const under = unary(client, '/t.T/Slow', Buffer.alloc(0)).catch((error: unknown) => error)
  const { closed } = await plainSocket(server.port)
  await started.promise
  await server.close(50)
  await closed
  expect(await under).toMatchObject({
    code: expect.toBeOneOf([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]),
  })
  client.close()
})

test('connections that have not spoken do not hold a closing server up', async () => {
  const server = await serve([echo])
  const { closed } = await plainSocket(server.port)
  await until(() => server.connections === 1)
  await server.close(60_000)
  await closed
})

test('connections beyond the limit are closed at once', async () => {
  await using server = await serve([echo], { connectionsMax: 2 })
  const first = await plainSocket(server.port)
  const second = await plainSocket(server.port)
  await until(() => server.connections === 2)
  const third = await plainSocket(server.port)
  expect((await third.closed).byteLength).toBe(0)
  first.socket.destroy()
  await until(() => server.connections === 1)
  const client = grpcClient(server.port)
  expect(String(await unary(client, echo.path, Buffer.from('room again')))).toBe('room again')
  client.close()
  second.socket.destroy()
})

test('a port that is taken is an error of the configuration', async () => {
  await using server = await serve([echo])
  await expect(serve([echo], { port: server.port })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('two methods on one path are a mistake of ours', async () => {
  await expect(serve([echo, echo])).rejects.toMatchObject({ name: 'InvariantError' })
})
