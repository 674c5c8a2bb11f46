import { describe, expect, test } from 'vitest'
import { DEDUPE_MS } from '../../../src/base/limits.ts'
import { sendMany, sendOf, storedMessage } from './support/messages.ts'
import { Scene } from './support/scene.ts'

describe('a repeated message', () => {
  test('is answered with the first one and stored once', () => {
    const scene = new Scene({ queues: 3 })
    const first = scene.one(sendMany(1, 0, 2))
    scene.restart()
    expect(scene.one(sendMany(1, 0, 2))).toEqual({
      type: 'sent',
      messages: [
        { queueId: 0, offset: 0, repeated: true },
        { queueId: 1, offset: 0, repeated: true },
      ],
    })
    expect(first).toMatchObject({ messages: [{ repeated: false }, { repeated: false }] })
    expect(scene.machine.queue(3)?.nextOffset).toBe(0)
  })

  test('of a batch is decided by itself, inside one batch too', () => {
    const scene = new Scene()
    scene.one(sendMany(1, 0, 1))
    const reply = scene.one(
      sendOf(
        1,
        [5, 0, 5, 6].map((id) => storedMessage(id)),
      ),
    )
    expect(reply).toEqual({
      type: 'sent',
      messages: [
        { queueId: 0, offset: 1, repeated: false },
        { queueId: 0, offset: 0, repeated: true },
        { queueId: 0, offset: 1, repeated: true },
        { queueId: 0, offset: 2, repeated: false },
      ],
    })
  })

  test('does not wake receivers, nor move the round robin', () => {
    const scene = new Scene({ queues: 2 })
    scene.one(sendMany(1, 0, 1))
    scene.machine.takeEffects()
    scene.one(sendMany(1, 0, 1))
    expect(scene.machine.takeEffects().arrived.size).toBe(0)
    expect(scene.one(sendMany(1, 1, 1))).toMatchObject({ messages: [{ queueId: 1 }] })
  })
})

describe('a message that only looks like a repeat', () => {
  test('of another topic is stored', () => {
    const scene = new Scene()
    scene.one({ type: 'createTopic', name: 'other', messageType: 1, queueCount: 1 })
    scene.one(sendMany(1, 0, 1))
    expect(scene.one(sendMany(2, 0, 1))).toMatchObject({ messages: [{ offset: 0, repeated: false }] })
    expect(scene.machine.dedupeWindow().conflicts).toBe(0)
  })

  test('of another client with an equal message id is stored', () => {
    const scene = new Scene()
    const one = storedMessage(1, 'same')
    const other = storedMessage(1, 'same')
    // The identity is hashed from client, topic and id: another client gives other hashes.
    new DataView(other.buffer).setUint32(8, 77)
    scene.one(sendOf(1, [one, other]))
    expect(scene.machine.queue(1)?.nextOffset).toBe(2)
  })

  test('with another body is stored and counted, and both are known from then on', () => {
    const scene = new Scene()
    scene.one(sendOf(1, [storedMessage(1, 'one'), storedMessage(1, 'two'), storedMessage(1, 'longer')]))
    scene.restart()
    expect(scene.machine.dedupeWindow()).toMatchObject({ ids: 3, conflicts: 2 })
    expect(scene.one(sendOf(1, [storedMessage(1, 'two'), storedMessage(1, 'one')]))).toEqual({
      type: 'sent',
      messages: [
        { queueId: 0, offset: 1, repeated: true },
        { queueId: 0, offset: 0, repeated: true },
      ],
    })
  })

  test('of a deleted topic with the same name is stored', () => {
    const scene = new Scene()
    scene.one(sendMany(1, 0, 1))
    scene.one({ type: 'deleteTopic', name: 'orders' })
    scene.one({ type: 'createTopic', name: 'orders', messageType: 1, queueCount: 1 })
    expect(scene.one(sendMany(2, 0, 1))).toMatchObject({ messages: [{ repeated: false }] })
  })
})

describe('the window', () => {
  test('ends by log time, before and after a restart alike', () => {
    for (const restarts of [false, true]) {
      const scene = new Scene()
      scene.one(sendMany(1, 0, 1))
      scene.later(DEDUPE_MS - 1)
      if (restarts) scene.restart()
      expect(scene.one(sendMany(1, 0, 1))).toMatchObject({ messages: [{ repeated: true }] })
      if (restarts) scene.restart()
      expect(scene.machine.dedupeWindow()).toMatchObject({ ids: 1, oldestAgeMs: DEDUPE_MS - 1 })
      expect(scene.one(sendMany(1, 0, 1), 1)).toMatchObject({ messages: [{ repeated: false }] })
      expect(scene.machine.dedupeWindow()).toMatchObject({ ids: 1, oldestAgeMs: 0 })
    }
  })

  test('empties as log time goes on, although nothing is sent any more', () => {
    const scene = new Scene()
    scene.one(sendMany(1, 0, 3))
    scene.later(DEDUPE_MS - 1)
    expect(scene.machine.dedupeWindow()).toMatchObject({ ids: 3 })
    scene.later(1)
    expect(scene.machine.dedupeWindow()).toMatchObject({ ids: 0 })
  })

  test('ends by count, exactly so after a restart', () => {
    const scene = new Scene({ dedupeIdsMax: 512 })
    const other = new Scene({ dedupeIdsMax: 512 })
    for (let first = 0; first < 2000; first += 50) {
      expect(other.one(sendMany(1, first, 50))).toEqual(scene.one(sendMany(1, first, 50)))
      expect(scene.machine.dedupeWindow().ids).toBeLessThanOrEqual(512)
      scene.restart()
    }
    for (let first = 1950; first >= 0; first -= 50) {
      expect(other.one(sendMany(1, first, 50))).toEqual(scene.one(sendMany(1, first, 50)))
    }
    expect(other.digest).toBe(scene.digest)
  })

  test('keeps what it knows while more comes in', () => {
    const scene = new Scene()
    for (let first = 0; first < 5000; first += 1000) scene.one(sendMany(1, first, 1000))
    const reply = scene.one(sendMany(1, 0, 5000))
    expect(reply.type === 'sent' && reply.messages.every(({ repeated }) => repeated)).toBe(true)
    expect(scene.machine.faults()).toEqual([])
  })
})
