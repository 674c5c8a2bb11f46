import { describe, expect, test } from 'vitest'
import type { Millis, QueueOffset } from '../../../src/base/brand.ts'
import {
  IN_FLIGHT_PER_GROUP_QUEUE_MAX,
  INVISIBLE_MS_MAX,
  RENEW_TOTAL_MS_MAX,
  REQUEST_WINDOW_MS,
} from '../../../src/base/limits.ts'
import { clientHash, requestKey } from './support/messages.ts'
import { INVISIBLE_MS, range, receiptsOf, Scene } from './support/scene.ts'

const NOTHING = 0 as Millis

function sceneWith(messages: number, attemptsMax = 3): Scene {
  const scene = new Scene({ attemptsMax })
  if (messages > 0) scene.send(messages)
  return scene
}

describe('a claim', () => {
  test('hands new messages out as attempt 1 until now and the invisible time', () => {
    const scene = sceneWith(2)
    expect(scene.claim()).toEqual([
      { queue: 1, offset: 0, attempt: 1, deadline: scene.nowMs + INVISIBLE_MS },
      { queue: 1, offset: 1, attempt: 1, deadline: scene.nowMs + INVISIBLE_MS },
    ])
    expect(scene.machine.consumer(1, 1)).toEqual({ cursor: 2, inFlight: 2, parked: 0, committed: 0 })
  })

  test('counts messages that it passes over as consumed', () => {
    const scene = sceneWith(5)
    scene.claim({ parts: [{ offsets: range(3, 4) }] })
    expect(scene.machine.consumer(1, 1)).toEqual({ cursor: 5, inFlight: 1, parked: 0, committed: 3 })
    const none = sceneWith(5)
    expect(none.claim({ parts: [{ offsets: [] }] })).toEqual([])
    expect(none.machine.consumer(1, 1)).toEqual({ cursor: 5, inFlight: 0, parked: 0, committed: 5 })
  })

  test('that moves a cursor moves it for good, also when it hands nothing out', () => {
    for (const offsets of [[], range(0, 5), range(3, 4)]) {
      const scene = sceneWith(5)
      scene.restart()
      scene.claim({ parts: [{ offsets }] })
      const before = scene.machine.consumer(1, 1)
      scene.restart()
      expect(scene.machine.consumer(1, 1)).toEqual(before)
      expect(before?.cursor).toBe(5)
    }
  })

  test('skips a part whole when its choice does not hold any more', () => {
    const offset = (n: number) => n as QueueOffset
    const wrong = [
      { start: offset(1), end: offset(2) },
      { end: offset(4) },
      { start: offset(0), end: offset(2), offsets: [offset(1), offset(0)] },
      { start: offset(0), end: offset(2), offsets: [offset(0), offset(0)] },
      { start: offset(0), end: offset(2), offsets: [offset(2)] },
      { again: [offset(0)] },
      { queue: 99 },
    ]
    for (const part of wrong) {
      const scene = sceneWith(3)
      expect(scene.claim({ parts: [part] })).toEqual([])
      expect(scene.machine.consumer(1, 1)).toEqual({ cursor: 0, inFlight: 0, parked: 0, committed: 0 })
    }
  })

  test('takes the parts that hold and leaves the others', () => {
    const scene = new Scene({ queues: 2 })
    scene.send(4)
    const messages = scene.claim({ parts: [{ queue: 1, start: 1 as QueueOffset }, { queue: 2 }] })
    expect(messages.map(({ queue, offset }) => [queue, offset])).toEqual([
      [2, 0],
      [2, 1],
    ])
  })

  test('hands a message out again only when it is visible, once, and as the next attempt', () => {
    const scene = sceneWith(1)
    scene.claim()
    expect(scene.claim({ parts: [{ again: range(0, 1) }] })).toEqual([])
    scene.later(INVISIBLE_MS)
    expect(scene.claim({ parts: [{ again: [...range(0, 1), ...range(0, 1)] }] })).toEqual([])
    const [message] = scene.claim({ parts: [{ again: range(0, 1) }] })
    expect(message).toMatchObject({ attempt: 2, deadline: scene.nowMs + INVISIBLE_MS })
  })

  test('never hands a message out more often than the group allows', () => {
    const scene = sceneWith(1, 2)
    scene.claim()
    scene.later(INVISIBLE_MS)
    scene.claim({ parts: [{ again: range(0, 1) }] })
    scene.later(INVISIBLE_MS)
    expect(scene.claim({ parts: [{ again: range(0, 1) }] })).toEqual([])
    expect(scene.visible()).toEqual([])
    expect(scene.machine.exhausted(scene.machine.now, 9)).toHaveLength(1)
  })

  test('of a group or with an invisible time that does not exist is refused', () => {
    const scene = sceneWith(1)
    const request = { request: requestKey(1), client: clientHash(1), autoRenew: false, parts: [] }
    const code = (groupId: number, invisibleMs: number) =>
      scene.one({ type: 'claim', ...request, groupId, invisibleMs: invisibleMs as Millis })
    expect(code(2, 1000)).toMatchObject({ code: 'GROUP_NOT_FOUND' })
    expect(code(1, 0)).toMatchObject({ code: 'BAD_REQUEST' })
    expect(code(1, INVISIBLE_MS_MAX + 1)).toMatchObject({ code: 'BAD_REQUEST' })
    expect(code(1, INVISIBLE_MS_MAX)).toMatchObject({ type: 'claimed' })
  })

  test('stops where too much is in flight, and an ack there wakes the receivers', () => {
    const scene = new Scene()
    for (let sent = 0; sent <= IN_FLIGHT_PER_GROUP_QUEUE_MAX; sent += 1001) scene.send(1001)
    const end = IN_FLIGHT_PER_GROUP_QUEUE_MAX as QueueOffset
    const messages = scene.claim({ parts: [{ end }] })
    expect(messages).toHaveLength(IN_FLIGHT_PER_GROUP_QUEUE_MAX)
    expect(scene.claim({ parts: [{ end: (end + 1) as QueueOffset }] })).toEqual([])
    scene.machine.takeEffects()
    scene.ack(receiptsOf(messages.slice(0, 1)))
    expect([...scene.machine.takeEffects().arrived]).toEqual([1])
    expect(scene.claim({ parts: [{ end: (end + 1) as QueueOffset }] })).toHaveLength(1)
  })
})

describe('a repeated claim key', () => {
  test('gives the claims that are still held, the same attempts, and nothing new', () => {
    const scene = sceneWith(3)
    const request = requestKey(1)
    const first = scene.claim({ request, parts: [{ end: 2 as QueueOffset }] })
    scene.ack(receiptsOf(first.slice(0, 1)))
    expect(scene.claim({ request })).toEqual(first.slice(1))
    expect(scene.machine.claimsOfRequest(request)).toEqual(first.slice(1))
    expect(scene.machine.consumer(1, 1)?.cursor).toBe(2)
  })

  test('gives nothing when nothing was claimed, or it was given back, or is over', () => {
    const nothing = sceneWith(0)
    nothing.claim({ request: requestKey(1) })
    nothing.send(1)
    expect(nothing.claim({ request: requestKey(1) })).toEqual([])

    const released = sceneWith(1)
    const deliveries = receiptsOf(released.claim({ request: requestKey(1) }))
    released.one({ type: 'release', deliveries })
    expect(released.claim({ request: requestKey(1), parts: [{ again: range(0, 1) }] })).toEqual([])

    const over = sceneWith(1)
    over.claim({ request: requestKey(1) })
    over.later(INVISIBLE_MS)
    expect(over.claim({ request: requestKey(1) })).toEqual([])
  })

  test('that another client uses when it is forgotten makes claims of that client', () => {
    const scene = sceneWith(1)
    const request = requestKey(1)
    scene.claim({ request, client: clientHash(1) })
    scene.later(REQUEST_WINDOW_MS)
    scene.claim({ request, client: clientHash(2), parts: [{ again: range(0, 1) }] })
    scene.restart()
    scene.one({ type: 'releaseClient', client: clientHash(1), groupId: null })
    expect(scene.visible()).toEqual([])
    scene.one({ type: 'releaseClient', client: clientHash(2), groupId: null })
    expect(scene.visible()).toEqual([0])
  })

  test('is known after a restart', () => {
    const scene = sceneWith(3)
    const first = scene.claim({ request: requestKey(1) })
    scene.restart()
    expect(scene.claim({ request: requestKey(1) })).toEqual(first)
  })
})

describe('an ack', () => {
  test('ends a delivery', () => {
    const scene = sceneWith(1)
    expect(scene.ack(receiptsOf(scene.claim()))).toEqual([true])
    expect(scene.machine.consumer(1, 1)).toEqual({ cursor: 1, inFlight: 0, parked: 0, committed: 1 })
  })

  test('at the deadline is too late, just before it is not', () => {
    const late = sceneWith(1)
    expect(late.ack(receiptsOf(late.claim()), INVISIBLE_MS)).toEqual([false])
    expect(late.visible()).toEqual([0])
    const inTime = sceneWith(1)
    expect(inTime.ack(receiptsOf(inTime.claim()), INVISIBLE_MS - 1)).toEqual([true])
  })

  test('of a message that is acked already is valid until the first deadline', () => {
    const scene = sceneWith(1)
    const receipts = receiptsOf(scene.claim())
    scene.ack(receipts)
    expect(scene.ack(receipts)).toEqual([true])
    expect(scene.ack(receipts, INVISIBLE_MS)).toEqual([false])
  })

  test('of an earlier delivery is not valid', () => {
    const scene = sceneWith(1)
    const first = receiptsOf(scene.claim())
    scene.change(first[0] as never, 0)
    const second = receiptsOf(scene.claim({ parts: [{ again: range(0, 1) }] }))
    expect(scene.ack(first)).toEqual([false])
    expect(scene.ack(second)).toEqual([true])
  })

  test('of what was never handed out, or of nothing, is not valid', () => {
    const scene = sceneWith(2)
    const [receipt] = receiptsOf(scene.claim({ parts: [{ end: 1 as QueueOffset }] }))
    if (receipt === undefined) throw new Error('one was claimed')
    const forged = [{ offset: 1 as QueueOffset }, { groupId: 5 }, { queue: 5 }]
    expect(scene.ack(forged.map((other) => ({ ...receipt, ...other })))).toEqual([false, false, false])
  })

  test('with the receipt of the claim is valid after the claim was extended', () => {
    const scene = sceneWith(1)
    const receipts = receiptsOf(scene.claim())
    scene.change(receipts[0] as never, 3 * INVISIBLE_MS)
    expect(scene.ack(receipts, 2 * INVISIBLE_MS)).toEqual([true])
  })

  test('whose key comes again gives the same answers', () => {
    const scene = sceneWith(100)
    const receipts = receiptsOf(scene.claim())
    const ack = {
      type: 'ack',
      request: requestKey(5),
      receipts: [...receipts.slice(50), ...receipts],
    } as const
    const first = scene.one(ack)
    scene.later(INVISIBLE_MS)
    scene.restart()
    expect(scene.one(ack)).toEqual(first)
    expect(scene.one({ ...ack, request: requestKey(6) })).toEqual({
      type: 'acked',
      valid: ack.receipts.map(() => false),
    })
  })
})

describe('a change of the invisible time', () => {
  test('counts from the stamp, ends automatic renewal, and 0 makes the message visible at once', () => {
    const scene = sceneWith(1)
    const [receipt] = receiptsOf(scene.claim({ autoRenew: true }))
    if (receipt === undefined) throw new Error('one was claimed')
    scene.later(1000)
    expect(scene.change(receipt, 5000)).toEqual({
      type: 'changed',
      valid: true,
      deadline: scene.nowMs + 5000,
    })
    scene.one({ type: 'renew', invisibleMs: INVISIBLE_MS, deliveries: [receipt] })
    expect(scene.machine.nextDeadline(scene.machine.now)).toBe(scene.nowMs + 5000)
    scene.machine.takeEffects()
    expect(scene.change(receipt, 0).valid).toBe(true)
    expect(scene.visible()).toEqual([0])
    expect([...scene.machine.takeEffects().arrived]).toEqual([1])
    expect(scene.change(receipt, 5000)).toEqual({ type: 'changed', valid: false, deadline: NOTHING })
  })

  test('whose key comes again gives the same answer and changes nothing', () => {
    const scene = sceneWith(1)
    const [receipt] = receiptsOf(scene.claim())
    if (receipt === undefined) throw new Error('one was claimed')
    const first = scene.change(receipt, 5000, 7)
    scene.later(4000)
    expect(scene.change(receipt, 5000, 7)).toEqual(first)
    scene.later(1000)
    expect(scene.visible()).toEqual([0])
    expect(scene.change(receipt, 5000, 7)).toEqual(first)
    expect(scene.visible()).toEqual([0])
  })
})

describe('giving back', () => {
  test('a released delivery does not count: the next one has the same attempt', () => {
    const scene = sceneWith(1)
    for (let i = 0; i < 5; i++) {
      const messages = scene.claim({ parts: [i === 0 ? {} : { again: range(0, 1) }] })
      expect(messages).toMatchObject([{ attempt: 1 }])
      scene.one({ type: 'release', deliveries: receiptsOf(messages) })
      expect(scene.visible()).toEqual([0])
      scene.restart()
    }
  })

  test('a release that comes twice, or for another attempt, changes nothing', () => {
    const scene = sceneWith(1)
    scene.claim()
    scene.later(INVISIBLE_MS)
    const second = receiptsOf(scene.claim({ parts: [{ again: range(0, 1) }] }))
    scene.one({ type: 'release', deliveries: second.map((delivery) => ({ ...delivery, attempt: 1 })) })
    expect(scene.visible()).toEqual([])
    scene.one({ type: 'release', deliveries: [...second, ...second] })
    scene.one({ type: 'release', deliveries: second.map((delivery) => ({ ...delivery, attempt: 1 })) })
    expect(scene.claim({ parts: [{ again: range(0, 1) }] })).toMatchObject([{ attempt: 2 }])
  })

  test('a client that ends gives back all it holds, and only that; its deliveries count', () => {
    const scene = sceneWith(4)
    scene.claim({ client: clientHash(1), parts: [{ end: 2 as QueueOffset }] })
    scene.claim({ client: clientHash(2) })
    scene.one({ type: 'releaseClient', client: clientHash(1), groupId: 9 })
    expect(scene.visible()).toEqual([])
    scene.one({ type: 'releaseClient', client: clientHash(1), groupId: 1 })
    expect(scene.visible()).toEqual([0, 1])
    scene.one({ type: 'releaseClient', client: clientHash(2), groupId: null })
    expect(scene.visible()).toEqual([0, 1, 2, 3])
    expect(scene.claim({ parts: [{ again: range(0, 1) }] })).toMatchObject([{ attempt: 2 }])
  })
})

describe('a renewal', () => {
  test('goes from the stamp, never back, and never past three hours after the delivery', () => {
    const scene = sceneWith(1)
    const deliveries = receiptsOf(scene.claim({ autoRenew: true }))
    const start = scene.nowMs
    const deadline = () => scene.machine.nextDeadline(scene.machine.now)
    scene.one({ type: 'renew', invisibleMs: 1000 as Millis, deliveries })
    expect(deadline()).toBe(start + INVISIBLE_MS)
    for (let i = 0; i < 400; i++) {
      scene.one({ type: 'renew', invisibleMs: INVISIBLE_MS, deliveries }, INVISIBLE_MS - 1)
    }
    expect(scene.nowMs).toBeGreaterThan(start + RENEW_TOTAL_MS_MAX)
    expect(scene.visible()).toEqual([0])
    expect(deadline()).toBeUndefined()
    const again = sceneWith(1)
    const held = receiptsOf(again.claim({ autoRenew: true, invisibleMs: INVISIBLE_MS_MAX as Millis }))
    again.one({ type: 'renew', invisibleMs: INVISIBLE_MS, deliveries: held }, 5)
    expect(again.machine.nextDeadline(again.machine.now)).toBe(again.nowMs - 5 + INVISIBLE_MS_MAX)
  })

  test('of an ended delivery or of one that is not renewed does nothing', () => {
    const scene = sceneWith(2)
    const deliveries = receiptsOf(scene.claim({ autoRenew: true, parts: [{ end: 1 as QueueOffset }] }))
    const manual = receiptsOf(scene.claim())
    scene.one({ type: 'renew', invisibleMs: INVISIBLE_MS, deliveries: manual }, 1000)
    scene.one({ type: 'renew', invisibleMs: INVISIBLE_MS, deliveries }, INVISIBLE_MS)
    expect(scene.visible()).toEqual([0, 1])
  })
})

test('nothing ends while log time stands still, however many entries come', () => {
  const scene = sceneWith(1)
  const receipts = receiptsOf(scene.claim())
  scene.later(INVISIBLE_MS - 1)
  for (let i = 0; i < 2000; i++) scene.applyData(new Uint8Array())
  for (let i = 0; i < 2000; i++) scene.later(0)
  expect(scene.visible()).toEqual([])
  expect(scene.ack(receipts)).toEqual([true])
})
