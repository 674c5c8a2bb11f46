import { expect, test } from 'vitest'
import type { QueueOffset } from '../../../src/base/brand.ts'
import { Writer } from '../../../src/base/bytes.ts'
import { REQUEST_WINDOW_MS } from '../../../src/base/limits.ts'
import type { Reply } from '../../../src/broker/machine/commands.ts'
import { PullOffset } from '../../../src/broker/machine/pull-offset.ts'
import { requestKey } from './support/messages.ts'
import { Scene } from './support/scene.ts'

function store(scene: Scene, offset: number, request: number, queue = 1, groupId = 1): Reply {
  return scene.one({
    type: 'updateOffset',
    request: requestKey(request),
    groupId,
    queue,
    offset: offset as QueueOffset,
  })
}

function stored(scene: Scene, queue = 1): number | undefined {
  return scene.machine.pullOffset(1, queue)?.offset
}

test('an offset is stored, moved back and forth, and kept over a restart', () => {
  const scene = new Scene()
  scene.send(5)
  expect(stored(scene)).toBeUndefined()
  expect(store(scene, 4, 1)).toEqual({ type: 'done' })
  expect(stored(scene)).toBe(4)
  store(scene, 2, 2)
  scene.restart()
  expect(stored(scene)).toBe(2)
  expect([...scene.machine.pullQueues(1)]).toEqual([1])
  expect(scene.digest).toBe(scene.tableDigest())
})

test('an update that comes again after a later one changes nothing, until it is forgotten', () => {
  const scene = new Scene()
  scene.send(5)
  store(scene, 1, 1)
  store(scene, 3, 2)
  expect(store(scene, 1, 1)).toEqual({ type: 'done' })
  expect(stored(scene)).toBe(3)
  scene.later(REQUEST_WINDOW_MS)
  store(scene, 1, 1)
  expect(stored(scene)).toBe(1)
})

test('the end of the queue may be stored, what lies behind it not', () => {
  const scene = new Scene()
  scene.send(5)
  expect(store(scene, 5, 1)).toEqual({ type: 'done' })
  expect(store(scene, 6, 2)).toMatchObject({ type: 'refused', code: 'ILLEGAL_OFFSET' })
  expect(store(scene, 0, 3, 7)).toMatchObject({ type: 'refused', code: 'TOPIC_NOT_FOUND' })
  expect(store(scene, 0, 4, 1, 7)).toMatchObject({ type: 'refused', code: 'GROUP_NOT_FOUND' })
  expect(stored(scene)).toBe(5)
  expect(store(scene, 6, 2)).toMatchObject({ code: 'ILLEGAL_OFFSET' })
})

test('a stored offset does not move where the group receives', () => {
  const scene = new Scene()
  scene.send(5)
  store(scene, 4, 1)
  expect(scene.claim().map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4])
  expect(stored(scene)).toBe(4)
})

test('what was stored goes with its topic, and with its group', () => {
  for (const end of [
    { type: 'deleteTopic', name: 'orders' },
    { type: 'deleteGroup', name: 'shop' },
  ] as const) {
    const scene = new Scene({ queues: 2 })
    scene.send(4)
    store(scene, 1, 1, 1)
    store(scene, 1, 2, 2)
    scene.drain()
    scene.one(end)
    expect([...scene.machine.pullQueues(1)]).toEqual([])
    expect(scene.reload().faults()).toEqual([])
    expect(scene.digest).toBe(scene.tableDigest())
  }
})

test('the row of an offset has the size that was guessed', () => {
  const writer = new Writer()
  const row = new PullOffset(1, 2, 3 as QueueOffset, 4 as never)
  row.writeKey(writer)
  row.writeValue(writer)
  expect(writer.length).toBe(row.sizeHint())
})
