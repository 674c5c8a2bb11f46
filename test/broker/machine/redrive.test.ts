import { describe, expect, test } from 'vitest'
import type { LogPosition, QueueOffset } from '../../../src/base/brand.ts'
import type { ClaimedMessage, Pointer, Receipt, Reply } from '../../../src/broker/machine/commands.ts'
import { requestKey } from './support/messages.ts'
import { receiptsOf, Scene } from './support/scene.ts'

const DEAD = '%DLQ%shop'
const RETRY = '%RETRY%shop+orders'
let requests = 0

function forward(scene: Scene, receipt: Receipt, request = ++requests): Reply {
  const pointer: Pointer = scene.pointer(receipt.queue, receipt.offset)
  return scene.one({ type: 'forwardDead', request: requestKey(90_000 + request), receipt, pointer })
}

function deadQueue(scene: Scene): number {
  return scene.machine.topic(DEAD)?.queues[0] ?? 0
}

/** Forwards everything that is sent. */
function withDead(count: number, topicId = 1): Scene {
  const scene = new Scene({ queues: 2 })
  if (topicId !== 1) throw new Error('only one topic')
  scene.send(count)
  for (const queue of [1, 2]) {
    for (const receipt of receiptsOf(scene.claim({ parts: [{ queue }] }))) forward(scene, receipt)
  }
  return scene
}

function redrive(scene: Scene, start: number, count: number, topicId = 1): Reply {
  const queue = deadQueue(scene)
  const items = Array.from({ length: count }, (_, i) => {
    const inQueue = start + i < (scene.machine.queue(queue)?.nextOffset ?? 0)
    const pointer = inQueue ? scene.pointer(queue, (start + i) as QueueOffset) : NOWHERE
    return { ...pointer, topicId }
  })
  return scene.one({ type: 'redrive', groupId: 1, queue, start: start as QueueOffset, items })
}

const NOWHERE: Pointer = { position: 1 as LogPosition, size: 1, tagHash: 0 }
const redriven = (count: number, next: number) => ({ type: 'redriven', count, next })
const bodies = (scene: Scene, messages: readonly ClaimedMessage[]) =>
  messages.map(({ queue, offset }) => scene.pointer(queue, offset).position)

describe('a message that its receiver gives up', () => {
  test('is a dead letter at once, and asking again is well', () => {
    const scene = new Scene()
    scene.send(1)
    const [receipt] = receiptsOf(scene.claim())
    if (receipt === undefined) throw new Error('it was handed out')
    const place = scene.pointer(1, 0 as QueueOffset)
    expect(forward(scene, receipt, 1)).toEqual({ type: 'acked', valid: [true] })
    expect(scene.pointer(deadQueue(scene), 0 as QueueOffset)).toEqual(place)
    expect(forward(scene, receipt, 1)).toEqual({ type: 'acked', valid: [true] })
    scene.later(1_000_000)
    expect(forward(scene, receipt)).toEqual({ type: 'acked', valid: [true] })
    expect(scene.machine.queue(deadQueue(scene))?.nextOffset).toBe(1)
    expect(scene.machine.consumer(1, 1)).toMatchObject({ inFlight: 0, committed: 1 })
  })

  test('is not one when another delivery has it by now, or its time is over', () => {
    const scene = new Scene()
    scene.send(1)
    const [receipt] = receiptsOf(scene.claim())
    if (receipt === undefined) throw new Error('it was handed out')
    scene.later(30_000)
    expect(forward(scene, receipt)).toEqual({ type: 'acked', valid: [false] })
    scene.claim({ parts: [{ again: [0 as QueueOffset] }] })
    expect(forward(scene, receipt)).toEqual({ type: 'acked', valid: [false] })
    expect(scene.machine.topic(DEAD)).toBeUndefined()
  })

  test('whose bytes are about to be moved up has to be asked for again', () => {
    const scene = new Scene()
    scene.send(1)
    const [receipt] = receiptsOf(scene.claim())
    if (receipt === undefined) throw new Error('it was handed out')
    scene.one({ type: 'floor', rising: 1_000_000 as LogPosition, position: 0 as LogPosition })
    expect(forward(scene, receipt)).toMatchObject({ code: 'BUSY' })
    expect(scene.machine.consumer(1, 1)).toMatchObject({ inFlight: 1 })
  })
})

describe('dead letters that are redriven', () => {
  test('come to their group again, at the same bytes, and to nobody else', () => {
    const scene = withDead(3)
    scene.one({ type: 'contact', group: 'other', topicId: 1, timeOffsets: [] })
    const before = [0, 1, 2].map((at) => scene.pointer(deadQueue(scene), at as QueueOffset).position)
    expect(redrive(scene, 0, 3)).toEqual(redriven(3, 3))
    const retry = scene.machine.retryTopic(1, 1)
    expect(retry?.name).toBe(RETRY)
    expect(scene.machine.retryTopic(2, 1)).toBeUndefined()
    const [queue] = retry?.queues ?? []
    if (queue === undefined) throw new Error('there is a queue')
    const again = scene.claim({ parts: [{ queue }] })
    expect(bodies(scene, again)).toEqual(before)
    expect(scene.ack(receiptsOf(again))).toEqual([true, true, true])
    expect(scene.machine.queue(deadQueue(scene))).toMatchObject({ minOffset: 3, nextOffset: 3 })
  })

  test('go once, however often a part is asked for', () => {
    const scene = withDead(4)
    expect(redrive(scene, 0, 3)).toEqual(redriven(3, 3))
    expect(redrive(scene, 0, 3)).toEqual(redriven(0, 3))
    expect(redrive(scene, 3, 3)).toEqual(redriven(1, 4))
    const [queue = 0] = scene.machine.retryTopic(1, 1)?.queues ?? []
    expect(scene.machine.queue(queue)?.nextOffset).toBe(4)
  })

  test('stay when the topic is not there, or their bytes are about to be moved', () => {
    const scene = withDead(2)
    expect(redrive(scene, 0, 2, 99)).toEqual(redriven(0, 0))
    scene.one({ type: 'floor', rising: 1_000_000 as LogPosition, position: 0 as LogPosition })
    expect(redrive(scene, 0, 2)).toEqual(redriven(0, 0))
    expect(
      scene.one({ type: 'redrive', groupId: 1, queue: 1, start: 0 as QueueOffset, items: [] }),
    ).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  })

  test('are the same after a restart', () => {
    const scene = withDead(2)
    redrive(scene, 0, 1)
    const { digest } = scene
    scene.restart()
    expect([scene.digest, scene.machine.faults()]).toEqual([digest, []])
    expect(scene.machine.retryTopic(1, 1)?.name).toBe(RETRY)
    expect(redrive(scene, 1, 1)).toEqual(redriven(1, 2))
    expect(scene.machine.topic(RETRY)?.queues).toHaveLength(1)
  })

  test('end with their topic and with their group', () => {
    for (const end of [
      { type: 'deleteTopic', name: 'orders' },
      { type: 'deleteGroup', name: 'shop' },
    ] as const) {
      const scene = withDead(2)
      redrive(scene, 0, 2)
      scene.one(end)
      expect(scene.machine.topic(RETRY)).toBeUndefined()
      expect(scene.machine.faults()).toEqual([])
      expect(scene.reload().faults()).toEqual([])
      expect(scene.digest).toBe(scene.tableDigest())
    }
  })
})

describe('a receive that is repeated', () => {
  test('has its messages for another time from then on, and what was lost before is not given back', () => {
    const scene = new Scene()
    scene.send(2)
    const request = requestKey(70_000)
    const lost = receiptsOf(scene.claim({ request }))
    scene.later(20_000)
    const reply = scene.one({ type: 'claimRepeat', request, invisibleMs: 30_000 as never })
    if (reply.type !== 'claimed') throw new Error('a repeat is answered')
    expect(reply.messages.map(({ offset, attempt }) => [offset, attempt])).toEqual([
      [0, 1],
      [1, 1],
    ])
    scene.one({ type: 'release', deliveries: lost })
    scene.later(15_000)
    expect(scene.visible()).toEqual([])
    expect(scene.ack(receiptsOf(reply.messages))).toEqual([true, true])
  })

  test('has nothing that is over', () => {
    const scene = new Scene()
    scene.send(1)
    const request = requestKey(70_001)
    scene.claim({ request })
    scene.later(30_000)
    expect(scene.one({ type: 'claimRepeat', request, invisibleMs: 1 as never })).toEqual({
      type: 'claimed',
      messages: [],
    })
    expect(scene.one({ type: 'claimRepeat', request, invisibleMs: 0 as never })).toMatchObject({
      code: 'BAD_REQUEST',
    })
  })

  test('whose answer never left gives back what it holds without an attempt', () => {
    const scene = new Scene()
    scene.send(1)
    const lost = receiptsOf(scene.claim())
    scene.one({ type: 'release', deliveries: lost })
    expect(scene.visible()).toEqual([0])
    expect(scene.claim({ parts: [{ again: [0 as QueueOffset] }] })[0]?.attempt).toBe(1)
  })
})
