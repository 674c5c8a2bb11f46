/** Makes and removes topics, whoever asks for it. */
import type { TopicId } from './commands.ts'
import { Queue } from './consume-queue.ts'
import type { Group } from './groups.ts'
import { endConsumer } from './holding.ts'
import { forgetAllMoved } from './move-up.ts'
import { forgetPullOffset } from './pull-offsets.ts'
import type { MachineState } from './state.ts'
import { DEAD_LETTER_PREFIX, MESSAGE_TYPE_NORMAL, Topic } from './topics.ts'
import { forgetTransactions } from './transactions.ts'

/** The dead letter topic of a group, made when it is missing. Groups are limited, so these are too. */
export function deadLetterTopic(state: MachineState, group: Group): Topic {
  const name = DEAD_LETTER_PREFIX + group.name
  return state.topics.named(name) ?? addTopic(state, name, MESSAGE_TYPE_NORMAL, 1)
}

/** A topic of a name that is free, with empty queues. */
export function addTopic(state: MachineState, name: string, messageType: number, queueCount: number): Topic {
  const id = state.nextTopicId++
  const queues = addQueues(state, id, 0, queueCount)
  const topic = new Topic(id, name, messageType, state.now, queues)
  state.topics.add(topic)
  state.rows.touch(topic)
  state.catalogMoved()
  return topic
}

/** Makes the queues with the ids `[start, end)` of a topic. */
export function addQueues(state: MachineState, topicId: TopicId, start: number, end: number): Queue[] {
  const queues: Queue[] = []
  for (let queueId = start; queueId < end; queueId++) {
    const queue = new Queue(state.nextQueue++, topicId, queueId)
    state.rows.touch(queue)
    queues.push(queue)
  }
  return queues
}

/** Deletes a topic with its queues and every group's place in them. The bytes in the log stay. */
export function removeTopic(state: MachineState, topic: Topic): void {
  for (const group of state.groups.byId.values()) forgetTopic(state, group, topic)
  for (const queue of topic.queueList) {
    forgetAllMoved(state, queue)
    queue.remove(state.rows)
  }
  forgetTransactions(state, topic)
  state.topics.remove(topic)
  state.rows.remove(topic)
  state.catalogMoved()
}

/** Ends a group's places in a topic, also those that it keeps itself. */
export function forgetTopic(state: MachineState, group: Group, topic: Topic): void {
  for (const queue of topic.queues) forgetPullOffset(state, group, queue)
  if (!group.topics.includes(topic.id)) return
  group.topics = group.topics.filter((id) => id !== topic.id)
  state.rows.touch(group)
  for (const queue of topic.queues) {
    const consumer = group.consumers.get(queue)
    if (consumer === undefined) continue
    endConsumer(state, consumer)
    group.consumers.delete(queue)
  }
}
