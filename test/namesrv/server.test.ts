/** A name server on a port of its own. */
import { expect, test } from 'vitest'
import { NameServerClients } from '../../src/namesrv/client.ts'
import { startNameServer } from '../../src/namesrv/server.ts'
import { RealClock } from '../../src/store/real-clock.ts'
import { registration } from './made-up.ts'
import { silentLogger } from './silent-logger.ts'

test('a broker registers and a tool asks the name server that is alive', async () => {
  const dependencies = { clock: new RealClock(), logger: silentLogger }
  await using server = await startNameServer({ listen: '127.0.0.1:0' }, dependencies)
  const address = `127.0.0.1:${server.port}`
  const clients = new NameServerClients()
  try {
    await clients.register(address, registration(1), new AbortController().signal)
    const places = ['127.0.0.1:1', address]
    const route = await clients.queryAny(places, 'DescribeTopicRoute', { topic: 'hello' }, 2_000)
    expect(route).toMatchObject({
      topic: { name: 'hello', queueCount: 8 },
      groups: [{ leaderId: 1, term: 2 }],
    })
    const unknown = await clients.queryAny(places, 'DescribeTopicRoute', { topic: 'other' }, 2_000)
    expect(unknown).toMatchObject({ topic: null, groups: [] })
  } finally {
    clients.close()
  }
})

test('an address that is none is refused in one sentence', async () => {
  const dependencies = { clock: new RealClock(), logger: silentLogger }
  await expect(startNameServer({ listen: 'nowhere' }, dependencies)).rejects.toThrow(
    '"nowhere" is not host:port',
  )
})
