import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { BrokerError } from '../../src/base/errors.ts'
import type { LeaderMethod } from '../../src/proxy/call-head.ts'
import { refusalReply, runLeaderCall } from '../../src/proxy/leader-calls.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { draftMessage, headFor, sendBytes, v2, world, type World } from './support/facade-world.ts'
import { outline, receiveBytes } from './support/receive-world.ts'

const statuses = v2<{ status: { code: number; message: string } }>('HeartbeatResponse')

function run(at: World, method: LeaderMethod, request: Uint8Array): Promise<readonly Uint8Array[]> {
  return runLeaderCall(at.context, headFor(method), request, new AbortController().signal)
}

describe('at the leader', () => {
  test('what a call did wrong is its answer', async () => {
    const replies = await run(world(), 'sendMessage', sendBytes())
    expect(replies.map((reply) => statuses.decode(reply).status.code)).toEqual([Code.MESSAGE_CORRUPTED])
  })

  test('bytes that are no request are answered too', async () => {
    const [reply] = await run(world(), 'heartbeat', Uint8Array.from([0x0a, 0x7f]))
    expect(statuses.decode(reply ?? Buffer.alloc(0)).status.code).toBe(Code.BAD_REQUEST)
  })

  test('a stream is answered with items', async () => {
    const at = world()
    at.operations.onReceive = () => Promise.reject(new BrokerError('TOPIC_NOT_FOUND', 'no topic'))
    expect(outline(await run(at, 'receiveMessage', receiveBytes()))).toEqual([
      Code.TOPIC_NOT_FOUND,
      'deliveryTimestamp',
    ])
  })

  test.each(['NOT_LEADER', 'CLOSED', 'TIMEOUT'] as const)(
    '%s is left to who brought the call',
    async (code) => {
      const at = world()
      at.operations.onSend = () => Promise.reject(new BrokerError(code, 'why'))
      await expect(run(at, 'sendMessage', sendBytes(draftMessage()))).rejects.toMatchObject({ code })
    },
  )

  test('an unknown outcome is never made a failure', async () => {
    const at = world()
    at.operations.onSend = () =>
      Promise.reject(new BrokerError('STORAGE_FAILED', 'why', { outcome: 'unknown' }))
    await expect(run(at, 'sendMessage', sendBytes(draftMessage()))).rejects.toMatchObject({
      outcome: 'unknown',
    })
  })

  test('a broken rule of our own is not answered', async () => {
    const at = world()
    at.operations.onSend = () => Promise.reject(new InvariantError('a rule'))
    await expect(run(at, 'sendMessage', sendBytes(draftMessage()))).rejects.toThrow(InvariantError)
  })

  test('every call shows that its client lives, except its goodbye', async () => {
    const at = world()
    await run(at, 'sendMessage', sendBytes())
    await run(at, 'clientSeen', new Uint8Array(0))
    await run(at, 'notifyTermination', new Uint8Array(0))
    expect(at.operations.seen).toEqual(['host@1@0@abc', 'host@1@0@abc'])
  })
})

test('a refusal has the form of the call', () => {
  const status = { code: Code.TOO_MANY_REQUESTS, message: 'busy' }
  expect(refusalReply('queryRoute', new Uint8Array(0), status, 0).length).toBe(1)
  expect(outline(refusalReply('receiveMessage', new Uint8Array(0), status, 0))).toEqual([
    Code.TOO_MANY_REQUESTS,
    'deliveryTimestamp',
  ])
  for (const method of ['ackMessage', 'changeInvisible', 'sendMessage'] as const) {
    const [reply] = refusalReply(method, new Uint8Array(0), status, 0)
    expect(statuses.decode(reply ?? Buffer.alloc(0)).status).toEqual(status)
  }
})
