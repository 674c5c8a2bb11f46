/** The calls of a name server, without a connection. */
import { expect, test } from 'vitest'
import { nameService } from '../../src/namesrv/service.ts'
import { codecOf } from '../../src/rpc/protos.ts'
import type { CallContext } from '../../src/rpc/service.ts'
import type { DescribeClusterResponse, RegisterRequest } from '../../src/rpc/namesrv-types.ts'
import { GivenClock } from './given-clock.ts'
import { registration } from './made-up.ts'
import { silentLogger } from './silent-logger.ts'

const context: CallContext = {
  metadata: () => undefined,
  peer: '127.0.0.1:1',
  localAddress: '127.0.0.1:2',
  deadlineMono: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
}

test('what was registered is described, and forgotten after two minutes', async () => {
  const clock = new GivenClock()
  const methods = nameService({ clock, logger: silentLogger })
  const call = (name: string, request: Uint8Array): Promise<Uint8Array> => {
    const method = methods.find(({ path }) => path === `/dledger.v1.NameServer/${name}`)
    if (method?.type !== 'unary') throw new Error(`no call ${name}`)
    return method.handle(context, Buffer.from(request))
  }
  await call('Register', codecOf<RegisterRequest>('dledger.v1.RegisterRequest').encode(registration(1)))
  const answers = codecOf<DescribeClusterResponse>('dledger.v1.DescribeClusterResponse')
  const before = answers.decode(await call('DescribeCluster', new Uint8Array()))
  expect(before.groups).toMatchObject([{ group: 'broker-0', leaderId: 1, topicCount: 1 }])
  await clock.pass(120_001)
  expect(answers.decode(await call('DescribeCluster', new Uint8Array())).groups).toEqual([])
})
