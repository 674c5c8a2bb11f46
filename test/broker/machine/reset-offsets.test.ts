import { describe, expect, test } from 'vitest'
import type { Millis, QueueOffset } from '../../../src/base/brand.ts'
import { attemptOf, deliveryNumber, resetsOf } from '../../../src/broker/machine/delivery-number.ts'
import type { Reply } from '../../../src/broker/machine/commands.ts'
import { requestKey } from './support/messages.ts'
import { receiptsOf, Scene } from './support/scene.ts'

function reset(scene: Scene, offset: number, request = 1, queues = [1]): Reply {
  const places = queues.map((queue) => ({ queue, offset: offset as QueueOffset }))
  return scene.one({ type: 'resetOffsets', request: requestKey(request), groupId: 1, queues: places })
}

const places = (offset: number, queues = [1]) => ({
  type: 'reset',
  queues: queues.map((queue) => ({ queue, offset })),
})

describe('a reset', () => {
  test('back hands everything out again from there, from attempt 1', () => {
    const scene = new Scene()
    scene.send(5)
    scene.ack(receiptsOf(scene.claim()))
    expect(reset(scene, 2)).toEqual(places(2))
    expect(scene.claim().map(({ offset, attempt }) => [offset, attemptOf(attempt)])).toEqual([
      [2, 1],
      [3, 1],
      [4, 1],
    ])
  })

  test('forward passes over what was never handed out, and ends what is in flight', () => {
    const scene = new Scene()
    scene.send(3)
    const [first] = receiptsOf(scene.claim({ parts: [{ end: 1 as QueueOffset }] }))
    expect(first).toBeDefined()
    expect(reset(scene, 3)).toEqual(places(3))
    expect(scene.machine.consumer(1, 1)).toMatchObject({ cursor: 3, inFlight: 0, committed: 3 })
    scene.later(100_000)
    expect(scene.visible()).toEqual([])
    expect(scene.claim()).toEqual([])
  })

  test('lets no receipt of before count, neither for a new delivery of the same attempt nor at all', () => {
    const scene = new Scene()
    scene.send(1)
    const [old] = receiptsOf(scene.claim())
    if (old === undefined) throw new Error('it was handed out')
    reset(scene, 0)
    const [fresh] = receiptsOf(scene.claim())
    if (fresh === undefined) throw new Error('it was handed out again')
    expect(scene.ack([old])).toEqual([false])
    expect(scene.change(old, 0)).toMatchObject({ valid: false })
    scene.one({ type: 'renew', invisibleMs: 100_000 as Millis, deliveries: [old] })
    scene.one({ type: 'release', deliveries: [old] })
    expect(scene.machine.consumer(1, 1)).toMatchObject({ inFlight: 1 })
    expect(scene.ack([fresh])).toEqual([true])
    expect(scene.ack([old])).toEqual([false])
    expect(scene.ack([fresh])).toEqual([true])
  })

  test('that is repeated changes nothing and says where the places are', () => {
    const scene = new Scene()
    scene.send(5)
    reset(scene, 4, 7)
    const held = scene.claim()
    expect(reset(scene, 4, 7)).toEqual(places(5))
    expect(scene.ack(receiptsOf(held))).toEqual([true])
  })

  test('sets places inside their queues, and passes over queues that are not read', () => {
    const scene = new Scene({ queues: 2 })
    scene.send(4)
    scene.one({ type: 'trim', queues: [{ queue: 1, minOffset: 1 as QueueOffset }] })
    expect(reset(scene, 9, 1, [1, 2, 77])).toEqual(places(2, [1, 2]))
    expect(reset(scene, 0, 2, [1])).toEqual(places(1))
    expect(scene.one({ type: 'resetOffsets', request: requestKey(9), groupId: 5, queues: [] })).toMatchObject(
      {
        code: 'GROUP_NOT_FOUND',
      },
    )
  })

  test('moves an offset that the group keeps itself too', () => {
    const scene = new Scene()
    scene.send(5)
    const request = requestKey(50)
    scene.one({ type: 'updateOffset', request, groupId: 1, queue: 1, offset: 5 as QueueOffset })
    reset(scene, 2)
    expect(scene.machine.pullOffset(1, 1)?.offset).toBe(2)
  })

  test('is the same after a restart, in whatever order rows are written', () => {
    for (const drained of [false, true]) {
      const scene = new Scene()
      scene.send(5)
      scene.claim()
      if (drained) scene.drain()
      reset(scene, 0, 1)
      const [again] = receiptsOf(scene.claim())
      reset(scene, 0, 2)
      scene.claim({ parts: [{ end: 2 as QueueOffset }] })
      scene.drain()
      expect(scene.digest).toBe(scene.tableDigest())
      const { digest } = scene
      scene.restart()
      expect([scene.digest, scene.machine.faults()]).toEqual([digest, []])
      expect(again === undefined || scene.ack([again])[0]).toBe(false)
      expect(scene.machine.consumer(1, 1)).toMatchObject({ cursor: 2, inFlight: 2 })
    }
  })
})

test('the number of a delivery gives back the attempt and the resets', () => {
  expect(deliveryNumber(1, 0)).toBe(1)
  for (const [attempt, resets] of [
    [0, 0],
    [17, 3],
    [10_000, 65_535],
  ] as const) {
    const number = deliveryNumber(attempt, resets)
    expect([attemptOf(number), resetsOf(number)]).toEqual([attempt, resets])
    expect(number).toBeLessThan(2 ** 32)
  }
  expect(resetsOf(deliveryNumber(1, 65_536))).toBe(0)
})

describe('messages that retention took', () => {
  const trim = (scene: Scene, minOffset: number) =>
    scene.one({ type: 'trim', queues: [{ queue: 1, minOffset: minOffset as QueueOffset }] })

  test('are counted for a group that had not got them, and the group goes on at the minimum', () => {
    const scene = new Scene()
    scene.send(10)
    scene.ack(receiptsOf(scene.claim({ parts: [{ end: 3 as QueueOffset }] })))
    trim(scene, 2)
    expect(scene.machine.missed(1, 1)).toBe(0)
    trim(scene, 7)
    expect(scene.machine.missed(1, 1)).toBe(4)
    scene.restart()
    expect(scene.machine.missed(1, 1)).toBe(4)
    expect(scene.claim().map(({ offset }) => offset)).toEqual([7, 8, 9])
    reset(scene, 0)
    expect(scene.machine.missed(1, 1)).toBe(4)
    trim(scene, 9)
    expect(scene.machine.missed(1, 1)).toBe(6)
    expect(scene.machine.missedInAll).toBe(6)
  })
})
