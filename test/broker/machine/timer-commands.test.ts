import { beforeEach, describe, expect, test } from 'vitest'
import type { LogPosition, QueueOffset } from '../../../src/base/brand.ts'
import type { Recall, Reply, SentMessage, Timer } from '../../../src/broker/machine/commands.ts'
import { delayedMessage, requestKey, sendOf } from './support/messages.ts'
import { Scene } from './support/scene.ts'

const DAY_MS = 24 * 3600_000
const first = 0 as QueueOffset
let scene: Scene
let requests = 0

beforeEach(() => {
  scene = new Scene()
})

/** Sends a message that is due `laterMs` from now. */
function sendLater(id: number, laterMs: number, topicId = 1): SentMessage {
  const reply = scene.one(sendOf(topicId, [delayedMessage(id, scene.machine.now + laterMs)]))
  if (reply.type !== 'sent' || reply.messages[0] === undefined) throw new Error('a send is answered')
  return reply.messages[0]
}

/** The timer of the only message that was sent since the last call. */
function made(): Timer {
  const [timer] = scene.machine.takeEffects().timersMade
  if (timer === undefined) throw new Error('a timer was made')
  return timer
}

function wait(id: number, laterMs: number, topicId = 1): Timer {
  sendLater(id, laterMs, topicId)
  return made()
}

function fire(...timers: Timer[]): number {
  const reply = scene.one({ type: 'fire', timers })
  if (reply.type !== 'fired') throw new Error('a fire is answered')
  return reply.count
}

function recall(timer: Timer, request = ++requests): Reply {
  const command: Recall = { type: 'recall', request: requestKey(request), timer }
  return scene.one(command)
}

function moveUp(timer: Timer): Timer {
  const stored = scene.bytesAt(timer)
  scene.one({ type: 'moveTimers', items: [{ timer, stored }] })
  scene.drain()
  const row = [...scene.table.values()].find(({ key }) => key[1] === 14)
  const position = Buffer.from(row?.value ?? []).readUIntBE(5 + 2, 6) as LogPosition
  return { ...timer, position }
}

describe('a delayed message', () => {
  test('waits outside of every queue, and is found by number and time', () => {
    expect(sendLater(1, 5000)).toEqual({
      queueId: 0,
      offset: 0,
      repeated: false,
      timer: { id: 1, dueMs: scene.nowMs + 5000 },
    })
    expect(scene.machine.queue(1)?.nextOffset).toBe(0)
    expect(scene.machine.timers).toEqual({ count: 1, bytes: made().size })
  })

  test('comes into a queue when it is due, with the bytes that are there and the time it came', () => {
    const timer = wait(1, 5000)
    scene.later(5000)
    scene.machine.takeEffects()
    expect(fire(timer)).toBe(1)
    const { position, size, tagHash } = timer
    const pointer = { position, size, tagHash }
    expect(scene.machine.entryInMemory(1, first)).toEqual({
      ...pointer,
      sinceSeconds: Math.floor(scene.nowMs / 1000),
      orderHash: 0,
    })
    expect(scene.machine.takeEffects().arrived).toEqual(new Set([1]))
    expect(scene.machine.timers).toEqual({ count: 0, bytes: 0 })
  })

  test('never comes early, whatever the leader says', () => {
    const timer = wait(1, 5000)
    scene.later(4999)
    expect(fire(timer)).toBe(0)
    expect(fire({ ...timer, dueMs: scene.machine.now })).toBe(0)
    scene.later(1)
    expect(fire(timer)).toBe(1)
  })

  test('comes once, however often it is fired, before and after a restart', () => {
    const timer = wait(1, 5000)
    scene.later(5000)
    expect(fire(timer, timer)).toBe(1)
    expect(fire(timer)).toBe(0)
    scene.restart()
    expect(fire(timer)).toBe(0)
    expect(scene.machine.queue(1)?.nextOffset).toBe(1)
  })

  test('whose time is over comes at once', () => {
    const sent = sendLater(1, 0)
    expect(sent).toEqual({ queueId: 0, offset: 0, repeated: false, timer: undefined })
    expect(scene.machine.queue(1)?.nextOffset).toBe(1)
    expect(scene.machine.timers.count).toBe(0)
  })

  test('that is sent again is answered as before and waits once', () => {
    const due = scene.machine.now + 2 * DAY_MS
    const one = scene.one(sendOf(1, [delayedMessage(1, due)]))
    const again = scene.one(sendOf(1, [delayedMessage(1, due)]))
    const timer = { id: 1, dueMs: due }
    expect(one).toMatchObject({ messages: [{ repeated: false, timer }] })
    expect(again).toMatchObject({ messages: [{ repeated: true, timer }] })
    expect(scene.machine.timers.count).toBe(1)
  })

  test('is still waiting after a restart, and its number is not used again', () => {
    const timer = wait(1, 5000)
    scene.restart()
    expect(scene.machine.timers).toEqual({ count: 1, bytes: timer.size })
    expect(scene.machine.isWaiting(timer)).toBe(true)
    expect(wait(2, 5000).id).toBe(2)
    scene.later(5000)
    expect(fire(timer)).toBe(1)
  })

  test('ends with its topic', () => {
    const timer = wait(1, 5000)
    scene.one({ type: 'deleteTopic', name: 'orders' })
    expect(fire(timer)).toBe(0)
    expect(scene.machine.timers).toEqual({ count: 0, bytes: 0 })
  })
})

describe('a recall', () => {
  test('ends a timer before it is due: it never fires', () => {
    const timer = wait(1, 5000)
    expect(recall(timer)).toEqual({ type: 'done' })
    scene.later(5000)
    expect(fire(timer)).toBe(0)
    expect(scene.machine.timers).toEqual({ count: 0, bytes: 0 })
  })

  test('is answered the same when it comes twice before the time', () => {
    const timer = wait(1, 5000)
    recall(timer)
    scene.restart()
    expect(recall(timer)).toEqual({ type: 'done' })
  })

  test('that a new leader proposes again after the time is answered as it was', () => {
    const timer = wait(1, 5000)
    recall(timer, 7)
    scene.later(6000)
    expect(recall(timer, 7)).toEqual({ type: 'done' })
    expect(recall(timer)).toMatchObject({ type: 'refused', code: 'ILLEGAL_OPERATION' })
  })

  test('is refused from the due time on, fired or not', () => {
    const timer = wait(1, 5000)
    scene.later(5000)
    expect(recall(timer)).toMatchObject({ type: 'refused', code: 'ILLEGAL_OPERATION' })
    expect(fire(timer)).toBe(1)
    expect(recall(timer)).toMatchObject({ type: 'refused', code: 'ILLEGAL_OPERATION' })
  })

  test('of a number that was never given out is refused', () => {
    const timer = wait(1, 5000)
    expect(recall({ ...timer, id: 2 })).toMatchObject({ type: 'refused', code: 'BAD_REQUEST' })
    expect(recall({ ...timer, id: 0 })).toMatchObject({ type: 'refused', code: 'BAD_REQUEST' })
  })

  test('of a row that changed meanwhile is to be read again and changes nothing', () => {
    const timer = wait(1, 5000)
    expect(recall({ ...timer, position: 5 as LogPosition })).toEqual({ type: 'changedMeanwhile' })
    expect(scene.machine.isWaiting(timer)).toBe(true)
  })
})

describe('a timer that is moved up', () => {
  test('fires at its new place, and only there', () => {
    const timer = wait(1, 5000)
    const bytes = scene.bytesAt(timer)
    const moved = moveUp(timer)
    expect(moved.position).toBeGreaterThan(timer.position)
    expect(scene.bytesAt(moved)).toEqual(bytes)
    scene.restart()
    scene.later(5000)
    expect(fire(timer)).toBe(0)
    expect(fire(moved)).toBe(1)
    expect(scene.pointer(1, first)).toMatchObject({ position: moved.position })
  })

  test('is passed over when it was recalled or moved meanwhile', () => {
    const timer = wait(1, 5000)
    const moved = moveUp(timer)
    scene.one({ type: 'moveTimers', items: [{ timer, stored: scene.bytesAt(moved) }] })
    expect(scene.machine.isWaiting(moved)).toBe(true)
    recall(moved)
    scene.one({ type: 'moveTimers', items: [{ timer: moved, stored: scene.bytesAt(moved) }] })
    expect(scene.machine.timers).toEqual({ count: 0, bytes: 0 })
  })

  test('does not fire from below the rising floor', () => {
    const timer = wait(1, 5000)
    scene.later(5000)
    const rising = (timer.position + 1) as LogPosition
    scene.one({ type: 'floor', rising, position: 0 as LogPosition })
    expect(fire(timer)).toBe(0)
    expect(fire(moveUp(timer))).toBe(1)
  })
})
