/** Clients that cancel, stop half-way, send too much and vanish, all at once: the server must outlive them. */
import { type ClientHttp2Session, connect } from 'node:http2'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'
import { framed } from '../../src/rpc/framing.ts'
import type { Method } from '../../src/rpc/service.ts'
import { grpcClient, serve, unary, until } from './support/rpc-world.ts'

const SEEDS = [1, 2, 3, 4]
const ROUNDS = 8
const CALLS_MAX = 40

function methods(prng: Prng, fates: { started: number; told: number }): Method[] {
  return [
    {
      type: 'unary',
      path: '/t.T/Unary',
      async handle(context, request) {
        if (prng.chance(0.3)) expect(context.signal).toBeDefined()
        await wait(prng.below(20))
        if (prng.chance(0.1)) throw new Error('of a handler')
        return request
      },
    },
    {
      type: 'serverStream',
      path: '/t.T/Stream',
      async handle() {
        fates.started++
        await wait(prng.below(10))
        const told = (): void => void fates.told++
        const items = Array.from({ length: 30 }, () => Buffer.alloc(prng.below(60_000)))
        return { items, onDelivered: told, onLost: told }
      },
    },
    {
      type: 'bidi',
      path: '/t.T/Talk',
      async handle(_context, stream) {
        for await (const message of stream) stream.send(message)
      },
    },
  ]
}

function misbehave(session: ClientHttp2Session, prng: Prng): void {
  const path = prng.pick(['/t.T/Unary', '/t.T/Stream', '/t.T/Talk', '/t.T/None'])
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' })
  stream.on('error', () => undefined)
  if (prng.chance(0.7)) stream.resume()
  const bytes = framed(Buffer.alloc(prng.chance(0.9) ? prng.below(3000) : prng.below(2_000_000)))
  stream.write(prng.chance(0.2) ? bytes.subarray(0, prng.below(bytes.byteLength)) : bytes)
  if (prng.chance(0.8)) stream.end()
  if (prng.chance(0.3)) setTimeout(() => stream.close(prng.below(12)), prng.below(100))
}

async function hostileClient(port: number, prng: Prng): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const session = connect(`http://127.0.0.1:${port}`)
    session.on('error', () => undefined)
    for (let calls = prng.below(CALLS_MAX, 1); calls > 0; calls--) misbehave(session, prng)
    await wait(prng.below(150))
    if (prng.chance(0.5)) session.close()
    setTimeout(() => session.destroy(), prng.below(200))
  }
}

test('the server outlives them, tells the fate of each reply once, and forgets their connections', async () => {
  const fates = { started: 0, told: 0 }
  await using server = await serve(methods(new Prng(99), fates), { pingEveryMs: 500 })
  await Promise.all(SEEDS.map((seed) => hostileClient(server.port, new Prng(seed))))
  const client = grpcClient(server.port)
  const answers = await Promise.allSettled(
    Array.from({ length: 20 }, () => unary(client, '/t.T/Unary', Buffer.from('still here'))),
  )
  expect(answers.some((answer) => answer.status === 'fulfilled')).toBe(true)
  client.close()
  await until(() => server.connections === 0)
  await until(() => fates.told === fates.started)
  expect(fates.started).toBeGreaterThan(0)
})
