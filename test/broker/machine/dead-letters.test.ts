import { describe, expect, test } from 'vitest'
import type { DeadLetter } from '../../../src/broker/machine/commands.ts'
import { INVISIBLE_MS, range, receiptsOf, Scene } from './support/scene.ts'

/** A scene whose two messages were handed out as often as the group allows and are visible. */
function usedUp(): Scene {
  const scene = new Scene({ attemptsMax: 2 })
  scene.send(2)
  scene.claim()
  scene.later(INVISIBLE_MS)
  scene.claim({ parts: [{ again: range(0, 2) }] })
  scene.later(INVISIBLE_MS)
  return scene
}

function bury(scene: Scene, offsets: readonly number[]): void {
  const items: DeadLetter['items'] = range(0, 2)
    .filter((offset) => offsets.includes(offset))
    .map((offset) => ({ offset, position: (900 + offset) as never, size: 60 + offset, tagHash: 4 }))
  expect(scene.one({ type: 'deadLetter', groupId: 1, queue: 1, items })).toEqual({ type: 'done' })
}

describe('a message that used up its attempts', () => {
  test('goes to the dead letter topic of its group, which is made by the first one', () => {
    const scene = usedUp()
    expect(scene.machine.topic('%DLQ%shop')).toBeUndefined()
    scene.machine.takeEffects()
    bury(scene, [0])
    const topic = scene.machine.topic('%DLQ%shop')
    expect(topic).toMatchObject({ id: 2, messageType: 1, queues: [2] })
    expect(scene.machine.takeEffects()).toEqual({
      arrived: new Set([2]),
      catalogChanged: true,
      timersMade: [],
    })
    bury(scene, [1])
    expect(scene.machine.takeEffects()).toEqual({
      arrived: new Set([2]),
      catalogChanged: false,
      timersMade: [],
    })
    expect(scene.machine.pointerInMemory(2, 0 as never)).toEqual({ position: 900, size: 60, tagHash: 4 })
    expect(scene.machine.pointerInMemory(2, 1 as never)).toEqual({ position: 901, size: 61, tagHash: 4 })
    expect(scene.machine.consumer(1, 1)).toEqual({ cursor: 2, inFlight: 0, parked: 0, committed: 2 })
    expect(scene.machine.exhausted(scene.machine.now, 9)).toEqual([])
  })

  test('goes there once', () => {
    const scene = usedUp()
    bury(scene, [0, 1])
    bury(scene, [0, 1])
    expect(scene.machine.queue(2)?.nextOffset).toBe(2)
  })

  test('is read from there from the start by a group that comes later', () => {
    const scene = usedUp()
    bury(scene, [0, 1])
    scene.one({ type: 'contact', group: 'undertaker', topicId: 2, timeOffsets: [] })
    expect(scene.claim({ groupId: 2, parts: [{ queue: 2 }] })).toHaveLength(2)
  })
})

describe('stays where it is: a message', () => {
  test('with attempts left', () => {
    const scene = new Scene({ attemptsMax: 2 })
    scene.send(1)
    scene.claim()
    scene.later(INVISIBLE_MS)
    bury(scene, [0])
    expect(scene.visible()).toEqual([0])
  })

  test('that is held', () => {
    const scene = new Scene({ attemptsMax: 1 })
    scene.send(1)
    const receipts = receiptsOf(scene.claim())
    bury(scene, [0])
    expect(scene.ack(receipts)).toEqual([true])
  })
})

test('a group that does not exist is refused', () => {
  const scene = new Scene()
  expect(scene.one({ type: 'deadLetter', groupId: 4, queue: 1, items: [] })).toMatchObject({
    code: 'GROUP_NOT_FOUND',
  })
})
