import { expect, test } from 'vitest'
import type { Millis } from '../../../src/base/brand.ts'
import { Queue } from '../../../src/broker/machine/consume-queue.ts'
import { Topic, Topics } from '../../../src/broker/machine/topics.ts'

function topicOf(id: number, name: string, queues: readonly number[]): Topic {
  return new Topic(
    id,
    name,
    1,
    5 as Millis,
    queues.map((queue, queueId) => new Queue(queue, id, queueId)),
  )
}

test('messages go to each queue in turn', () => {
  const topic = topicOf(1, 'a', [7, 8, 9])
  const taken = Array.from({ length: 7 }, () => topic.takeQueue().queue)
  expect(taken).toEqual([7, 8, 9, 7, 8, 9, 7])
  expect(topic.nextQueue).toBe(1)
})

test('a topic and its queues are found until it is removed', () => {
  const topics = new Topics()
  const topic = topicOf(1, 'a', [7, 8])
  topics.add(topic)
  topics.add(topicOf(2, 'b', [9]))
  expect(topics.named('a')).toBe(topic)
  expect(topics.queues.get(8)?.topicId).toBe(1)
  topics.remove(topic)
  expect(topics.named('a')).toBeUndefined()
  expect([...topics.queues.keys()]).toEqual([9])
  expect([...topics.byId.keys()]).toEqual([2])
})
