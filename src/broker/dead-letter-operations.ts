/** Dead letters on the leader: messages that receivers give up, and giving dead letters back to their groups. */
import { queueOffset, type LogPosition } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { clientHash } from './client-liveness.ts'
import { expectReply, type KnownNames } from './known-names.ts'
import type { Pointer, QueueNumber, Receipt, RedriveItem } from './machine/commands.ts'
import { encodeCommand } from './machine/index.ts'
import { DEAD_LETTER_PREFIX } from './machine/topics.ts'
import type { GroupView, MachineView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import { readBarrier, type ReplicatedLog } from './replicated-log.ts'
import { messageIdOf, topicOf } from './stored-field.ts'

/** Messages of a client, and newest dead letters, that are looked through for an id. */
const LOOKED_THROUGH_MAX = 2_048
const RECENT_DEAD_MAX = 256
/** Dead letters of one command. */
const REDRIVEN_PER_COMMAND = 64
/** Stands for a pointer that is not needed, since nothing is in flight. */
const NO_POINTER: Pointer = { position: 0 as LogPosition, size: 0, tagHash: 0 }

export interface ForwardRequest {
  readonly requestKey: Uint8Array
  readonly clientId: string
  readonly group: string
  readonly topic: string
  /** `undefined`: the client only says which message it means. */
  readonly receipt: Receipt | undefined
  readonly messageId: string
}

/** Up to where dead letters of a group are to be given back, by the ids of their queues. */
export interface RedriveWish {
  readonly group: string
  /** The topic through which the group gets them; empty: the one they were sent to. */
  readonly to: string
  readonly until: readonly { readonly queueId: number; readonly offset: number }[]
}

export interface Redriven {
  readonly moved: number
  /** Why it ended before all were moved; empty when they were. */
  readonly reason: string
}

export interface DeadLetterOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly reader: MessageReader
  readonly names: KnownNames
}

export class DeadLetters {
  readonly #options: DeadLetterOptions

  constructor(options: DeadLetterOptions) {
    this.#options = options
  }

  /** False when the receipt is not of the current delivery. True as well for a message that is over for the group. */
  async forward(request: ForwardRequest): Promise<boolean> {
    const { view, log, reader } = this.#options
    const group = view.group(request.group)
    if (group === undefined) return false
    const receipt = request.receipt ?? (await this.#heldBy(request, group))
    if (receipt === undefined) return this.#isRecentlyDead(group, request.messageId)
    const { nextOffset = 0 } = view.queue(receipt.queue) ?? {}
    if (receipt.offset >= nextOffset) return false
    const pointer = (await reader.pointer(receipt.queue, receipt.offset)) ?? NO_POINTER
    const { reply } = await log.propose(
      encodeCommand({ type: 'forwardDead', request: request.requestKey, receipt, pointer }),
    )
    return expectReply(reply, 'acked').valid[0] === true
  }

  /** Where the oldest `max` dead letters of a group end. Throws GROUP_NOT_FOUND and BAD_REQUEST when it has none. */
  async planRedrive(groupName: string, max: number): Promise<RedriveWish['until']> {
    const { view, log, names } = this.#options
    await readBarrier(log)
    const group = await names.group(groupName)
    let left = max
    return this.#deadQueues(group).map((queue, queueId) => {
      const { minOffset = 0, nextOffset = 0 } = view.queue(queue) ?? {}
      const offset = Math.min(nextOffset, minOffset + left)
      left -= offset - minOffset
      return { queueId, offset }
    })
  }

  /**
   * Gives dead letters back, oldest first, up to the offsets of a plan: the same plan may be carried out again and
   * again, by any leader, and moves each once.
   */
  async redrive({ group: groupName, to, until }: RedriveWish): Promise<Redriven> {
    const group = await this.#options.names.group(groupName)
    let moved = 0
    for (const [queueId, queue] of this.#deadQueues(group).entries()) {
      const end = until.find((one) => one.queueId === queueId)?.offset ?? 0
      for (;;) {
        const step = await this.#redriveSome(group, queue, end, to)
        moved += step.moved
        if (step.reason !== '') return { moved, reason: step.reason }
        if (step.isOver) break
      }
    }
    return { moved, reason: '' }
  }

  async #redriveSome(
    group: GroupView,
    queue: QueueNumber,
    end: number,
    to: string,
  ): Promise<Redriven & { readonly isOver: boolean }> {
    const { view, log } = this.#options
    const start = view.queue(queue)?.minOffset ?? queueOffset(0)
    if (start >= end) return { moved: 0, reason: '', isOver: true }
    const items: RedriveItem[] = []
    let reason = ''
    for (let at: number = start; at < end && items.length < REDRIVEN_PER_COMMAND; at++) {
      const item = await this.#item(queue, at, to)
      if (typeof item === 'string') reason = item
      if (typeof item === 'string') break
      items.push(item)
    }
    if (items.length === 0) return { moved: 0, reason, isOver: true }
    const { reply } = await log.propose(
      encodeCommand({ type: 'redrive', groupId: group.id, queue, start, items }),
    )
    const { count, next } = expectReply(reply, 'redriven')
    if (count === 0 && next === start) reason = 'the log is being cleaned, try again in a minute'
    return { moved: count, reason: count === items.length ? '' : reason, isOver: false }
  }

  /** The dead letter, or why the group cannot get it. */
  async #item(queue: QueueNumber, at: number, to: string): Promise<RedriveItem | string> {
    const { view, reader } = this.#options
    const offset = queueOffset(at)
    const pointer = view.movedPointer(queue, offset) ?? (await reader.pointer(queue, offset))
    if (pointer === undefined) return 'retention took a dead letter meanwhile, try again'
    const name = to === '' ? topicOf(await reader.message(pointer)) : to
    const topic = view.topic(name ?? '')
    if (topic === undefined)
      return `dead letter ${at}: topic "${name}" does not exist; name another with --to`
    return { ...pointer, topicId: topic.id }
  }

  #deadQueues(group: GroupView): readonly QueueNumber[] {
    const topic = this.#options.view.topic(DEAD_LETTER_PREFIX + group.name)
    if (topic === undefined) {
      throw new BrokerError('BAD_REQUEST', `consumer group "${group.name}" has no dead letters`)
    }
    return topic.queues
  }

  /** The delivery of a message that the client holds; `undefined` when there is none. */
  async #heldBy(
    { clientId, topic, messageId }: ForwardRequest,
    group: GroupView,
  ): Promise<Receipt | undefined> {
    const { view, reader } = this.#options
    const topicId = view.topic(topic)?.id
    for (const receipt of view.heldBy(clientHash(clientId), group.id, LOOKED_THROUGH_MAX)) {
      if (view.queue(receipt.queue)?.topicId !== topicId) continue
      const stored = await reader.read(receipt.queue, receipt.offset)
      if (stored !== undefined && messageIdOf(stored) === messageId) return receipt
    }
    return undefined
  }

  async #isRecentlyDead(group: GroupView, messageId: string): Promise<boolean> {
    const { view, reader } = this.#options
    for (const number of view.topic(DEAD_LETTER_PREFIX + group.name)?.queues ?? []) {
      const { minOffset = 0, nextOffset = 0 } = view.queue(number) ?? {}
      const first = Math.max(minOffset, nextOffset - RECENT_DEAD_MAX)
      for (let at = nextOffset - 1; at >= first; at--) {
        const stored = await reader.read(number, queueOffset(at))
        if (stored !== undefined && messageIdOf(stored) === messageId) return true
      }
    }
    return false
  }
}
