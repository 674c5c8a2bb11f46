/**
 * Administration of the group: what a person asks of a member. Reading is answered from this member's own
 * state; what changes something is done by the leader, wherever it was asked.
 */
import { millis, type LogIndex, type Millis } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import {
  GROUP_NAME_LENGTH_MAX,
  NAME_CHARACTERS,
  QUEUES_PER_TOPIC_DEFAULT,
  QUEUES_PER_TOPIC_MAX,
  TOPIC_NAME_LENGTH_MAX,
} from '../base/limits.ts'
import { groupPolicy, type PolicyWish, policyWish } from './group-wish.ts'
import type { Command, QueueNumber, Reply, StartPolicy } from './machine/commands.ts'
import { encodeCommand, isTopicType, MESSAGE_TYPE_LITE, MESSAGE_TYPE_NORMAL } from './machine/index.ts'
import type { GroupView, MachineView, TopicView } from './machine/view.ts'
import { expectReply, topicMissing } from './known-names.ts'
import type { ReplicatedLog } from './replicated-log.ts'

/** What a person asks of a new group. `start`: default, earliest, latest or time, which needs `startTimeMs`. */
export interface GroupWish extends PolicyWish {
  readonly name: string
  readonly start: string
  readonly startTimeMs: number
}

export interface TopicUpdate {
  readonly name: string
  readonly queueCount: number
  /** As in apache.rocketmq.v2: 1 NONE, 2 READ, 3 WRITE, 4 READ_WRITE. */
  readonly permission: number
  readonly retentionMs?: number
}

export interface TopicSummary {
  readonly name: string
  readonly messageType: number
  readonly queueCount: number
  readonly messageCount: number
  readonly createdMs: number
  readonly permission: number
  readonly retentionMs: number
}

export interface TopicDescription {
  readonly summary: TopicSummary
  readonly queues: readonly {
    readonly queueId: number
    readonly minOffset: number
    readonly nextOffset: number
  }[]
  readonly groups: readonly string[]
}

export interface GroupSummary {
  readonly name: string
  readonly start: string
  readonly attemptsMax: number
  readonly fifo: boolean
  readonly backoffDelaysMs: readonly number[]
  readonly backoffInitialMs: number
  readonly backoffMaxMs: number
  readonly backoffMultiplier: number
  readonly createdMs: number
  readonly lag: number
  readonly inFlight: number
}

export interface GroupQueueStatus {
  readonly topic: string
  readonly queueId: number
  readonly committed: number
  readonly cursor: number
  readonly nextOffset: number
  readonly inFlight: number
  readonly lag: number
  readonly minOffset: number
  /** Messages that retention took away before the group was given them. */
  readonly missed: number
  /** The offset that the group keeps itself, if it does, and when it was stored. */
  readonly storedOffset?: number
  readonly storedAtMs?: number
}

export interface GroupDescription {
  readonly summary: GroupSummary
  readonly queues: readonly GroupQueueStatus[]
}

/** Makes, describes and deletes topics and groups. Changing calls run on the leader only. */
export class Admin {
  readonly #view: MachineView
  readonly #log: ReplicatedLog

  constructor(view: MachineView, log: ReplicatedLog) {
    this.#view = view
    this.#log = log
  }

  /** Returns the index of the entry from which on a member serves the topic. */
  async createTopic(name: string, messageType: number, queueCount: number): Promise<LogIndex> {
    checkName(name, TOPIC_NAME_LENGTH_MAX, 'ILLEGAL_TOPIC', 'topic')
    const type = messageType === 0 ? MESSAGE_TYPE_NORMAL : messageType
    if (type === MESSAGE_TYPE_LITE) throw new BrokerError('NOT_IMPLEMENTED', 'there are no lite topics')
    if (!isTopicType(type)) throw new BrokerError('BAD_REQUEST', `there is no topic type ${type}`)
    const queues = queueCount === 0 ? QUEUES_PER_TOPIC_DEFAULT : queueCount
    if (queues > QUEUES_PER_TOPIC_MAX) {
      throw new BrokerError('BAD_REQUEST', `a topic has at most ${QUEUES_PER_TOPIC_MAX} queues`)
    }
    return this.#change({ type: 'createTopic', name, messageType: type, queueCount: queues }, 'topic')
  }

  /** Changes what is given: 0 and `undefined` leave as it is. Returns the index of the entry. */
  async updateTopic({ name, queueCount, permission, retentionMs }: TopicUpdate): Promise<LogIndex> {
    const command = {
      type: 'updateTopic',
      name,
      queueCount: queueCount === 0 ? null : queueCount,
      permission: permission === 0 ? null : permission,
      retentionMs: retentionMs === undefined ? null : millis(retentionMs),
    } as const
    return this.#change(command, 'topic')
  }

  async deleteTopic(name: string): Promise<LogIndex> {
    return this.#change({ type: 'deleteTopic', name }, 'done')
  }

  async createGroup({ name, start, startTimeMs, ...wish }: GroupWish): Promise<LogIndex> {
    checkName(name, GROUP_NAME_LENGTH_MAX, 'ILLEGAL_GROUP', 'consumer group')
    const policy = groupPolicy(wish)
    return this.#change(
      { type: 'createGroup', name, start: startPolicy(start, startTimeMs), ...policy },
      'group',
    )
  }

  /** Gives a group that is there another policy; what is not given is as for a new group. */
  async updateGroup({ name, ...wish }: PolicyWish & { readonly name: string }): Promise<LogIndex> {
    return this.#change({ type: 'updateGroup', name, ...groupPolicy(wish) }, 'group')
  }

  /** The group no longer reads the topic. */
  async leaveTopic(group: string, topic: string): Promise<LogIndex> {
    return this.#change({ type: 'leaveTopic', group, topic }, 'done')
  }

  async deleteGroup(name: string): Promise<LogIndex> {
    return this.#change({ type: 'deleteGroup', name }, 'done')
  }

  listTopics(): readonly TopicSummary[] {
    return [...this.#view.topics()].map((topic) => this.#topicSummary(topic))
  }

  describeTopic(name: string): TopicDescription {
    const topic = this.#view.topic(name)
    if (topic === undefined) throw new BrokerError('TOPIC_NOT_FOUND', topicMissing(name))
    const groups = [...this.#view.groups()].filter((group) => group.topics.includes(topic.id))
    return {
      summary: this.#topicSummary(topic),
      queues: topic.queues.map((number, queueId) => {
        const queue = this.#view.queue(number)
        return { queueId, minOffset: queue?.minOffset ?? 0, nextOffset: queue?.nextOffset ?? 0 }
      }),
      groups: groups.map((group) => group.name),
    }
  }

  listGroups(): readonly GroupSummary[] {
    return [...this.#view.groups()].map((group) => this.#groupSummary(group, this.#groupQueues(group)))
  }

  describeGroup(name: string): GroupDescription {
    const group = this.#view.group(name)
    if (group === undefined) {
      throw new BrokerError('GROUP_NOT_FOUND', `consumer group "${name}" does not exist`)
    }
    const queues = this.#groupQueues(group)
    return { summary: this.#groupSummary(group, queues), queues }
  }

  async #change(command: Command, wanted: Reply['type']): Promise<LogIndex> {
    const { index, reply } = await this.#log.propose(encodeCommand(command))
    expectReply(reply, wanted)
    return index
  }

  #topicSummary(topic: TopicView): TopicSummary {
    let messageCount = 0
    for (const number of topic.queues) {
      const queue = this.#view.queue(number)
      if (queue !== undefined) messageCount += queue.nextOffset - queue.minOffset
    }
    const { name, messageType, queues, createdAt, permission, retentionMs } = topic
    const queueCount = queues.length
    return { name, messageType, queueCount, messageCount, createdMs: createdAt, permission, retentionMs }
  }

  /** Where the group receives, and where it keeps an offset itself. */
  #groupQueues(group: GroupView): GroupQueueStatus[] {
    const numbers = new Set<QueueNumber>()
    for (const topicId of group.topics) {
      for (const number of this.#view.topicById(topicId)?.queues ?? []) numbers.add(number)
    }
    for (const number of this.#view.pullQueues(group.id)) numbers.add(number)
    return [...numbers].flatMap((number) => this.#groupQueue(group, number) ?? [])
  }

  #groupQueue(group: GroupView, number: QueueNumber): GroupQueueStatus | undefined {
    const queue = this.#view.queue(number)
    const topic = this.#view.topicById(queue?.topicId ?? 0)
    const consumer = this.#view.consumer(group.id, number)
    const stored = this.#view.pullOffset(group.id, number)
    const cursor = consumer?.cursor ?? stored?.offset
    if (queue === undefined || topic === undefined || cursor === undefined) return undefined
    const inFlight = consumer?.inFlight ?? 0
    const parked = consumer?.parked ?? 0
    const { queueId, nextOffset, minOffset } = queue
    return {
      topic: topic.name,
      queueId,
      committed: consumer?.committed ?? cursor,
      cursor,
      nextOffset,
      inFlight,
      lag: nextOffset - Math.max(cursor, minOffset) + inFlight + parked,
      minOffset,
      missed: this.#view.missed(group.id, number),
      ...(stored !== undefined && { storedOffset: stored.offset, storedAtMs: stored.storedAt }),
    }
  }

  #groupSummary(group: GroupView, queues: readonly GroupQueueStatus[]): GroupSummary {
    let lag = 0
    let inFlight = 0
    for (const queue of queues) {
      lag += queue.lag
      inFlight += queue.inFlight
    }
    const { name, policy, createdAt } = group
    return { name, start: group.start.from, ...policyWish(policy), createdMs: createdAt, lag, inFlight }
  }
}

function checkName(
  name: string,
  lengthMax: number,
  code: 'ILLEGAL_TOPIC' | 'ILLEGAL_GROUP',
  what: string,
): void {
  if (!NAME_CHARACTERS.test(name) || name.length > lengthMax) {
    const allowed = `1 to ${lengthMax} letters, digits, _, -, % or |`
    throw new BrokerError(code, `"${name}" is no name for a ${what}: it takes ${allowed}`)
  }
}

function startPolicy(start: string, timeMs: number): StartPolicy {
  switch (start) {
    case '':
    case 'default':
      return { from: 'default' }
    case 'earliest':
    case 'latest':
      return { from: start }
    case 'time':
      return { from: 'time', time: startTime(timeMs) }
    default:
      throw new BrokerError('BAD_REQUEST', `a group starts at default, earliest, latest or time: ${start}`)
  }
}

function startTime(timeMs: number): Millis {
  if (!Number.isSafeInteger(timeMs) || timeMs < 0) {
    throw new BrokerError('BAD_REQUEST', 'the start time is a number of milliseconds since 1970')
  }
  return millis(timeMs)
}
