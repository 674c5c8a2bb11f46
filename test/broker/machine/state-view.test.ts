import { describe, expect, test } from 'vitest'
import type { Millis, QueueOffset } from '../../../src/base/brand.ts'
import { pageRowKey } from '../../../src/broker/machine/tables.ts'
import { clientHash } from './support/messages.ts'
import { INVISIBLE_MS, range, receiptsOf, Scene } from './support/scene.ts'

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
  function held(): Scene {
    const scene = new Scene({ attemptsMax: 2 })
    scene.send(4)
    for (const client of [1, 2, 3]) {
      const parts = [{ end: client as QueueOffset }]
      scene.claim({ client: clientHash(client), autoRenew: client !== 3, parts })
    }
    return scene
  }

  test('are those with automatic renewal that end soon, of clients that live', () => {
    const scene = held()
    const soon = (scene.nowMs + INVISIBLE_MS + 1) as Millis
    const offsets = (time: Millis, max: number, isAlive?: (client: Uint8Array) => boolean) =>
      scene.machine.renewable(time, max, isAlive).map(({ offset }) => offset)
    expect(offsets(soon, 9)).toEqual([0, 1])
    expect(offsets((soon - 1) as Millis, 9)).toEqual([])
    expect(offsets(soon, 1)).toEqual([0])
    expect(offsets(soon, 9, (client) => client[7] === 2)).toEqual([1])
    expect(offsets(soon, 9)).toEqual([0, 1])
  })

  test('are with a condition only those whose request meets it, and the others are not forgotten', () => {
    const scene = held()
    const soon = (scene.nowMs + INVISIBLE_MS + 1) as Millis
    const all = () => true
    expect(scene.machine.renewable(soon, 9, all, () => false)).toEqual([])
    const seen: string[] = []
    const first = (request: Uint8Array): boolean => {
      const text = Buffer.from(request).toString('hex')
      if (!seen.includes(text)) seen.push(text)
      return text === seen[0]
    }
    expect(scene.machine.renewable(soon, 9, all, first).map(({ offset }) => offset)).toEqual([0])
    expect(scene.machine.renewable(soon, 9)).toHaveLength(2)
  })

  test('are not those that are over, but they come back with their next delivery', () => {
    const scene = held()
    scene.later(INVISIBLE_MS)
    const all = () => scene.machine.renewable((scene.nowMs + 10 * INVISIBLE_MS) as Millis, 9)
    expect(all()).toEqual([])
    scene.claim({ autoRenew: true, parts: [{ again: range(0, 1) }] })
    expect(all()).toMatchObject([{ offset: 0, attempt: 2 }])
    expect(all()).toMatchObject([{ offset: 0, attempt: 2 }])
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
  expect(scene.machine.pointerInMemory(1, 127 as QueueOffset)).toBeUndefined()
  expect(scene.machine.pointerInMemory(9, 0 as QueueOffset)).toBeUndefined()
  expect(scene.machine.pageKey(1, 127 as QueueOffset)).toEqual(pageRowKey(1, 0))
  const key = Buffer.from(scene.machine.pageKey(1, 199 as QueueOffset)).toString('hex')
  scene.drain()
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
