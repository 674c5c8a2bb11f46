/**
 * Topics and groups by their names, on the leader: what is known is answered from its own state, what is not is
 * denied only when it is sure, and a group's first contact with a topic goes through the log.
 */
import type { QueueOffset } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Command, Reply } from './machine/commands.ts'
import { encodeCommand } from './machine/index.ts'
import type { GroupView, MachineView, TopicView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import { offsetByTime } from './offset-by-time.ts'
import { readBarrier, type ReplicatedLog } from './replicated-log.ts'

export interface KnownNamesOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly reader: MessageReader
  /** A group that is not known is made at its first contact. */
  readonly autoCreateGroups: boolean
}

export class KnownNames {
  readonly #options: KnownNamesOptions

  constructor(options: KnownNamesOptions) {
    this.#options = options
  }

  /** After it, a name that the view does not hold did not exist when the call was made. Throws NOT_LEADER. */
  async confirm(): Promise<void> {
    const { log } = this.#options
    if (!log.leading) throw new BrokerError('NOT_LEADER', 'this member does not lead')
    await readBarrier(log)
  }

  /** Throws TOPIC_NOT_FOUND. A deposed leader denies nothing. */
  async topic(name: string): Promise<TopicView> {
    const { view } = this.#options
    const known = view.topic(name)
    if (known !== undefined) return known
    await this.confirm()
    const topic = view.topic(name)
    if (topic === undefined) throw new BrokerError('TOPIC_NOT_FOUND', topicMissing(name))
    return topic
  }

  /** Throws GROUP_NOT_FOUND. A deposed leader denies nothing. */
  async group(name: string): Promise<GroupView> {
    const { view } = this.#options
    const known = view.group(name)
    if (known !== undefined) return known
    await this.confirm()
    const group = view.group(name)
    if (group === undefined) throw new BrokerError('GROUP_NOT_FOUND', groupMissing(name))
    return group
  }

  /** Makes sure that the group exists and, with a topic, that its start there is fixed. Throws GROUP_NOT_FOUND. */
  async contact(name: string, topic: TopicView | null): Promise<GroupView> {
    const { view } = this.#options
    const known = view.group(name)
    if (known !== undefined && (topic === null || known.topics.includes(topic.id))) return known
    if (known === undefined && !this.#options.autoCreateGroups) await this.group(name)
    const reply = await this.#propose({
      type: 'contact',
      group: name,
      topicId: topic?.id ?? null,
      timeOffsets: topic === null ? [] : await this.#timeOffsets(known, topic),
    })
    expectReply(reply, 'group')
    const group = view.group(name)
    if (group === undefined) throw new BrokerError('GROUP_NOT_FOUND', groupMissing(name))
    return group
  }

  async #propose(command: Command): Promise<Reply> {
    return (await this.#options.log.propose(encodeCommand(command))).reply
  }

  /** The start of each queue when the group starts at a time. */
  async #timeOffsets(group: GroupView | undefined, topic: TopicView): Promise<QueueOffset[]> {
    if (group === undefined || group.start.from !== 'time') return []
    const offsets: QueueOffset[] = []
    for (const number of topic.queues) {
      const queue = this.#options.view.queue(number)
      if (queue !== undefined) offsets.push(await offsetByTime(this.#options.reader, queue, group.start.time))
    }
    return offsets
  }
}

/** What a person should do about a topic that is not there. */
export function topicMissing(name: string): string {
  return `topic "${name}" does not exist; to create it: npm run cli -- topic create ${name}`
}

/** What a person should do about a group that is not there. */
export function groupMissing(name: string): string {
  return `consumer group "${name}" does not exist; to create it: npm run cli -- group create ${name}`
}

/** The reply of the wanted type; a refusal becomes an error that names its code. */
export function expectReply<T extends Reply['type']>(reply: Reply, type: T): Extract<Reply, { type: T }> {
  if (reply.type === type) return reply as Extract<Reply, { type: T }>
  if (reply.type === 'refused') throw new BrokerError(reply.code, reply.message)
  throw new BrokerError('BAD_REQUEST', `the log answered ${reply.type} where ${type} was expected`)
}
