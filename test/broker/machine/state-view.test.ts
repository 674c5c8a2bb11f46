import { describe, expect, test } from 'vitest'
import type { Millis, QueueOffset } from '../../../src/base/brand.ts'
import { RENEW_MS } from '../../../src/base/limits.ts'
import type { Delivery } from '../../../src/broker/machine/commands.ts'
import { pageRowKey } from '../../../src/broker/machine/tables.ts'
import { clientHash } from './support/messages.ts'
import { INVISIBLE_MS, receiptsOf, Scene } from './support/scene.ts'

describe('visible claims', () => {
  test('come oldest deadline first, at most as many as asked, and stay for the next call', () => {
    const scene = new Scene()
    scene.send(3)
    for (const [i, time] of [300, 100, 200].entries()) {
      scene.claim({ invisibleMs: time as Millis, parts: [{ end: (i + 1) as QueueOffset }] })
    }
    const at = (ms: number, max: number) =>
      scene.machine.visibleClaims(1, 1, (scene.nowMs + ms) as Millis, max).map(({ offset }) => offset)
    expect(at(0, 9)).toEqual([])
    expect(at(200, 9)).toEqual([1, 2])
    expect(at(300, 2)).toEqual([1, 2])
    expect(at(300, 9)).toEqual([1, 2, 0])
    expect(scene.machine.visibleClaims(1, 9, scene.machine.now, 9)).toEqual([])
  })

  test('tell who held them', () => {
    const scene = new Scene()
    scene.send(1)
    scene.claim({ client: clientHash(4), autoRenew: true })
    scene.later(INVISIBLE_MS)
    expect(scene.machine.visibleClaims(1, 1, scene.machine.now, 1)).toEqual([
      {
        groupId: 1,
        queue: 1,
        offset: 0,
        attempt: 1,
        visibleAt: scene.nowMs,
        firstClaimedAt: scene.nowMs - INVISIBLE_MS,
        autoRenew: true,
        client: clientHash(4),
      },
    ])
  })
})

describe('claims to renew', () => {
  const ENDS_MS = RENEW_MS + 1

  /** Messages 0 to 2 in the hands of clients 1 to 3; the third does not renew. All were handed over. */
  function held(): Scene {
    const scene = new Scene({ attemptsMax: 2 })
    scene.send(4)
    const deliveries: Delivery[] = []
    for (const client of [1, 2, 3]) {
      const parts = [{ end: client as QueueOffset }]
      const claimed = scene.claim({
        client: clientHash(client),
        autoRenew: client !== 3,
        invisibleMs: RENEW_MS as Millis,
        parts,
      })
      deliveries.push(...receiptsOf(claimed))
    }
    scene.one({ type: 'renew', invisibleMs: RENEW_MS as Millis, deliveries }, 1)
    return scene
  }

  test('are those with automatic renewal that end soon, of clients that live', () => {
    const scene = held()
    const soon = (scene.nowMs + RENEW_MS + 1) as Millis
    const offsets = (time: Millis, max: number, isAlive?: (client: Uint8Array) => boolean) =>
      scene.machine.renewable(time, max, isAlive).map(({ offset }) => offset)
    expect(offsets(soon, 9)).toEqual([0, 1])
    expect(offsets((soon - 1) as Millis, 9)).toEqual([])
    expect(offsets(soon, 1)).toEqual([0])
    expect(offsets(soon, 9, (client) => client[7] === 2)).toEqual([1])
    expect(offsets(soon, 9)).toEqual([0, 1])
  })

  test('are not those of which nobody said that they were handed over', () => {
    const scene = new Scene()
    scene.send(2)
    const parts = [{ end: 2 as QueueOffset }]
    const claimed = scene.claim({ autoRenew: true, invisibleMs: RENEW_MS as Millis, parts })
    const soon = (scene.nowMs + 2 * RENEW_MS) as Millis
    expect(scene.machine.renewable(soon, 9)).toEqual([])
    const deliveries = receiptsOf(claimed).slice(1)
    scene.one({ type: 'renew', invisibleMs: RENEW_MS as Millis, deliveries }, 1)
    expect(scene.machine.renewable(soon, 9).map(({ offset }) => offset)).toEqual([1])
  })

  test('are not those that are over', () => {
    const scene = held()
    scene.later(ENDS_MS)
    expect(scene.machine.renewable((scene.nowMs + 10 * RENEW_MS) as Millis, 9)).toEqual([])
  })

  test('are those that still hold their message', () => {
    const scene = held()
    const delivery = { groupId: 1, queue: 1, offset: 0 as QueueOffset, attempt: 1 }
    expect(scene.machine.isRenewed(delivery)).toBe(true)
    expect(scene.machine.isRenewed({ ...delivery, attempt: 2 })).toBe(false)
    expect(scene.machine.isRenewed({ ...delivery, offset: 2 as QueueOffset })).toBe(false)
    scene.later(ENDS_MS)
    expect(scene.machine.isRenewed(delivery)).toBe(false)
  })
})

describe('exhausted claims', () => {
  test('are those without attempts left, once they are visible', () => {
    const scene = new Scene({ attemptsMax: 1 })
    scene.send(2)
    const receipts = receiptsOf(scene.claim())
    expect(scene.machine.exhausted(scene.machine.now, 9)).toEqual([])
    scene.later(INVISIBLE_MS)
    expect(scene.machine.exhausted(scene.machine.now, 1)).toMatchObject([{ offset: 0 }])
    expect(scene.machine.exhausted(scene.machine.now, 9)).toHaveLength(2)
    expect(scene.visible()).toEqual([])
    expect(scene.ack(receipts)).toEqual([false, false])
  })
})

test('a pointer is in memory or in the page that its key names', () => {
  const scene = new Scene()
  scene.send(200)
  expect(scene.machine.pointerInMemory(9, 0 as QueueOffset)).toBeUndefined()
  expect(scene.machine.pageKey(1, 127 as QueueOffset)).toEqual(pageRowKey(1, 0))
  const key = Buffer.from(scene.machine.pageKey(1, 199 as QueueOffset)).toString('hex')
  expect(scene.machine.pointerInMemory(1, 127 as QueueOffset)).toBeDefined()
  scene.drain()
  expect(scene.machine.pointerInMemory(1, 127 as QueueOffset)).toBeUndefined()
  const page = scene.table.get(key)?.value
  expect(scene.machine.pointerInPage(page as Uint8Array, 199 as QueueOffset)).toEqual(
    scene.machine.pointerInMemory(1, 199 as QueueOffset),
  )
})

test('topics, groups and queues are found by what names them', () => {
  const { machine } = new Scene({ queues: 2 })
  expect(machine.topicById(1)).toBe(machine.topic('orders'))
  expect([...machine.topics()]).toEqual([machine.topic('orders')])
  expect(machine.groupById(1)).toBe(machine.group('shop'))
  expect([...machine.groups()]).toEqual([machine.group('shop')])
  expect(machine.queue(2)).toMatchObject({ queue: 2, topicId: 1, queueId: 1, minOffset: 0, nextOffset: 0 })
  expect(machine.consumer(1, 3)).toBeUndefined()
})
