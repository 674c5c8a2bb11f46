import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogPosition, QueueOffset } from '../../../src/base/brand.ts'
import { Prng } from '../../../src/base/prng.ts'
import type { MovedItem } from '../../../src/broker/machine/commands.ts'
import { INVISIBLE_MS, range, receiptsOf, Scene } from './support/scene.ts'

const offset = (n: number): QueueOffset => n as QueueOffset
const position = (n: number): LogPosition => n as LogPosition

function item(scene: Scene, at: number, queue = 1): MovedItem {
  const pointer = scene.pointer(queue, offset(at))
  return { queue, offset: offset(at), position: pointer.position, stored: scene.bytesAt(pointer) }
}

function moveUp(scene: Scene, items: readonly MovedItem[]): void {
  expect(scene.one({ type: 'moveUp', items })).toEqual({ type: 'done' })
}

function trim(scene: Scene, min: number, queue = 1): void {
  expect(scene.one({ type: 'trim', queues: [{ queue, minOffset: offset(min) }] })).toEqual({ type: 'done' })
}

/** Above everything so far. */
function end(scene: Scene): LogPosition {
  const last = scene.log.at(-1)
  return position((last?.position ?? 0) + (last?.data.byteLength ?? 0) + 1)
}

function pass(scene: Scene, to: LogPosition): void {
  scene.one({ type: 'floor', rising: to, position: to })
}

describe('a trimmed queue', () => {
  test('begins at its minimum for every group, and what is unread before it is gone', () => {
    const scene = new Scene()
    scene.send(10)
    scene.claim({ parts: [{ end: offset(2) }] })
    trim(scene, 6)
    expect(scene.machine.queue(1)).toMatchObject({ minOffset: 6, nextOffset: 10 })
    expect(scene.machine.consumer(1, 1)).toMatchObject({ cursor: 6, inFlight: 2, committed: 0 })
    expect(scene.claim().map((one) => one.offset)).toEqual(range(6, 10))
  })

  test('never goes back nor past its end', () => {
    const scene = new Scene()
    scene.send(3)
    trim(scene, 2)
    trim(scene, 1)
    expect(scene.machine.queue(1)?.minOffset).toBe(2)
    trim(scene, 99)
    expect(scene.machine.queue(1)).toMatchObject({ minOffset: 3, nextOffset: 3 })
    expect(scene.send(1)[0]?.offset).toBe(3)
  })
})

describe('a message that was moved up', () => {
  test('is read at its new place from the same entry on, in every group that has it in flight', () => {
    const scene = new Scene()
    scene.one({ type: 'contact', group: 'other', topicId: 1, timeOffsets: [] })
    scene.send(3)
    scene.claim()
    const receipts = receiptsOf(scene.claim({ groupId: 2 }), 2)
    const bytes = scene.bytesAt(scene.pointer(1, offset(1)))
    trim(scene, 3)
    moveUp(scene, [item(scene, 1)])
    const moved = scene.machine.movedPointer(1, offset(1))
    expect(moved).toEqual(scene.pointer(1, offset(1)))
    expect(moved?.position).toBeGreaterThan(scene.log.at(-1)?.position ?? 0)
    expect(moved && scene.bytesAt(moved)).toEqual(bytes)
    scene.ack(receipts)
    expect(scene.machine.movedPointer(1, offset(1))).toEqual(moved)
  })

  test('is forgotten when the last group has consumed it', () => {
    const scene = new Scene()
    scene.send(2)
    const receipts = receiptsOf(scene.claim())
    trim(scene, 2)
    moveUp(scene, [item(scene, 0), item(scene, 1)])
    expect(scene.machine.movedBytes).toBeGreaterThan(0)
    scene.ack(receipts)
    expect(scene.machine.movedPointer(1, offset(0))).toBeUndefined()
    expect(scene.machine.movedBytes).toBe(0)
  })

  test('whose ack came first is not moved', () => {
    const scene = new Scene()
    scene.send(1)
    const receipts = receiptsOf(scene.claim())
    trim(scene, 1)
    const read = item(scene, 0)
    scene.ack(receipts)
    moveUp(scene, [read])
    expect(scene.machine.movedBytes).toBe(0)
  })

  test('is not moved twice by two leaders that read the same place', () => {
    const scene = new Scene()
    scene.send(1)
    scene.claim()
    trim(scene, 1)
    const read = item(scene, 0)
    moveUp(scene, [read])
    const place = scene.machine.movedPointer(1, offset(0))
    moveUp(scene, [read])
    expect(scene.machine.movedPointer(1, offset(0))).toEqual(place)
    moveUp(scene, [item(scene, 0)])
    expect(scene.machine.movedPointer(1, offset(0))?.position).toBeGreaterThan(place?.position ?? 0)
  })

  test('is gone with its topic or its group', () => {
    for (const last of [
      { type: 'deleteTopic', name: 'orders' },
      { type: 'deleteGroup', name: 'shop' },
    ] as const) {
      const scene = new Scene()
      scene.send(1)
      scene.claim()
      trim(scene, 1)
      moveUp(scene, [item(scene, 0)])
      scene.drain()
      scene.one(last)
      expect(scene.machine.movedBytes).toBe(0)
      expect(scene.machine.faults()).toEqual([])
      scene.restart()
      expect(scene.tableDigest()).toBe(scene.digest)
    }
  })
})

describe('a floor that is passed', () => {
  test('ends what is in flight below and was left behind, and nothing else', () => {
    const scene = new Scene()
    scene.send(3)
    scene.claim()
    const floor = end(scene)
    trim(scene, 3)
    scene.one({ type: 'floor', rising: floor, position: position(0) })
    moveUp(scene, [item(scene, 1)])
    pass(scene, floor)
    expect(scene.machine.floor).toBe(floor)
    expect([...scene.machine.stranded()].map((one) => one.offset)).toEqual([1])
    expect(scene.machine.faults()).toEqual([])
  })

  test('never goes back', () => {
    const scene = new Scene()
    pass(scene, position(500))
    scene.one({ type: 'floor', rising: position(100), position: position(100) })
    expect(scene.machine.floors).toEqual({ position: 500, rising: 500 })
  })

  test('survives a restart', () => {
    const scene = new Scene()
    scene.one({ type: 'floor', rising: position(900), position: position(500) })
    scene.restart()
    expect(scene.machine.floors).toEqual({ position: 500, rising: 900 })
    expect(scene.tableDigest()).toBe(scene.digest)
  })
})

describe('pages before the minimum', () => {
  test('are deleted, but for those that only they lead to a message in flight, and the newest', () => {
    const scene = new Scene()
    scene.send(300)
    scene.claim({ parts: [{ end: offset(200), offsets: [offset(130)] }] })
    trim(scene, 300)
    const drop = (): void => void scene.one({ type: 'dropPages', queue: 1, endPage: 9 })
    drop()
    expect(scene.machine.queue(1)?.firstPage).toBe(0)
    moveUp(scene, [item(scene, 130)])
    drop()
    expect(scene.machine.queue(1)?.firstPage).toBe(2)
    scene.drain()
    expect(scene.tableDigest()).toBe(scene.digest)
    expect(scene.send(1)[0]?.offset).toBe(300)
    scene.restart()
    expect(scene.machine.queue(1)).toMatchObject({ firstPage: 2, minOffset: 300 })
  })
})

test('a dead letter below the rising floor waits until it is moved up, and then leads to the new place', () => {
  const scene = new Scene({ attemptsMax: 1 })
  scene.send(1)
  scene.claim()
  scene.later(INVISIBLE_MS)
  scene.one({ type: 'floor', rising: end(scene), position: position(0) })
  const old = scene.pointer(1, offset(0))
  const bury = (): void => {
    scene.one({ type: 'deadLetter', groupId: 1, queue: 1, items: [{ ...old, offset: offset(0) }] })
  }
  bury()
  expect(scene.machine.topic('%DLQ%shop')).toBeUndefined()
  moveUp(scene, [item(scene, 0)])
  const moved = scene.pointer(1, offset(0))
  bury()
  expect(scene.pointer(2, offset(0))).toEqual(moved)
  const seconds = Math.floor(scene.machine.now / 1000)
  expect(scene.machine.entryInMemory(2, offset(0))).toEqual({ ...moved, sinceSeconds: seconds, orderHash: 0 })
})

/** What a leader does when the floor rises to `to`. */
function raise(scene: Scene, random: Prng, to: LogPosition): void {
  const { machine } = scene
  scene.one({ type: 'floor', rising: to, position: position(0) })
  const topics = [...machine.topics()]
  for (const topic of topics) {
    for (const queue of topic.queues) {
      const view = machine.queue(queue)
      let min = view?.minOffset ?? offset(0)
      const isDead = topic.name.startsWith('%DLQ%')
      while (min < (view?.nextOffset ?? 0)) {
        if (isDead ? random.chance(0.7) : scene.pointer(queue, min).position >= to) break
        min = offset(min + 1)
      }
      trim(scene, min, queue)
      if (!isDead) continue
      const old = range(min, view?.nextOffset ?? 0).filter((at) => scene.pointer(queue, at).position < to)
      moveUp(
        scene,
        old.map((at) => item(scene, at, queue)),
      )
    }
  }
  const stranded = [...machine.stranded()].filter(() => random.chance(0.95))
  const once = new Map(stranded.map((one) => [`${one.queue}:${one.offset}`, one]))
  moveUp(
    scene,
    [...once.values()].map((one) => item(scene, one.offset, one.queue)),
  )
  pass(scene, to)
  for (const topic of topics) {
    for (const queue of topic.queues) {
      scene.one({ type: 'dropPages', queue, endPage: random.below(5) })
    }
  }
}

/** One thing that clients do. */
function act(scene: Scene, random: Prng): void {
  const groupId = 1 + random.below(2)
  const queue = 1 + random.below(2)
  const kind = random.below(10)
  if (kind < 3) scene.send(random.below(60, 1))
  else if (kind < 5) scene.claim({ groupId, parts: [{ queue }] })
  else if (kind < 6) scene.later(random.below(INVISIBLE_MS))
  else if (kind < 7) {
    const again = scene.visible(queue, groupId).filter(() => random.chance(0.5)) as QueueOffset[]
    scene.claim({ groupId, parts: [{ queue, again, offsets: [] }] })
  } else if (kind < 8) {
    const dead = scene.machine.exhausted(scene.machine.now, 20).filter((one) => one.queue === queue)
    const items = dead.map((one) => ({ ...scene.pointer(queue, one.offset), offset: one.offset }))
    for (const group of [1, 2]) scene.one({ type: 'deadLetter', groupId: group, queue, items })
  } else {
    const held = scene.claim({ groupId, parts: [{ queue }] }).filter(() => random.chance(0.7))
    scene.ack(receiptsOf(held, groupId))
  }
}

test('whatever clients do while floors pass, what is left is whole and stands above them', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new Prng(seed)
      const scene = new Scene({ queues: 2, attemptsMax: 2, dedupeIdsMax: 1024, requestsMax: 1024 })
      scene.one({ type: 'contact', group: 'other', topicId: 1, timeOffsets: [] })
      for (let round = 0; round < 6; round++) {
        for (let i = 0; i < 12; i++) act(scene, random)
        const all = scene.log
        raise(scene, random, all[Math.floor(all.length * random.fraction())]?.position ?? position(0))
        expect(scene.machine.faults()).toEqual([])
        for (const one of scene.machine.stranded()) {
          const pointer = scene.pointer(one.queue, one.offset)
          expect(pointer.position).toBeGreaterThanOrEqual(scene.machine.floor)
          expect(scene.bytesAt(pointer)[0]).toBe(1)
        }
        for (const topic of scene.machine.topics()) {
          for (const queue of topic.queues) {
            const view = scene.machine.queue(queue)
            const kept = range(view?.minOffset ?? 0, view?.nextOffset ?? 0)
            const lost = kept.filter((at) => scene.pointer(queue, at).position < scene.machine.floor)
            expect(lost).toEqual([])
          }
        }
        if (random.chance(0.5)) scene.restart()
        scene.drain()
        expect(scene.tableDigest()).toBe(scene.digest)
      }
    }),
    { numRuns: 6 },
  )
})
