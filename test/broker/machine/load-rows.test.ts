import { expect, test } from 'vitest'
import { BytesError, Writer } from '../../../src/base/bytes.ts'
import {
  readConsumer,
  readGroup,
  readQueue,
  readTopic,
  type RowSink,
} from '../../../src/broker/machine/load-rows.ts'
import { MachineState } from '../../../src/broker/machine/state.ts'
import type { Row } from '../../../src/broker/machine/rows.ts'
import { Scene } from './support/scene.ts'

function sink(): RowSink {
  return { state: new MachineState(), queues: new Map() }
}

function rowOf(row: Row): { key: Uint8Array; value: Uint8Array } {
  const key = new Writer()
  const value = new Writer()
  row.writeKey(key)
  row.writeValue(value)
  return { key: key.done(), value: value.done() }
}

/** The rows of a scene, by table. */
function found() {
  const scene = new Scene()
  scene.send(3)
  const { machine } = scene
  return {
    queue: rowOf(machine.queue(1) as never),
    topic: rowOf(machine.topicById(1) as never),
    group: rowOf(machine.groupById(1) as never),
  }
}

test('rows come back in their order', () => {
  const into = sink()
  const { queue, topic, group } = found()
  readQueue(into, queue)
  readTopic(into, topic)
  readGroup(into, group)
  expect(into.state.topics.named('orders')).toMatchObject({ id: 1, queues: [1] })
  expect(into.state.topics.queues.get(1)?.nextOffset).toBe(3)
  expect(into.state.groups.named('shop')).toMatchObject({ id: 1, topics: [1], attemptsMax: 3 })
})

test('a row whose owner is missing is refused and changes nothing', () => {
  const { queue, topic, group } = found()
  const into = sink()
  expect(() => readTopic(into, topic)).toThrow(BytesError)
  expect(() => readGroup(into, group)).toThrow(BytesError)
  const consumer = { key: Uint8Array.of(0x6d, 6, 0, 0, 0, 1, 0, 0, 0, 1), value: new Uint8Array(9).fill(0) }
  expect(() => readConsumer(into, consumer)).toThrow(BytesError)
  readQueue(into, queue)
  expect(into.state.topics.byId.size + into.state.groups.byId.size).toBe(0)
  expect(into.state.topics.queues.size).toBe(0)
})

test('a cursor past the end is refused', () => {
  const into = sink()
  const { queue, topic, group } = found()
  readQueue(into, queue)
  readTopic(into, topic)
  readGroup(into, group)
  const key = Uint8Array.of(0x6d, 6, 0, 0, 0, 1, 0, 0, 0, 1)
  expect(() => readConsumer(into, { key, value: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 4) })).toThrow(
    BytesError,
  )
  readConsumer(into, { key, value: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 3) })
  expect(into.state.groups.consumer(1, 1)?.cursor).toBe(3)
})
