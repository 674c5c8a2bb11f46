import { describe, expect, test } from 'vitest'
import { INVISIBLE_MS, OrderScene, textsOf } from './support/order-scene.ts'

describe('a message group', () => {
  test('comes in the order of sending, several messages at once', () => {
    const scene = new OrderScene({ queues: 4 })
    scene.send('a1', 'b1', 'a2', 'a3', 'b2')
    expect(textsOf(scene.receive())).toEqual(['a1', 'b1', 'a2', 'a3', 'b2'])
    expect(scene.receive()).toEqual([])
  })

  test('waits while a message of it is not acked, and others do not', () => {
    const scene = new OrderScene()
    scene.send('a1', 'a2', 'b1', 'a3', 'c1')
    const [a1] = scene.receive({ max: 1 })
    expect(a1?.text).toBe('a1')
    expect(textsOf(scene.receive({ client: 2 }))).toEqual(['b1', 'c1'])
    expect(scene.receive({ client: 3 })).toEqual([])
    expect(scene.machine.consumer(1, 1)).toMatchObject({ cursor: 5, parked: 2, committed: 0 })
    expect(scene.ack(a1 === undefined ? [] : [a1])).toEqual([true])
    expect(textsOf(scene.receive({ client: 3 }))).toEqual(['a2', 'a3'])
    expect(scene.machine.faults()).toEqual([])
  })

  test('goes to one receiver of a turn only', () => {
    const scene = new OrderScene()
    scene.send('a1', 'a2', 'b1', 'a3')
    const planner = scene.planner()
    const commands = [1, 2, 3].map((client) => scene.claimFor(planner, { client, max: client }))
    const got = commands.map((command) => textsOf(scene.claim(command)))
    expect(got).toEqual([['a1'], ['b1'], []])
    expect(scene.machine.faults()).toEqual([])
  })

  test('goes on with the next messages only when all of a batch are acked, in whatever order', () => {
    const scene = new OrderScene()
    scene.send('a1', 'a2', 'a3', 'a4')
    const [a1, a2, a3] = scene.receive({ max: 3 })
    if (a1 === undefined || a2 === undefined || a3 === undefined) throw new Error('three came')
    expect(scene.ack([a3])).toEqual([true])
    expect(scene.ack([a1])).toEqual([true])
    expect(scene.receive()).toEqual([])
    expect(scene.machine.consumer(1, 1)).toMatchObject({ committed: 1, inFlight: 2 })
    expect(scene.ack([a3])).toEqual([true])
    expect(scene.ack([a2])).toEqual([true])
    expect(scene.machine.consumer(1, 1)).toMatchObject({ committed: 3, inFlight: 0 })
    expect(textsOf(scene.receive())).toEqual(['a4'])
  })

  test('begins again where an ack is missing and repeats what came after it, acked or not', () => {
    const scene = new OrderScene()
    scene.send('a1', 'a2', 'a3', 'a4', 'a5')
    const [a1, , a3] = scene.receive({ max: 4 })
    if (a1 === undefined || a3 === undefined) throw new Error('four came')
    scene.ack([a1, a3])
    expect(scene.receive()).toEqual([])
    scene.later(INVISIBLE_MS)
    const again = scene.receive({ client: 2 })
    expect(again.map(({ text, attempt }) => [text, attempt])).toEqual([
      ['a2', 2],
      ['a3', 2],
      ['a4', 2],
      ['a5', 1],
    ])
    expect(scene.ack([a3])).toEqual([false])
    expect(scene.ack(again)).toEqual([true, true, true, true])
    expect(scene.machine.consumer(1, 1)).toMatchObject({ committed: 5, inFlight: 0, parked: 0 })
  })

  test('repeats an acked message even when fewer fit the next batch, also after a restart', () => {
    const scene = new OrderScene({ attemptsMax: 2 })
    scene.send('a1', 'a2', 'a3')
    const first = scene.receive()
    scene.ack(first.slice(1))
    scene.drain()
    scene.later(INVISIBLE_MS)
    const [a1] = scene.receive({ max: 1 })
    expect(a1?.text).toBe('a1')
    expect(scene.receive()).toEqual([])
    scene.restart()
    scene.ack(a1 === undefined ? [] : [a1])
    expect(textsOf(scene.receive())).toEqual(['a2', 'a3'])
    expect(scene.machine.faults()).toEqual([])
  })

  test('waits for all that a receiver still holds before it begins again', () => {
    const scene = new OrderScene()
    scene.send('a1', 'a2')
    const [a1, a2] = scene.receive()
    if (a1 === undefined || a2 === undefined) throw new Error('two came')
    expect(scene.change(a2, 2 * INVISIBLE_MS)).toBe(true)
    scene.later(INVISIBLE_MS)
    expect(scene.receive()).toEqual([])
    expect(scene.ack([a2])).toEqual([true])
    expect(textsOf(scene.receive())).toEqual(['a1', 'a2'])
  })

  test('goes on after a message that used up its attempts', () => {
    const scene = new OrderScene({ attemptsMax: 2 })
    scene.send('a1', 'a2', 'a3')
    expect(textsOf(scene.receive({ max: 1 }))).toEqual(['a1'])
    scene.later(INVISIBLE_MS)
    expect(textsOf(scene.receive({ max: 1 }))).toEqual(['a1'])
    scene.later(INVISIBLE_MS)
    expect(scene.receive()).toEqual([])
    scene.bury()
    expect(scene.machine.topic('%DLQ%shop')?.queues.length).toBe(1)
    expect(textsOf(scene.receive())).toEqual(['a2', 'a3'])
  })

  test('does not send a later message to the dead letters before an earlier one', () => {
    const scene = new OrderScene({ attemptsMax: 1 })
    scene.send('a1', 'a2')
    const [a1] = scene.receive()
    if (a1 === undefined) throw new Error('two came')
    scene.change(a1, 2 * INVISIBLE_MS)
    scene.later(INVISIBLE_MS)
    scene.bury()
    expect(scene.machine.topic('%DLQ%shop')).toBeUndefined()
    scene.later(INVISIBLE_MS)
    scene.bury()
    scene.bury()
    expect(scene.machine.consumer(1, 1)).toMatchObject({ committed: 2, inFlight: 0 })
  })

  test('given back by its node comes again without another attempt', () => {
    const scene = new OrderScene({ attemptsMax: 1 })
    scene.send('a1', 'a2')
    const got = scene.receive()
    const deliveries = got.map(({ queue, offset, attempt }) => ({ groupId: 1, queue, offset, attempt }))
    scene.one({ type: 'release', deliveries })
    expect(scene.receive().map(({ text, attempt }) => [text, attempt])).toEqual([
      ['a1', 1],
      ['a2', 1],
    ])
  })

  test('keeps its order when its messages stand in two queues after the topic has grown', () => {
    for (const group of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const scene = new OrderScene({ queues: 1 })
      scene.send(`${group}1`, `${group}2`, 'x1', `${group}3`)
      const [first] = scene.receive({ max: 1 })
      scene.one({ type: 'updateTopic', name: 'carts', queueCount: 7, permission: null, retentionMs: null })
      scene.send(`${group}4`, 'x2', `${group}5`)
      expect(textsOf(scene.receive({ client: 2 })).every((text) => text.startsWith('x'))).toBe(true)
      scene.restart()
      scene.ack(first === undefined ? [] : [first])
      const rest = textsOf(scene.receive()).filter((text) => text.startsWith(group))
      expect(rest).toEqual([2, 3, 4, 5].map((n) => `${group}${n}`))
      expect(scene.machine.faults()).toEqual([])
    }
  })

  test('of which nothing was looked at keeps its order over old and new queues', () => {
    const scene = new OrderScene({ queues: 2 })
    const texts = Array.from({ length: 60 }, (_, i) => `g${'abc'[i % 3]}${i}`)
    scene.send(...texts.slice(0, 20))
    scene.one({ type: 'updateTopic', name: 'carts', queueCount: 5, permission: null, retentionMs: null })
    scene.send(...texts.slice(20, 40))
    scene.one({ type: 'updateTopic', name: 'carts', queueCount: 9, permission: null, retentionMs: null })
    scene.send(...texts.slice(40))
    const got = [1, 2].flatMap(() => {
      const batch = scene.receive()
      scene.ack(batch)
      return textsOf(batch)
    })
    expect(got).toEqual(texts)
  })

  test('is in the same order after a restart', () => {
    const scene = new OrderScene({ queues: 2 })
    scene.send('a1', 'b1', 'a2', 'a3', 'b2', 'a4')
    const got = scene.receive({ max: 3 })
    scene.receive({ max: 1 })
    scene.ack(got.filter(({ text }) => text === 'a2'))
    scene.restart()
    expect(scene.machine.faults()).toEqual([])
    scene.later(INVISIBLE_MS)
    const again = textsOf(scene.receive())
    expect(again.filter((text) => text.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4'])
    expect(again.filter((text) => text.startsWith('b'))).toEqual(['b1', 'b2'])
    const loaded = scene.reload()
    expect(loaded.digests().applied.digest).toBe(scene.tableDigest())
  })
})

test('messages without a message group keep the order of their queue', () => {
  const scene = new OrderScene({ queues: 2, messageType: 1 })
  scene.send('-1', '-2', '-3', '-4')
  expect(textsOf(scene.receive({ max: 1 }))).toEqual(['-1'])
  expect(textsOf(scene.receive({ max: 1 }))).toEqual(['-2'])
  expect(scene.receive()).toEqual([])
})

test('waiting lanes and new messages come first in turn, so that neither starves', () => {
  const scene = new OrderScene()
  scene.send('a1', 'a2', 'a3')
  const first = scene.receive({ max: 1 })
  scene.receive({ max: 1 })
  scene.ack(first)
  scene.send('b1')
  expect(textsOf(scene.receive({ max: 1, rotation: 1 }))).toEqual(['b1'])
  expect(textsOf(scene.receive({ max: 1, rotation: 1 }))).toEqual(['a2'])
})

test('what retention has taken away is not waited for', () => {
  const scene = new OrderScene()
  scene.send('a1', 'a2', 'a3')
  const first = scene.receive({ max: 1 })
  scene.receive({ max: 1 })
  scene.one({ type: 'trim', queues: [{ queue: 1, minOffset: 2 as never }] })
  expect(scene.machine.consumer(1, 1)).toMatchObject({ parked: 1, inFlight: 1 })
  expect(scene.machine.faults()).toEqual([])
  scene.ack(first)
  expect(textsOf(scene.receive())).toEqual(['a3'])
})

test('a deleted topic or group leaves no lane behind', () => {
  for (const end of [
    { type: 'deleteTopic', name: 'carts' },
    { type: 'deleteGroup', name: 'shop' },
  ] as const) {
    const scene = new OrderScene()
    scene.send('a1', 'a2')
    scene.receive({ max: 1 })
    scene.receive()
    expect(scene.machine.orderLoad(1, 1)).toMatchObject({ lanes: 1, parked: 1 })
    scene.one(end)
    expect(scene.machine.orderLoad(1, 1).parkedInAll).toBe(0)
    expect(scene.machine.faults()).toEqual([])
    scene.drain()
    expect([...scene.table.values()].filter(({ key }) => key[1] === 11 || key[1] === 7)).toEqual([])
  }
})

describe('at a bound nothing is forgotten, and what comes next waits:', () => {
  test('of message groups under way', () => {
    const scene = new OrderScene({ queues: 2, lanesMax: 2 })
    scene.send('a1', 'b1', 'a2', 'c1', 'd1', 'b2')
    const got = scene.receive()
    expect(textsOf(got)).toEqual(['a1', 'b1', 'a2'])
    expect(scene.receive()).toEqual([])
    scene.ack(got.slice(1, 2))
    expect(textsOf(scene.receive())).toEqual(['c1'])
    scene.ack(got)
    expect(textsOf(scene.receive())).toEqual(['d1'])
    expect(scene.receive()).toEqual([])
  })

  test('of messages that wait behind others', () => {
    const scene = new OrderScene({ parkedMax: 2 })
    scene.send('a1', 'a2', 'a3', 'a4', 'b1')
    const [a1] = scene.receive({ max: 1 })
    expect(scene.receive()).toEqual([])
    expect(scene.machine.consumer(1, 1)).toMatchObject({ cursor: 3, parked: 2 })
    scene.ack(a1 === undefined ? [] : [a1])
    expect(textsOf(scene.receive())).toEqual(['a2', 'a3', 'a4', 'b1'])
  })
})
