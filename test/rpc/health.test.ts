import type { ClientReadableStream } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { healthMethods } from '../../src/rpc/health.ts'
import { codecOf } from '../../src/rpc/protos.ts'
import { GrpcCode } from '../../src/rpc/service.ts'
import { Gate, grpcClient, same, serve, unary, until } from './support/rpc-world.ts'

const requests = codecOf<{ readonly service: string }>('grpc.health.v1.HealthCheckRequest')
const responses = codecOf<{ readonly status: number }>('grpc.health.v1.HealthCheckResponse')
const [SERVING, NOT_SERVING, SERVICE_UNKNOWN] = [1, 2, 3]

test('health is told once for each call and, to who watches, at every change', async () => {
  let serving = true
  let change = new Gate()
  const methods = healthMethods({
    services: ['t.T'],
    isServing: () => serving,
    changed: () => change.promise,
  })
  await using server = await serve(methods)
  const client = grpcClient(server.port)
  const check = async (service: string): Promise<number | undefined> => {
    const reply = await unary(client, '/grpc.health.v1.Health/Check', requests.encode({ service }))
    return reply === undefined ? undefined : responses.decode(reply).status
  }
  const turn = (to: boolean): void => {
    serving = to
    const last = change
    change = new Gate()
    last.open()
  }
  const watch = (service: string): { seen: number[]; stream: ClientReadableStream<Buffer> } => {
    const path = '/grpc.health.v1.Health/Watch'
    const stream = client.makeServerStreamRequest(path, same, same, requests.encode({ service }))
    const seen: number[] = []
    stream.on('data', (bytes: Buffer) => seen.push(responses.decode(bytes).status))
    stream.on('error', () => undefined)
    return { seen, stream }
  }
  expect(await check('')).toBe(SERVING)
  expect(await check('t.T')).toBe(SERVING)
  await expect(check('t.Other')).rejects.toMatchObject({ code: GrpcCode.NOT_FOUND })
  const one = watch('t.T')
  const other = watch('t.Other')
  await until(() => one.seen.length === 1 && other.seen.length === 1)
  turn(false)
  await until(() => one.seen.length === 2)
  expect(await check('')).toBe(NOT_SERVING)
  turn(false)
  turn(true)
  await until(() => one.seen.length === 3)
  expect(one.seen).toEqual([SERVING, NOT_SERVING, SERVING])
  expect(other.seen).toEqual([SERVICE_UNKNOWN])
  one.stream.cancel()
  other.stream.cancel()
  client.close()
})
