/**
 * Where a group gets messages back that were dead letters: a topic of its own for each topic that it reads, whose
 * queue is read together with those of the topic (RocketMQ: `%RETRY%`). No other group reads it.
 */
import { TOPICS_MAX } from '../../base/limits.ts'
import { Consumer } from './consumer.ts'
import type { Group } from './groups.ts'
import { addTopic, removeTopic } from './make-topic.ts'
import type { MachineState } from './state.ts'
import { MESSAGE_TYPE_NORMAL, RETRY_PREFIX, type Topic } from './topics.ts'

/** Between the names of group and topic. Neither can have it, so that each pair has a name of its own. */
const SEPARATOR = '+'

/** The topic in which the group finds what comes back to it from `topic`; `undefined` when there are too many topics. */
export function retryTopic(state: MachineState, group: Group, topic: Topic): Topic | undefined {
  const known = state.topics.byId.get(group.retryTopics.get(topic.id) ?? 0)
  if (known !== undefined) return known
  if (state.topics.byId.size >= TOPICS_MAX) return undefined
  const name = `${RETRY_PREFIX}${group.name}${SEPARATOR}${topic.name}`
  const made = addTopic(state, name, MESSAGE_TYPE_NORMAL, 1)
  group.retryTopics.set(topic.id, made.id)
  group.topics = [...group.topics, made.id]
  state.rows.touch(group)
  for (const queue of made.queueList) {
    const consumer = new Consumer(group, queue, queue.minOffset)
    group.consumers.set(queue.queue, consumer)
    state.rows.touch(consumer)
  }
  return made
}

/** Finds the retry topics of all groups by their names, after everything was loaded. */
export function findRetryTopics(state: MachineState): void {
  for (const topic of state.topics.byId.values()) {
    if (!topic.name.startsWith(RETRY_PREFIX)) continue
    const [groupName = '', topicName] = topic.name.slice(RETRY_PREFIX.length).split(SEPARATOR)
    const group = state.groups.named(groupName)
    const of = topicName === undefined ? undefined : state.topics.named(topicName)
    if (group !== undefined && of !== undefined) group.retryTopics.set(of.id, topic.id)
  }
}

/** Deletes the retry topics of a group, which ends. */
export function endRetryTopics(state: MachineState, group: Group): void {
  for (const id of group.retryTopics.values()) remove(state, id)
  group.retryTopics.clear()
}

/** Deletes the retry topics of all groups for a topic, which ends; and forgets it where it is one itself. */
export function endRetryTopicsOf(state: MachineState, topic: Topic): void {
  for (const group of state.groups.byId.values()) {
    for (const [of, id] of group.retryTopics) {
      if (of !== topic.id && id !== topic.id) continue
      group.retryTopics.delete(of)
      if (of === topic.id) remove(state, id)
    }
  }
}

function remove(state: MachineState, id: number): void {
  const topic = state.topics.byId.get(id)
  if (topic !== undefined) removeTopic(state, topic)
}
