import { plainPolicy } from '../../../src/broker/machine/group-policy.ts'
import { describe, expect, test } from 'vitest'
import type { Millis, QueueOffset } from '../../../src/base/brand.ts'
import {
  GROUP_NAME_LENGTH_MAX,
  QUEUES_PER_TOPIC_MAX,
  TOPIC_NAME_LENGTH_MAX,
} from '../../../src/base/limits.ts'
import type { CreateGroup, CreateTopic, StartPolicy } from '../../../src/broker/machine/commands.ts'
import { Harness } from './support/harness.ts'
import { INVISIBLE_MS, range, Scene } from './support/scene.ts'

function topic(name: string, queueCount = 1, messageType = 1): CreateTopic {
  return { type: 'createTopic', name, messageType, queueCount }
}

function group(name: string, start: StartPolicy = { from: 'default' }, attemptsMax = 3): CreateGroup {
  return { type: 'createGroup', name, start, ...plainPolicy(attemptsMax) }
}

describe('a topic', () => {
  test('made again with equal settings is the same one, with others it is refused', () => {
    const harness = new Harness()
    expect(harness.one(topic('a', 2))).toEqual({ type: 'topic', topicId: 1 })
    expect(harness.one(topic('a', 2))).toEqual({ type: 'topic', topicId: 1 })
    expect(harness.one(topic('a', 3))).toMatchObject({ code: 'TOPIC_EXISTS' })
    expect(harness.one(topic('a', 2, 2))).toMatchObject({ code: 'TOPIC_EXISTS' })
    expect([...harness.machine.topics()]).toHaveLength(1)
  })

  test('has queue numbers and an id that no other ever has', () => {
    const harness = new Harness()
    harness.apply([topic('a', 2), topic('b', 1), { type: 'deleteTopic', name: 'a' }])
    harness.restart()
    harness.apply([topic('a', 2)])
    expect(harness.machine.topic('a')).toMatchObject({ id: 3, queues: [4, 5] })
    expect(harness.machine.topic('b')).toMatchObject({ id: 2, queues: [3] })
  })

  test('with an illegal name, type or number of queues is refused', () => {
    const harness = new Harness()
    const codes = (...commands: CreateTopic[]) =>
      harness.apply(commands).map((reply) => 'code' in reply && reply.code)
    const names = ['', 'a b', 'ä', 'a.b', '\uFFFD', 'a'.repeat(TOPIC_NAME_LENGTH_MAX + 1)]
    expect(new Set(codes(...names.map((name) => topic(name))))).toEqual(new Set(['ILLEGAL_TOPIC']))
    expect(codes(topic('a', 0), topic('a', QUEUES_PER_TOPIC_MAX + 1), topic('a', 1, 7))).toEqual([
      'BAD_REQUEST',
      'BAD_REQUEST',
      'BAD_REQUEST',
    ])
    expect(codes(topic('%a|-_9'), topic('a'.repeat(TOPIC_NAME_LENGTH_MAX), QUEUES_PER_TOPIC_MAX))).toEqual([
      false,
      false,
    ])
  })

  test('that is deleted leaves no row but the counters, whatever was drained before', () => {
    for (const drains of [0, 1, 2]) {
      const scene = new Scene({ queues: 2 })
      const empty = new Scene({ queues: 2 })
      for (const each of [scene, empty]) each.one(topic('big', 3))
      for (let i = 0; i < 12; i++) {
        scene.send(100, 2)
        if (i === 4 && drains > 0) scene.drain()
        if (i === 8 && drains > 1) scene.drain()
        if (i === 6) scene.machine.digests()
      }
      scene.one({ type: 'contact', group: 'shop', topicId: 2, timeOffsets: [] })
      scene.claim({ parts: [{ queue: 4 }, { queue: 5, end: 9 as QueueOffset }] })
      if (drains > 1) scene.drain()
      for (const each of [scene, empty]) each.one({ type: 'deleteTopic', name: 'big' })
      expect(scene.machine.faults()).toEqual([])
      scene.drain()
      empty.drain()
      const tables = [...scene.table.keys()].filter((key) => !/^6d0[189]/.test(key))
      expect(tables).toEqual([...empty.table.keys()].filter((key) => !/^6d0[189]/.test(key)))
      expect(scene.digest).toBe(scene.tableDigest())
      scene.restart()
      expect(scene.machine.group('shop')?.topics).toEqual([1])
    }
  })

  test('that does not exist cannot be deleted', () => {
    const harness = new Harness()
    expect(harness.one({ type: 'deleteTopic', name: 'a' })).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  })
})

describe('a group', () => {
  test('made again with equal settings is the same one, with others it is refused', () => {
    const harness = new Harness()
    const timed = group('g', { from: 'time', time: 5 as Millis })
    expect(harness.one(timed)).toEqual({ type: 'group', groupId: 1 })
    expect(harness.one(timed)).toEqual({ type: 'group', groupId: 1 })
    expect(harness.one(group('g'))).toMatchObject({ code: 'GROUP_EXISTS' })
    expect(harness.one({ ...timed, attemptsMax: 4 })).toMatchObject({ code: 'GROUP_EXISTS' })
    expect(harness.one(group('g', { from: 'time', time: 6 as Millis }))).toMatchObject({
      code: 'GROUP_EXISTS',
    })
  })

  test('with an illegal name or without attempts is refused', () => {
    const harness = new Harness()
    expect(harness.one(group('a b'))).toMatchObject({ code: 'ILLEGAL_GROUP' })
    expect(harness.one(group('g'.repeat(GROUP_NAME_LENGTH_MAX + 1)))).toMatchObject({ code: 'ILLEGAL_GROUP' })
    expect(harness.one(group('g', { from: 'latest' }, 0))).toMatchObject({ code: 'BAD_REQUEST' })
    const contact = { type: 'contact', group: '', topicId: null, timeOffsets: [] } as const
    expect(harness.one(contact)).toMatchObject({ code: 'ILLEGAL_GROUP' })
  })

  test('that is deleted leaves no claim and no place; one of the same name starts anew', () => {
    const scene = new Scene()
    scene.send(3)
    scene.claim()
    scene.drain()
    scene.one({ type: 'deleteGroup', name: 'shop' })
    scene.drain()
    expect([...scene.table.keys()].filter((key) => /^6d0[367]/.test(key))).toEqual([])
    expect(scene.machine.nextDeadline(scene.machine.now)).toBeUndefined()
    scene.one({ type: 'contact', group: 'shop', topicId: 1, timeOffsets: [] })
    expect(scene.machine.group('shop')).toMatchObject({ id: 2, attemptsMax: 17, start: { from: 'default' } })
    expect(scene.claim({ groupId: 2 })).toHaveLength(3)
    expect(scene.one({ type: 'deleteGroup', name: 'nobody' })).toMatchObject({ code: 'GROUP_NOT_FOUND' })
  })
})

describe('a first contact', () => {
  const policies: readonly (readonly [StartPolicy, number])[] = [
    [{ from: 'default' }, 0],
    [{ from: 'earliest' }, 0],
    [{ from: 'latest' }, 5],
    [{ from: 'time', time: 1 as Millis }, 3],
  ]
  for (const [start, expected] of policies) {
    test(`fixes the start "${start.from}", and a second one changes nothing`, () => {
      const scene = new Scene()
      scene.send(5)
      scene.one(group('late', start))
      const contact = { type: 'contact', group: 'late', topicId: 1, timeOffsets: [3 as QueueOffset] } as const
      expect(scene.one(contact)).toEqual({ type: 'group', groupId: 2 })
      expect(scene.machine.consumer(2, 1)?.cursor).toBe(expected)
      scene.send(5)
      expect(scene.one({ ...contact, timeOffsets: range(1, 2) })).toEqual({ type: 'group', groupId: 2 })
      expect(scene.machine.consumer(2, 1)?.cursor).toBe(expected)
      expect(scene.machine.group('late')?.topics).toEqual([1])
    })
  }

  test('by time needs an offset for each queue, and keeps it inside of the queue', () => {
    const scene = new Scene({ queues: 2 })
    scene.send(5)
    scene.one(group('late', { from: 'time', time: 1 as Millis }))
    const contact = { type: 'contact', group: 'late', topicId: 1, timeOffsets: range(7, 8) } as const
    expect(scene.one(contact)).toMatchObject({ code: 'BAD_REQUEST' })
    expect(scene.one({ ...contact, timeOffsets: [7 as QueueOffset, 1 as QueueOffset] })).toMatchObject({
      groupId: 2,
    })
    expect(scene.machine.consumer(2, 1)?.cursor).toBe(3)
    expect(scene.machine.consumer(2, 2)?.cursor).toBe(1)
  })

  test('with a topic that does not exist makes nothing; without a topic it makes the group', () => {
    const harness = new Harness()
    const contact = { type: 'contact', group: 'g', topicId: 7, timeOffsets: [] } as const
    expect(harness.one(contact)).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    expect(harness.machine.group('g')).toBeUndefined()
    expect(harness.one({ ...contact, topicId: null })).toEqual({ type: 'group', groupId: 1 })
    expect(harness.machine.group('g')?.topics).toEqual([])
  })
})

test('two groups read a topic without hearing of each other', () => {
  const scene = new Scene()
  scene.send(4)
  scene.one({ type: 'contact', group: 'other', topicId: 1, timeOffsets: [] })
  expect(scene.claim()).toHaveLength(4)
  expect(scene.claim({ groupId: 2 })).toHaveLength(4)
  scene.later(INVISIBLE_MS)
  expect(scene.visible(1, 1)).toEqual([0, 1, 2, 3])
  expect(scene.visible(1, 2)).toEqual([0, 1, 2, 3])
})
