import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MessagingServiceCalls, ReceiveMessageResponse } from '../../src/rpc/apache-service.ts'
import { keptCertificate } from '../../src/rpc/certificate.ts'
import { openClient, type ServiceClient } from '../../src/rpc/client.ts'
import { codecOf } from '../../src/rpc/protos.ts'
import type { Method } from '../../src/rpc/service.ts'
import { Gate, plainSocket, serve, until } from './support/rpc-world.ts'

const service = 'apache.rocketmq.v2.MessagingService'
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-'))
})
afterEach(() => rm(folder, { recursive: true }))

function open(port: number): ServiceClient<MessagingServiceCalls> {
  return openClient<MessagingServiceCalls>({ service, address: `127.0.0.1:${port}` })
}

function unaryMethod(name: string, handle: Extract<Method, { type: 'unary' }>['handle']): Method {
  return { type: 'unary', path: `/${service}/${name}`, handle }
}

test('a streamed response is gathered', async () => {
  const codec = codecOf<ReceiveMessageResponse>('apache.rocketmq.v2.ReceiveMessageResponse')
  const items = [
    codec.encode({ message: { body: Buffer.from('a') } }),
    codec.encode({ status: { code: 20_000 } }),
  ]
  const receive: Method = {
    type: 'serverStream',
    path: `/${service}/ReceiveMessage`,
    handle: () => Promise.resolve({ items }),
  }
  await using server = await serve([receive])
  await using client = open(server.port)
  const got = await client.collect('ReceiveMessage', { batchSize: 1 }, { timeoutMs: 5000 })
  expect(got.map((item) => item.content)).toEqual(['message', 'status'])
  expect(got[0]?.message?.body.toString()).toBe('a')
})

test('metadata arrives', async () => {
  const seen: (string | undefined)[] = []
  const heartbeat = unaryMethod('Heartbeat', (context) => {
    seen.push(context.metadata('x-mq-client-id'))
    return Promise.resolve(Buffer.alloc(0))
  })
  await using server = await serve([heartbeat])
  await using client = open(server.port)
  await client.call('Heartbeat', {}, { timeoutMs: 5000, metadata: { 'x-mq-client-id': 'me' } })
  expect(seen).toEqual(['me'])
})

test('a call ends at its time-out, and at its signal, with an unknown outcome', async () => {
  const started = new Gate()
  const heartbeat = unaryMethod('Heartbeat', () => {
    started.open()
    return new Promise(() => undefined)
  })
  await using server = await serve([heartbeat])
  await using client = open(server.port)
  await expect(client.call('Heartbeat', {}, { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    outcome: 'unknown',
  })
  const abort = new AbortController()
  const call = client.call('Heartbeat', {}, { timeoutMs: 5000, signal: abort.signal })
  await started.promise
  abort.abort()
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'unknown' })
  await expect(client.call('Heartbeat', {}, { timeoutMs: 5000, signal: abort.signal })).rejects.toMatchObject(
    { code: 'CANCELLED', outcome: 'none' },
  )
})

test('a member that is not there is CLOSED, and found again when it is', async () => {
  const heartbeat = unaryMethod('Heartbeat', () => Promise.resolve(Buffer.alloc(0)))
  const first = await serve([heartbeat])
  const { port } = first
  await first.close(0)
  await using client = open(port)
  await expect(client.call('Heartbeat', {}, { timeoutMs: 2000 })).rejects.toMatchObject({ code: 'CLOSED' })
  await using server = await serve([heartbeat], { port })
  let answered = false
  while (!answered) {
    answered = await client.call('Heartbeat', {}, { timeoutMs: 2000 }).then(
      () => true,
      () => false,
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(server.connections).toBe(1)
})

test('a call that the service does not offer is NOT_IMPLEMENTED and has not happened', async () => {
  await using server = await serve([])
  await using client = open(server.port)
  await expect(client.call('QueryRoute', {}, { timeoutMs: 2000 })).rejects.toMatchObject({
    code: 'NOT_IMPLEMENTED',
    outcome: 'none',
  })
})

test('a client with the path of the authority speaks TLS', async () => {
  const certificate = await keptCertificate(folder, [], Date.now())
  const heartbeat = unaryMethod('Heartbeat', () => Promise.resolve(Buffer.alloc(0)))
  await using server = await serve([heartbeat], { certificate, plaintext: false })
  const address = `localhost:${server.port}`
  await using client = openClient<MessagingServiceCalls>({
    service,
    address,
    tls: { caPath: certificate.caPath },
  })
  expect(await client.call('Heartbeat', {}, { timeoutMs: 5000 })).toEqual({ status: null })
})

test('closing a client ends its connection', async () => {
  const heartbeat = unaryMethod('Heartbeat', () => Promise.resolve(Buffer.alloc(0)))
  await using server = await serve([heartbeat])
  {
    await using client = open(server.port)
    await client.call('Heartbeat', {}, { timeoutMs: 5000 })
    expect(server.connections).toBe(1)
  }
  await until(() => server.connections === 0)
  const { socket } = await plainSocket(server.port)
  socket.destroy()
})
