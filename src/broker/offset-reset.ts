/** Resets where a group goes on in a topic, on the leader: finds the offsets, then one command sets them all. */
import { millis, queueOffset, type QueueOffset } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { expectReply, type KnownNames } from './known-names.ts'
import type { QueueNumber, QueuePlace } from './machine/commands.ts'
import { encodeCommand } from './machine/index.ts'
import type { GroupView, MachineView, TopicView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import { offsetByTime } from './offset-by-time.ts'
import type { ReplicatedLog } from './replicated-log.ts'

export interface ResetWish {
  /** 16 bytes: a repeat under the same key resets nothing again. */
  readonly requestKey: Uint8Array
  readonly group: string
  readonly topic: string
  /** earliest, latest, time or offset. */
  readonly to: string
  /** The time in milliseconds since 1970, or the offset. */
  readonly value: number
  /** `undefined`: all queues of the topic. */
  readonly queueId: number | undefined
}

export interface ResetOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly reader: MessageReader
  readonly names: KnownNames
}

export class OffsetReset {
  readonly #options: ResetOptions

  constructor(options: ResetOptions) {
    this.#options = options
  }

  /** The offsets that the group goes on from, by queue ids. */
  async reset(wish: ResetWish): Promise<readonly { readonly queueId: number; readonly offset: number }[]> {
    const { log, names, view } = this.#options
    const topic = await names.topic(wish.topic)
    const known = await names.group(wish.group)
    const keepsOwn = topic.queues.some((queue) => view.pullOffset(known.id, queue) !== undefined)
    const group = keepsOwn ? known : await names.contact(wish.group, topic)
    const places = await this.#places(wish, topic, group)
    const { reply } = await log.propose(
      encodeCommand({ type: 'resetOffsets', request: wish.requestKey, groupId: group.id, queues: places }),
    )
    const { queues } = expectReply(reply, 'reset')
    return queues
      .filter(({ queue }) => topic.queues.includes(queue))
      .map(({ queue, offset }) => ({ queueId: topic.queues.indexOf(queue), offset }))
  }

  async #places(wish: ResetWish, topic: TopicView, group: GroupView): Promise<QueuePlace[]> {
    const places: QueuePlace[] = []
    for (const queue of queuesOf(wish, topic, group)) {
      places.push({ queue, offset: await this.#offset(wish, queue) })
    }
    // Who skips everything means what came back to the group too.
    const retry = this.#options.view.retryTopic(group.id, topic.id)
    if (wish.to !== 'latest' || wish.queueId !== undefined || retry === undefined) return places
    for (const queue of retry.queues) places.push({ queue, offset: await this.#offset(wish, queue) })
    return places
  }

  async #offset({ to, value }: ResetWish, number: QueueNumber): Promise<QueueOffset> {
    const queue = this.#options.view.queue(number)
    if (queue === undefined) throw new BrokerError('TOPIC_NOT_FOUND', 'the topic was deleted meanwhile')
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new BrokerError('BAD_REQUEST', 'an offset or a time is a whole number from 0 on')
    }
    switch (to) {
      case 'earliest':
        return queue.minOffset
      case 'latest':
        return queue.nextOffset
      case 'time':
        return offsetByTime(this.#options.reader, queue, millis(value))
      case 'offset':
        return queueOffset(value)
      default:
        throw new BrokerError(
          'BAD_REQUEST',
          `a group is reset to earliest, latest, a time or an offset: ${to}`,
        )
    }
  }
}

function queuesOf({ queueId }: ResetWish, topic: TopicView, group: GroupView): readonly QueueNumber[] {
  if (queueId === undefined) return topic.queues
  const queue = topic.queues[queueId]
  if (queue === undefined) {
    throw new BrokerError(
      'BAD_REQUEST',
      `topic "${topic.name}" has the queues 0 to ${topic.queues.length - 1}`,
    )
  }
  if (group.fifo && topic.queues.length > 1) {
    throw new BrokerError('BAD_REQUEST', `group "${group.name}" reads in order: reset all queues together`)
  }
  return [queue]
}
