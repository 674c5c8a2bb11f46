/** What commands are made of: numbers, keys, pointers and deliveries. */
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'

/** The number of a topic, never used again after a deletion. */
export type TopicId = number
/** The number of a consumer group, never used again after a deletion. */
export type GroupId = number
/** The number of a queue in the whole broker group, never used again. A topic owns several. */
export type QueueNumber = number

/** 16 bytes that name one request of one client call: a repeat at a new leader carries the same key. */
export type RequestKey = Uint8Array

/** 8 bytes, a hash of a client id. Enough to know a client's claims by. */
export type ClientHash = Uint8Array

/** A pointer into the log: what a queue holds for each message (RocketMQ: consume queue unit). */
export interface Pointer {
  readonly position: LogPosition
  readonly size: number
  /** CRC-32 of the tag, 0 without one. A filter that matches still compares the tag itself. */
  readonly tagHash: number
}

/** What a page holds of a message. */
export interface QueueEntry extends Pointer {
  /** When it came into the queue, in seconds of log time, if its bytes are older: dead letters, due messages. Else 0. */
  readonly sinceSeconds: number
  /** Of a FIFO message, made from its message group; 0 for one of another type. */
  readonly orderHash: number
}

/** Names one delivery. A later attempt of the same message is another delivery. */
export interface Delivery {
  readonly groupId: GroupId
  readonly queue: QueueNumber
  readonly offset: QueueOffset
  /** The attempt, from 1 on, and how often the group's place was reset before it (`delivery-number.ts`). */
  readonly attempt: number
}

/** What a receipt handle holds: the delivery, and until when it was first invisible, in log time. */
export interface Receipt extends Delivery {
  readonly deadline: Millis
}
