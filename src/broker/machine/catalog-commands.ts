/** Commands that make and delete topics and groups, and the first contact of a group with a topic. */
import type { QueueOffset } from '../../base/brand.ts'
import {
  ATTEMPTS_MAX,
  DELIVERY_ATTEMPTS_DEFAULT,
  GROUP_NAME_LENGTH_MAX,
  GROUPS_MAX,
  QUEUES_PER_TOPIC_MAX,
  TOPIC_NAME_LENGTH_MAX,
  TOPICS_MAX,
} from '../../base/limits.ts'
import { unreachable } from '../../base/assert.ts'
import type {
  Contact,
  CreateGroup,
  CreateTopic,
  DeleteGroup,
  DeleteTopic,
  Refused,
  Reply,
  StartPolicy,
} from './commands.ts'
import type { Queue } from './consume-queue.ts'
import { Consumer } from './consumer.ts'
import { backoffFault, type GroupPolicy, isSamePolicy, plainPolicy } from './group-policy.ts'
import { Group } from './groups.ts'
import { endConsumer } from './holding.ts'
import { addTopic, removeTopic } from './make-topic.ts'
import { forgetPullOffset } from './pull-offsets.ts'
import { endRetryTopics, endRetryTopicsOf } from './retry-topics.ts'
import { type MachineState, refused } from './state.ts'
import { DEAD_LETTER_PREFIX, isTopicType, type Topic } from './topics.ts'

/** RocketMQ: TopicValidator. Names of dead letter topics may be longer, by the prefix. */
const NAME = /^[%|a-zA-Z0-9_-]+$/
const NUMBERS_END = 2 ** 32 - QUEUES_PER_TOPIC_MAX

const DONE: Reply = { type: 'done' }
const DEFAULT_START: StartPolicy = { from: 'default' }
const DEFAULT_POLICY = plainPolicy(DELIVERY_ATTEMPTS_DEFAULT)

/** Makes a topic. Equal settings give the topic that is there. */
export function createTopic(state: MachineState, command: CreateTopic): Reply {
  const { name, messageType, queueCount } = command
  const existing = state.topics.named(name)
  if (existing !== undefined) {
    const same = existing.messageType === messageType && existing.queues.length === queueCount
    if (same) return { type: 'topic', topicId: existing.id }
    return refused('TOPIC_EXISTS', `topic ${name} exists with other settings`)
  }
  const lengthMax = name.startsWith(DEAD_LETTER_PREFIX)
    ? DEAD_LETTER_PREFIX.length + GROUP_NAME_LENGTH_MAX
    : TOPIC_NAME_LENGTH_MAX
  if (!NAME.test(name) || name.length > lengthMax)
    return refused('ILLEGAL_TOPIC', 'the topic name is illegal')
  if (!isTopicType(messageType)) return refused('BAD_REQUEST', `there is no topic type ${messageType}`)
  if (queueCount < 1 || queueCount > QUEUES_PER_TOPIC_MAX) {
    return refused('BAD_REQUEST', `a topic has 1 to ${QUEUES_PER_TOPIC_MAX} queues`)
  }
  if (state.topics.byId.size >= TOPICS_MAX || !isRoomForQueues(state)) {
    return refused('LIMIT_REACHED', 'there are too many topics')
  }
  return { type: 'topic', topicId: addTopic(state, name, messageType, queueCount).id }
}

/** Whether a topic can have all its queues: their numbers are never given out twice. */
export function isRoomForQueues(state: MachineState): boolean {
  return state.nextQueue <= NUMBERS_END
}

/** Deletes a topic with its queues and every group's place in them. The bytes in the log stay. */
export function deleteTopic(state: MachineState, command: DeleteTopic): Reply {
  const topic = state.topics.named(command.name)
  if (topic === undefined) return refused('TOPIC_NOT_FOUND', `topic ${command.name} does not exist`)
  endRetryTopicsOf(state, topic)
  removeTopic(state, topic)
  return DONE
}

/** Makes a group. Equal settings give the group that is there. */
export function createGroup(state: MachineState, command: CreateGroup): Reply {
  const existing = state.groups.named(command.name)
  if (existing === undefined) {
    const group = addGroup(state, command.name, command.start, policyOf(command))
    return group instanceof Group ? { type: 'group', groupId: group.id } : group
  }
  const same = isSamePolicy(existing.policy, command) && isSameStart(existing.start, command.start)
  if (same) return { type: 'group', groupId: existing.id }
  return refused('GROUP_EXISTS', `group ${command.name} exists with other settings`)
}

function addGroup(
  state: MachineState,
  name: string,
  start: StartPolicy,
  policy: GroupPolicy,
): Group | Refused {
  if (!NAME.test(name) || name.length > GROUP_NAME_LENGTH_MAX) {
    return refused('ILLEGAL_GROUP', 'the group name is illegal')
  }
  const fault = policyFault(policy)
  if (fault !== undefined) return refused('BAD_REQUEST', fault)
  if (state.groups.byId.size >= GROUPS_MAX) return refused('LIMIT_REACHED', 'there are too many groups')
  const group = new Group(state.nextGroupId++, name, start, policy, state.now)
  state.groups.add(group)
  state.rows.touch(group)
  state.catalogMoved()
  return group
}

/** What is wrong with a policy, in words; `undefined` when nothing is. */
export function policyFault({ attemptsMax, backoff }: GroupPolicy): string | undefined {
  if (attemptsMax < 1 || attemptsMax > ATTEMPTS_MAX) return `a group has 1 to ${ATTEMPTS_MAX} attempts`
  return backoffFault(backoff)
}

function policyOf({ attemptsMax, fifo, backoff }: GroupPolicy): GroupPolicy {
  return { attemptsMax, fifo, backoff }
}

function isSameStart(one: StartPolicy, other: StartPolicy): boolean {
  const times = (one.from === 'time' ? one.time : 0) === (other.from === 'time' ? other.time : 0)
  return one.from === other.from && times
}

/** Deletes a group with its places and claims. Its dead letter topic stays. */
export function deleteGroup(state: MachineState, command: DeleteGroup): Reply {
  const group = state.groups.named(command.name)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.name} does not exist`)
  for (const consumer of group.consumers.values()) endConsumer(state, consumer)
  for (const queue of group.pullOffsets.keys()) forgetPullOffset(state, group, queue)
  endRetryTopics(state, group)
  state.groups.remove(group)
  state.rows.remove(group)
  state.catalogMoved()
  return DONE
}

/** First contact of a group with a topic: fixes where it starts to read. All or nothing. */
export function contact(state: MachineState, command: Contact): Reply {
  const topic = command.topicId === null ? undefined : state.topics.byId.get(command.topicId)
  if (command.topicId !== null && topic === undefined) {
    return refused('TOPIC_NOT_FOUND', `topic ${command.topicId} does not exist`)
  }
  const existing = state.groups.named(command.group)
  const needsTimes =
    existing?.start.from === 'time' && topic !== undefined && !existing.topics.includes(topic.id)
  if (needsTimes && command.timeOffsets.length !== topic.queues.length) {
    return refused('BAD_REQUEST', 'a start by time needs an offset for each queue')
  }
  const group = existing ?? addGroup(state, command.group, DEFAULT_START, DEFAULT_POLICY)
  if (!(group instanceof Group)) return group
  if (topic !== undefined && !group.topics.includes(topic.id)) startReading(state, group, topic, command)
  return { type: 'group', groupId: group.id }
}

function startReading(state: MachineState, group: Group, topic: Topic, command: Contact): void {
  group.topics = [...group.topics, topic.id]
  state.rows.touch(group)
  for (const queue of topic.queueList) {
    const start = startOffset(group.start, queue, command.timeOffsets[queue.queueId])
    const consumer = new Consumer(group, queue, start)
    group.consumers.set(queue.queue, consumer)
    state.rows.touch(consumer)
  }
  state.catalogMoved()
}

function startOffset(policy: StartPolicy, queue: Queue, atTime: QueueOffset | undefined): QueueOffset {
  switch (policy.from) {
    case 'default':
      return queue.minOffset === 0 ? queue.minOffset : queue.nextOffset
    case 'earliest':
      return queue.minOffset
    case 'latest':
      return queue.nextOffset
    case 'time':
      return Math.min(Math.max(atTime ?? 0, queue.minOffset), queue.nextOffset) as QueueOffset
    default:
      return unreachable(policy)
  }
}
