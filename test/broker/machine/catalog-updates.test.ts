import { describe, expect, test } from 'vitest'
import type { Millis } from '../../../src/base/brand.ts'
import { QUEUES_PER_TOPIC_MAX } from '../../../src/base/limits.ts'
import type { UpdateTopic } from '../../../src/broker/machine/commands.ts'
import { plainPolicy } from '../../../src/broker/machine/group-policy.ts'
import { INVISIBLE_MS, Scene } from './support/scene.ts'

const NOTHING: UpdateTopic = {
  type: 'updateTopic',
  name: 'orders',
  queueCount: null,
  permission: null,
  retentionMs: null,
}

describe('a topic in use', () => {
  test('gets more queues, which its groups read from their first message, also after a restart', () => {
    const scene = new Scene({ queues: 1 })
    scene.send(3)
    expect(scene.one({ ...NOTHING, queueCount: 3 })).toEqual({ type: 'topic', topicId: 1 })
    scene.restart()
    const sent = scene.send(6)
    expect(new Set(sent.map(({ queueId }) => queueId))).toEqual(new Set([0, 1, 2]))
    const topic = scene.machine.topic('orders')
    for (const queue of topic?.queues.slice(1) ?? []) {
      expect(scene.machine.consumer(1, queue)).toMatchObject({ cursor: 0 })
    }
    expect(scene.machine.faults()).toEqual([])
  })

  test('never loses queues, and has no more than a topic may have', () => {
    const scene = new Scene({ queues: 2 })
    for (const queueCount of [0, 1, QUEUES_PER_TOPIC_MAX + 1]) {
      expect(scene.one({ ...NOTHING, queueCount })).toMatchObject({ code: 'BAD_REQUEST' })
    }
    expect(scene.one({ ...NOTHING, name: 'other' })).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    expect(scene.machine.topic('orders')?.queues).toHaveLength(2)
  })

  test('changes who may use it and how long its messages stay, each without the other', () => {
    const scene = new Scene()
    scene.one({ ...NOTHING, permission: 2 })
    scene.one({ ...NOTHING, retentionMs: 5000 as Millis })
    scene.restart()
    expect(scene.machine.topic('orders')).toMatchObject({ permission: 2, retentionMs: 5000 })
    expect(scene.one({ ...NOTHING, permission: 5 })).toMatchObject({ code: 'BAD_REQUEST' })
    expect(scene.one({ ...NOTHING, permission: 0 })).toMatchObject({ code: 'BAD_REQUEST' })
    scene.apply([
      { ...NOTHING, permission: 4 },
      { ...NOTHING, retentionMs: 0 as Millis },
    ])
    scene.restart()
    expect(scene.machine.topic('orders')).toMatchObject({ permission: 4, retentionMs: 0 })
  })
})

test('a group that leaves a topic forgets its place, and begins anew when it comes back', () => {
  const scene = new Scene()
  scene.send(3)
  scene.claim()
  const leave = { type: 'leaveTopic', group: 'shop', topic: 'orders' } as const
  expect(scene.one(leave)).toEqual({ type: 'done' })
  scene.restart()
  expect(scene.machine.group('shop')?.topics).toEqual([])
  expect(scene.machine.consumer(1, 1)).toBeUndefined()
  expect(scene.machine.nextDeadline(scene.machine.now)).toBeUndefined()
  scene.one({ type: 'contact', group: 'shop', topicId: 1, timeOffsets: [] })
  expect(scene.machine.consumer(1, 1)).toMatchObject({ cursor: 0, inFlight: 0 })
  expect(scene.one({ ...leave, group: 'nobody' })).toMatchObject({ code: 'GROUP_NOT_FOUND' })
  expect(scene.one({ ...leave, topic: 'nobody' })).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  expect(scene.machine.faults()).toEqual([])
})

describe('a group in use', () => {
  test('with fewer attempts lets what used them up become dead letters, with more it is delivered again', () => {
    const scene = new Scene({ attemptsMax: 3 })
    scene.send(1)
    scene.claim()
    scene.later(INVISIBLE_MS)
    expect(scene.machine.exhausted(scene.machine.now, 9)).toEqual([])
    scene.one({ type: 'updateGroup', name: 'shop', ...plainPolicy(1) })
    expect(scene.machine.exhausted(scene.machine.now, 9)).toHaveLength(1)
    expect(scene.machine.visibleClaims(1, 1, scene.machine.now, 9)).toEqual([])
    scene.restart()
    expect(scene.machine.exhausted(scene.machine.now, 9)).toHaveLength(1)
    scene.one({ type: 'updateGroup', name: 'shop', ...plainPolicy(2) })
    expect(scene.machine.exhausted(scene.machine.now, 9)).toEqual([])
    expect(scene.machine.visibleClaims(1, 1, scene.machine.now, 9)).toHaveLength(1)
    expect(scene.machine.faults()).toEqual([])
  })

  test('keeps its order once it reads', () => {
    const scene = new Scene()
    const fifo = { type: 'updateGroup', name: 'shop', ...plainPolicy(3), fifo: true } as const
    expect(scene.one(fifo)).toMatchObject({ code: 'GROUP_EXISTS' })
    scene.one({ type: 'createGroup', name: 'new', start: { from: 'default' }, ...plainPolicy(3) })
    expect(scene.one({ ...fifo, name: 'new' })).toMatchObject({ type: 'group' })
    expect(scene.machine.group('new')?.fifo).toBe(true)
    expect(scene.one({ ...fifo, name: 'nobody' })).toMatchObject({ code: 'GROUP_NOT_FOUND' })
  })
})
