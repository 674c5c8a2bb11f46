/**
 * Commands that change topics and groups that are in use: more queues, who may send and receive, how long
 * messages stay, how often and after what time they are delivered again.
 */
import type { QueueOffset } from '../../base/brand.ts'
import { QUEUES_PER_TOPIC_MAX } from '../../base/limits.ts'
import { isRoomForQueues, policyFault } from './catalog-commands.ts'
import type { LeaveTopic, Reply, UpdateGroup, UpdateTopic } from './commands.ts'
import { Consumer } from './consumer.ts'
import type { GroupPolicy } from './group-policy.ts'
import { listClaim } from './holding.ts'
import { addQueues, forgetTopic } from './make-topic.ts'
import { type MachineState, refused } from './state.ts'
import { isPermission, type Topic } from './topics.ts'

const RETENTION_MS_MAX = 10 * 365 * 24 * 3600_000

/** Changes what is given of a topic. A topic never loses queues: their messages would be lost. */
export function updateTopic(state: MachineState, command: UpdateTopic): Reply {
  const { name, queueCount, permission, retentionMs } = command
  const topic = state.topics.named(name)
  if (topic === undefined) return refused('TOPIC_NOT_FOUND', `topic ${name} does not exist`)
  if (queueCount !== null && (queueCount < topic.queues.length || queueCount > QUEUES_PER_TOPIC_MAX)) {
    const range = `${topic.queues.length} to ${QUEUES_PER_TOPIC_MAX}`
    return refused('BAD_REQUEST', `topic ${name} can have ${range} queues: they only grow`)
  }
  if (permission !== null && !isPermission(permission)) {
    return refused('BAD_REQUEST', `there is no permission ${permission}`)
  }
  if (retentionMs !== null && retentionMs > RETENTION_MS_MAX) {
    return refused('BAD_REQUEST', 'messages stay for ten years at most')
  }
  if (queueCount !== null && !isRoomForQueues(state))
    return refused('LIMIT_REACHED', 'there are too many queues')
  if (queueCount !== null) grow(state, topic, queueCount)
  topic.permission = permission ?? topic.permission
  topic.retentionMs = retentionMs ?? topic.retentionMs
  state.rows.touch(topic)
  state.catalogMoved()
  return { type: 'topic', topicId: topic.id }
}

/** Groups that read the topic read its new queues from their start: nothing that is sent there passes them by. */
function grow(state: MachineState, topic: Topic, queueCount: number): void {
  const added = addQueues(state, topic.id, topic.queues.length, queueCount)
  if (added.length === 0) return
  state.topics.grow(topic, added)
  for (const group of state.groups.byId.values()) {
    if (!group.topics.includes(topic.id)) continue
    for (const queue of added) {
      const consumer = new Consumer(group, queue, 0 as QueueOffset)
      group.consumers.set(queue.queue, consumer)
      state.rows.touch(consumer)
    }
  }
}

/**
 * Changes what a group says about its deliveries. Messages in flight follow: one with no attempt left by the
 * new rules becomes a dead letter, one that has some again is delivered again.
 */
export function updateGroup(state: MachineState, command: UpdateGroup): Reply {
  const group = state.groups.named(command.name)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.name} does not exist`)
  const { attemptsMax, fifo, backoff } = command
  const policy: GroupPolicy = { attemptsMax, fifo, backoff }
  const fault = policyFault(policy)
  if (fault !== undefined) return refused('BAD_REQUEST', fault)
  if (fifo !== group.fifo && group.topics.length > 0) {
    return refused('GROUP_EXISTS', `group ${group.name} has begun to read: its order stays as it is`)
  }
  const relist = attemptsMax !== group.attemptsMax
  group.policy = policy
  state.rows.touch(group)
  if (relist) {
    for (const consumer of group.consumers.values()) {
      for (const claim of consumer.inFlight.values()) listClaim(state, claim)
      state.arrived.add(consumer.queue.topicId)
    }
  }
  state.catalogMoved()
  return { type: 'group', groupId: group.id }
}

/** The group no longer reads the topic. Should one of its members ask for messages again, it begins anew. */
export function leaveTopic(state: MachineState, command: LeaveTopic): Reply {
  const group = state.groups.named(command.group)
  const topic = state.topics.named(command.topic)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.group} does not exist`)
  if (topic === undefined) return refused('TOPIC_NOT_FOUND', `topic ${command.topic} does not exist`)
  forgetTopic(state, group, topic)
  state.catalogMoved()
  return { type: 'done' }
}
