import { randomBytes } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { speechOf } from '../../src/rpc/port-gate.ts'
import type { Method } from '../../src/rpc/service.ts'
import { grpcClient, plainSocket, serve, unary, until } from './support/rpc-world.ts'

const path = '/t.T/Echo'
const echo: Method = { type: 'unary', path, handle: (_context, request) => Promise.resolve(request) }
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

describe('the first bytes', () => {
  test.each([
    ['', undefined],
    ['P', undefined],
    ['PRI', undefined],
    ['PRI ', 'http2'],
    [preface.toString(), 'http2'],
    ['POST', 'http1'],
    ['PUT /', 'http1'],
    ['GET / HTTP/1.1\r\n', 'http1'],
    ['\x16\x03\x01', 'tls'],
    ['\x16', 'tls'],
    ['\0\0\0', 'unknown'],
    ['PRX', 'http1'],
    ['PRI / HTTP', 'http1'],
    ['SSH-2.0', 'unknown'],
  ])('%j speak %s', (bytes, speech) => {
    expect(speechOf(Buffer.from(bytes, 'latin1'))).toBe(speech)
  })
})

describe('a server', () => {
  test('reads a preface that comes byte by byte', async () => {
    await using server = await serve([echo])
    const { socket } = await plainSocket(server.port)
    const answered = new Promise<Buffer>((resolve) => socket.once('data', resolve))
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
    for (const byte of Buffer.concat([preface, settings])) {
      socket.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await answered)[3]).toBe(4)
    socket.destroy()
  })

  test('tells a client of HTTP/1 so and closes', async () => {
    await using server = await serve([echo])
    const { socket, closed } = await plainSocket(server.port)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    expect((await closed).toString()).toMatch(/^HTTP\/1.1 505 .*gRPC over HTTP\/2\.\n$/s)
  })

  test.each([
    ['random bytes', Buffer.concat([Buffer.of(0x80), randomBytes(100_000)])],
    ['garbage that begins like TLS', Buffer.concat([Buffer.of(0x16, 3, 1, 2, 0), randomBytes(10_000)])],
    ['garbage after the preface', Buffer.concat([preface, Buffer.alloc(70_000, 0xff)])],
    ['TLS without a certificate', Buffer.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0)],
  ])('closes %s and serves on', async (_name, bytes) => {
    await using server = await serve([echo])
    const { socket, closed } = await plainSocket(server.port)
    socket.write(bytes)
    await closed
    const client = grpcClient(server.port)
    expect(String(await unary(client, path, Buffer.from('on')))).toBe('on')
    client.close()
    await until(() => server.connections === 0)
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('P')],
    ['half a preface', preface.subarray(0, 12)],
    ['a preface and no settings', preface],
  ])('closes a connection that says %s', async (_name, bytes) => {
    await using server = await serve([echo], { prefaceMsMax: 100 })
    const { socket, closed } = await plainSocket(server.port)
    socket.write(bytes)
    expect(server.connections).toBeLessThanOrEqual(1)
    await closed
    await until(() => server.connections === 0)
  })

  test('keeps a connection that has spoken', async () => {
    await using server = await serve([echo], { prefaceMsMax: 50 })
    const client = grpcClient(server.port)
    await unary(client, path, Buffer.from('a'))
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(server.connections).toBe(1)
    await unary(client, path, Buffer.from('b'))
    client.close()
  })

  test('refuses plaintext when it is told to', async () => {
    await using server = await serve([echo], { plaintext: false })
    const client = grpcClient(server.port)
    await expect(unary(client, path, Buffer.alloc(0), 1000)).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    })
    client.close()
  })
})
