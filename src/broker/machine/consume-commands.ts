/** Commands about what groups have consumed: their own offsets, dead letters, resets, repeated receives. */
import type { Millis, QueueOffset } from '../../base/brand.ts'
import type { GroupId, Pointer, QueueNumber, Receipt, RequestKey, TopicId } from './basics.ts'

/** Stores how far a group that keeps its own offsets has read a queue. A repeat under the same key changes nothing. */
export interface UpdateOffset {
  readonly type: 'updateOffset'
  readonly request: RequestKey
  readonly groupId: GroupId
  readonly queue: QueueNumber
  /** The next message to read. May go back. */
  readonly offset: QueueOffset
}

/**
 * Moves a message that its receiver gives up to the group's dead letter topic, as a pointer. The leader gives the
 * pointer since applying never reads the disk.
 */
export interface ForwardDead {
  readonly type: 'forwardDead'
  readonly request: RequestKey
  readonly receipt: Receipt
  readonly pointer: Pointer
}

/** A group's place in a queue: the next message to hand out. */
export interface QueuePlace {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
}

/**
 * Sets where a group goes on in queues. What is in flight there ends, and no receipt of before counts any more. A
 * place outside of its queue becomes the nearest one inside.
 */
export interface ResetOffsets {
  readonly type: 'resetOffsets'
  readonly request: RequestKey
  readonly groupId: GroupId
  readonly queues: readonly QueuePlace[]
}

/** A dead letter, and the topic through which the group is to get it. */
export interface RedriveItem extends Pointer {
  readonly topicId: TopicId
}

/** Gives the oldest dead letters of a group back to it, if its dead letter queue still begins at `start`. */
export interface Redrive {
  readonly type: 'redrive'
  readonly groupId: GroupId
  readonly queue: QueueNumber
  readonly start: QueueOffset
  /** Those from `start` on, without a hole. */
  readonly items: readonly RedriveItem[]
}

/** A receive was repeated: what it still holds is hidden for another time from now on. */
export interface ClaimRepeat {
  readonly type: 'claimRepeat'
  readonly request: RequestKey
  readonly invisibleMs: Millis
}

export type ConsumeCommand = UpdateOffset | ForwardDead | ResetOffsets | Redrive | ClaimRepeat
