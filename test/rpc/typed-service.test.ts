import { expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { openClient } from '../../src/rpc/client.ts'
import type { NameServerCalls } from '../../src/rpc/namesrv-types.ts'
import { GrpcCode } from '../../src/rpc/service.ts'
import { typedService, type TypedHandlers } from '../../src/rpc/typed-service.ts'
import { grpcClient, serve, unary } from './support/rpc-world.ts'

const handlers: TypedHandlers<NameServerCalls> = {
  Register: () => Promise.resolve({}),
  DescribeCluster: (_context, request) =>
    Promise.resolve({ groups: [{ group: request.group, leaderId: 2 }] }),
  DescribeTopicRoute: () =>
    Promise.reject(new BrokerError('NO_LEADER', 'nobody leads', { outcome: 'unknown' })),
}
const methods = typedService<NameServerCalls>('dledger.v1.NameServer', handlers)

test('objects go in and come out', async () => {
  await using server = await serve(methods)
  await using client = openClient<NameServerCalls>({
    service: 'dledger.v1.NameServer',
    address: `127.0.0.1:${server.port}`,
  })
  const { groups } = await client.call('DescribeCluster', { group: 'broker-0' }, { timeoutMs: 5000 })
  expect(groups).toEqual([
    { clusterId: '', group: 'broker-0', members: [], leaderId: 2, term: 0, liveness: [], topicCount: 0 },
  ])
})

test('a handler that throws tells code and outcome', async () => {
  await using server = await serve(methods)
  await using client = openClient<NameServerCalls>({
    service: 'dledger.v1.NameServer',
    address: `127.0.0.1:${server.port}`,
  })
  await expect(client.call('DescribeTopicRoute', { topic: 't' }, { timeoutMs: 5000 })).rejects.toMatchObject({
    code: 'NO_LEADER',
    outcome: 'unknown',
    message: expect.stringContaining('nobody leads'),
  })
})

test('bytes that are no request are refused', async () => {
  await using server = await serve(methods)
  const client = grpcClient(server.port)
  const bytes = Buffer.of(0x07)
  await expect(unary(client, '/dledger.v1.NameServer/Register', bytes)).rejects.toMatchObject({
    code: GrpcCode.INVALID_ARGUMENT,
  })
  client.close()
})

test('a service with a missing handler is a mistake of ours', () => {
  const { DescribeCluster, DescribeTopicRoute } = handlers
  const some = { DescribeCluster, DescribeTopicRoute } as typeof handlers
  expect(() => typedService('dledger.v1.NameServer', some)).toThrow(
    expect.objectContaining({ name: 'InvariantError' }),
  )
})
