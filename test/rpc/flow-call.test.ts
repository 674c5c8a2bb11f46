import { connect } from 'node:http2'
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { framed } from '../../src/rpc/framing.ts'
import type { RpcServer } from '../../src/rpc/server.ts'
import { type Flow, type FlowMethod, GrpcCode, GrpcFailure } from '../../src/rpc/service.ts'
import { grpcClient, Gate, same, serve } from './support/rpc-world.ts'

const closers: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function started(handle: FlowMethod): Promise<{
  readonly server: RpcServer
  readonly call: () => ClientReadableStream<Buffer>
}> {
  const server = await serve([{ type: 'flow', path: '/t.T/Flow', handle }])
  const client = grpcClient(server.port)
  closers.push(
    () => client.close(),
    () => server.close(0),
  )
  return {
    server,
    call: () => client.makeServerStreamRequest('/t.T/Flow', same, same, Buffer.from('request')),
  }
}

/** What a call gave and how it ended. */
async function outcome(
  stream: ClientReadableStream<Buffer>,
): Promise<readonly [items: string[], code: number]> {
  const items: string[] = []
  return new Promise((resolve) => {
    stream.on('data', (item: Buffer) => items.push(item.toString()))
    stream.on('error', (error: ServiceError) => resolve([items, error.code]))
    stream.on('end', () => resolve([items, 0]))
  })
}

test('messages arrive in order and the call ends well', async () => {
  const { call } = await started(async (_context, request, flow) => {
    for (let n = 0; n < 100; n++)
      expect(await flow.send(Buffer.from(`${request.toString()} ${n}`))).toBe(true)
  })
  const [items, code] = await outcome(call())
  expect(items).toEqual(Array.from({ length: 100 }, (_, n) => `request ${n}`))
  expect(code).toBe(0)
})

test('what the handler throws ends the call after what was sent', async () => {
  const { call } = await started(async (_context, _request, flow) => {
    await flow.send(Buffer.from('one'))
    throw new GrpcFailure(GrpcCode.OUT_OF_RANGE, 'gone')
  })
  expect(await outcome(call())).toEqual([['one'], GrpcCode.OUT_OF_RANGE])
})

test('a handler writes no faster than its client reads', async () => {
  let sent = 0
  const { server } = await started(async (_context, _request, flow) => {
    while (sent < 1_000 && (await flow.send(Buffer.alloc(64 * 1024)))) sent++
  })
  const session = connect(`http://127.0.0.1:${server.port}`)
  closers.unshift(() => session.destroy())
  const headers = { ':method': 'POST', ':path': '/t.T/Flow', 'content-type': 'application/grpc' }
  const stream = session.request(headers)
  stream.end(framed(Buffer.from('request')))
  await new Promise((resolve) => stream.once('response', resolve))
  for (let last = -1; last !== sent; ) {
    last = sent
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(sent).toBeLessThan(20)
  let bytes = 0
  stream.on('data', (chunk: Buffer) => (bytes += chunk.byteLength))
  await new Promise((resolve) => stream.on('end', resolve))
  expect(bytes).toBe(1_000 * (64 * 1024 + 5))
})

test('a handler that waits learns at once that its client is gone', async () => {
  const flows = new Gate<Flow>()
  const ended = new Gate<boolean>()
  const { call } = await started(async (_context, _request, flow) => {
    flows.open(flow)
    await new Promise<void>((resolve) => flow.over.addEventListener('abort', () => resolve()))
    ended.open(await flow.send(Buffer.from('late')))
  })
  const stream = call()
  stream.on('error', () => undefined)
  await flows.promise
  stream.cancel()
  expect(await ended.promise).toBe(false)
})

test('a server that stops breaks the call off as unavailable, not as complete', async () => {
  const flows = new Gate<Flow>()
  const { server, call } = await started(async (_context, _request, flow) => {
    flows.open(flow)
    await flow.send(Buffer.from('one'))
    await new Promise<void>((resolve) => flow.over.addEventListener('abort', () => resolve()))
  })
  const ends = outcome(call())
  await flows.promise
  await new Promise((resolve) => setTimeout(resolve, 50))
  const startedMs = performance.now()
  await server.close(5_000)
  expect(await ends).toEqual([['one'], GrpcCode.UNAVAILABLE])
  expect(performance.now() - startedMs).toBeLessThan(2_000)
})
