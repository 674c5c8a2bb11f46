import { describe, expect, test } from 'vitest'
import { encodeReceiptHandle } from '../../src/broker/machine/receipt-handle.ts'
import { clientSeen, contact, heartbeat, notifyTermination, release } from '../../src/proxy/client-calls.ts'
import type { LeaderPart } from '../../src/proxy/leader-context.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { headFor, v2, world, type World } from './support/facade-world.ts'
import { receiptAt } from './support/receive-world.ts'

const CLIENT_ID = 'host@1@0@abc'

async function run(part: LeaderPart, at: World, type: string, message: object): Promise<number | undefined> {
  const request = v2(type).encode(message)
  const [reply] = await part(at.context, headFor('heartbeat'), request, new AbortController().signal)
  if (reply === undefined) return undefined
  return v2<{ status: { code: number } }>('HeartbeatResponse').decode(reply).status.code
}

describe('a heartbeat', () => {
  test('of a consumer is a contact of its group', async () => {
    const at = world()
    const message = { group: { name: 'billing' }, clientType: 2 }
    expect(await run(heartbeat, at, 'HeartbeatRequest', message)).toBe(Code.OK)
    expect(at.operations.contacts).toEqual([['billing', [], CLIENT_ID]])
  })

  test('of a producer, or of a client that no settings came from, is OK', async () => {
    const at = world()
    expect(await run(heartbeat, at, 'HeartbeatRequest', { clientType: 1 })).toBe(Code.OK)
    expect(at.operations.contacts).toEqual([])
  })

  test('of an illegal group is refused', async () => {
    const beat = run(heartbeat, world(), 'HeartbeatRequest', { group: { name: 'a b' } })
    await expect(beat).rejects.toMatchObject({ code: Code.ILLEGAL_CONSUMER_GROUP })
  })
})

describe('a termination', () => {
  test.each([
    [{ group: { name: 'billing' } }, 'billing'],
    [{}, null],
    [{ group: { name: '' } }, null],
  ])('of %o gives back what the client holds', async (message, group) => {
    const at = world()
    expect(await run(notifyTermination, at, 'NotifyClientTerminationRequest', message)).toBe(Code.OK)
    expect(at.operations.terminations).toEqual([[CLIENT_ID, group]])
  })
})

test('settings are a contact of the group with each of its topics', async () => {
  const at = world()
  const subscriptions = [{ topic: { name: 'orders' } }, { topic: { name: 'returns' } }]
  await run(contact, at, 'Subscription', { group: { name: 'billing' }, subscriptions })
  expect(at.operations.contacts).toEqual([['billing', ['orders', 'returns'], CLIENT_ID]])
})

test('claims that no client got are released, unreadable handles passed over', async () => {
  const at = world()
  const entries = [{ receiptHandle: encodeReceiptHandle(receiptAt(5)) }, { receiptHandle: 'rubbish' }]
  await run(release, at, 'AckMessageRequest', { entries })
  await run(release, at, 'AckMessageRequest', { entries: [{ receiptHandle: 'rubbish' }] })
  expect(at.operations.releases).toEqual([[receiptAt(5)]])
})

test('a sign of life does nothing else', async () => {
  const at = world()
  expect(await run(clientSeen, at, 'HeartbeatRequest', {})).toBeUndefined()
  expect(at.operations.contacts).toEqual([])
})
