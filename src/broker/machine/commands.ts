/**
 * The closed set of commands that the log can hold, and what applying each of them answers.
 *
 * A command names what the leader has chosen (which messages for which receiver, which pointer becomes a
 * dead letter); applying it checks that the choice still holds and refuses it otherwise. Commands of one
 * turn stand together in one entry and share its time stamp.
 */
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { PartReply } from '../../base/state-machine.ts'
import type {
  ClientHash,
  Delivery,
  GroupId,
  Pointer,
  QueueNumber,
  Receipt,
  RequestKey,
  TopicId,
} from './basics.ts'
import type { ConsumeCommand, QueuePlace } from './consume-commands.ts'
import type { GroupPolicy } from './group-policy.ts'
import type { EndReply, TransactionCommand, TransactionNumber } from './transaction-commands.ts'

export type {
  ClientHash,
  Delivery,
  GroupId,
  Pointer,
  QueueEntry,
  QueueNumber,
  Receipt,
  RequestKey,
  TopicId,
} from './basics.ts'
export type { QueuePlace, RedriveItem } from './consume-commands.ts'

/** Where a new group starts to read a topic. `default`: 0 if nothing was ever removed, else the end. */
export type StartPolicy =
  | { readonly from: 'default' | 'earliest' | 'latest' }
  | { readonly from: 'time'; readonly time: Millis }

export interface CreateTopic {
  readonly type: 'createTopic'
  readonly name: string
  /** What the topic takes, see `topics.ts`: as in apache.rocketmq.v2, or `TOPIC_TYPE_MIXED`. */
  readonly messageType: number
  readonly queueCount: number
}

/** Changes a topic in use. `null` leaves as it is. */
export interface UpdateTopic {
  readonly type: 'updateTopic'
  readonly name: string
  readonly queueCount: number | null
  /** As in apache.rocketmq.v2: 1 NONE, 2 READ, 3 WRITE, 4 READ_WRITE. */
  readonly permission: number | null
  /** How long its messages stay; 0: as long as the log keeps them. */
  readonly retentionMs: Millis | null
}

export interface DeleteTopic {
  readonly type: 'deleteTopic'
  readonly name: string
}

export interface CreateGroup extends GroupPolicy {
  readonly type: 'createGroup'
  readonly name: string
  readonly start: StartPolicy
}

/** A group no longer reads a topic: its places there end, with what is in flight. */
export interface LeaveTopic {
  readonly type: 'leaveTopic'
  readonly group: string
  readonly topic: string
}

/** Changes how a group in use is delivered to. */
export interface UpdateGroup extends GroupPolicy {
  readonly type: 'updateGroup'
  readonly name: string
}

export interface DeleteGroup {
  readonly type: 'deleteGroup'
  readonly name: string
}

/**
 * First contact of a group with a topic: makes the group when it is missing and fixes its start positions.
 * A repeat changes nothing. `timeOffsets` holds a start for each queue of the topic, in order, when the
 * group's policy is a time; otherwise it is empty.
 */
export interface Contact {
  readonly type: 'contact'
  readonly group: string
  /** `null`: only the group is made. */
  readonly topicId: TopicId | null
  readonly timeOffsets: readonly QueueOffset[]
}

/**
 * Appends messages to a topic, all or none. The bytes are stored messages (`stored-message.ts`), one after
 * the other. The machine picks the queues, round robin.
 */
export interface Send {
  readonly type: 'send'
  readonly topicId: TopicId
  readonly count: number
  readonly messages: Uint8Array
}

/** What one receiver gets from one queue. */
export interface ClaimPart {
  readonly queue: QueueNumber
  /** The group's cursor, which must still stand here. */
  readonly start: QueueOffset
  /** Where the cursor goes. New messages in [start, end) that are not in `offsets` count as consumed. */
  readonly end: QueueOffset
  /** New messages that are handed out. */
  readonly offsets: readonly QueueOffset[]
  /** Messages whose invisible time is over and that are handed out again. */
  readonly again: readonly QueueOffset[]
}

/** Hands messages to one receiver and hides them from others (RocketMQ: pop). */
export interface Claim {
  readonly type: 'claim'
  readonly request: RequestKey
  readonly client: ClientHash
  readonly groupId: GroupId
  readonly invisibleMs: Millis
  /** The leader renews the claim while the client lives. */
  readonly autoRenew: boolean
  readonly parts: readonly ClaimPart[]
}

/** A new message that a fifo group's cursor passes. */
export interface NextMessage {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
  /** What the message's pointer holds of its message group, 0 without one. */
  readonly orderHash: number
  /** It goes to the receiver. Otherwise, or when it is not its turn any more, it waits in its lane. */
  readonly handedOut: boolean
}

/** Hands messages of one topic to one receiver of a fifo group, in order (RocketMQ: pop with order). */
export interface ClaimInOrder {
  readonly type: 'claimInOrder'
  readonly request: RequestKey
  readonly client: ClientHash
  readonly groupId: GroupId
  readonly topicId: TopicId
  readonly invisibleMs: Millis
  /** The leader renews the claim while the client lives. */
  readonly autoRenew: boolean
  /** The next messages of lanes that nobody holds, again or for the first time. */
  readonly lanes: readonly {
    readonly key: number
    readonly messages: readonly { readonly queue: QueueNumber; readonly offset: QueueOffset }[]
  }[]
  /** Where cursors stand and where they go, each queue once. What `messages` leaves out counts as consumed. */
  readonly cursors: readonly {
    readonly queue: QueueNumber
    readonly start: QueueOffset
    readonly end: QueueOffset
  }[]
  /** New messages in the order of sending, over all queues. */
  readonly messages: readonly NextMessage[]
}

export interface Ack {
  readonly type: 'ack'
  readonly request: RequestKey
  readonly receipts: readonly Receipt[]
}

export interface ChangeInvisible {
  readonly type: 'changeInvisible'
  readonly request: RequestKey
  readonly receipt: Receipt
  /** From the entry's stamp on; 0 makes the message visible at once. */
  readonly invisibleMs: Millis
}

/**
 * Gives back claims that provably never left for a client: visible at once, no attempt counted. A delivery with a
 * deadline is only given back if that is still the claim's: a repeat of the receive got it meanwhile otherwise.
 */
export interface Release {
  readonly type: 'release'
  readonly deliveries: readonly (Delivery & { readonly deadline?: Millis })[]
}

/** Gives back every claim of a client that says it ends: visible at once. */
export interface ReleaseClient {
  readonly type: 'releaseClient'
  readonly client: ClientHash
  /** `null`: of all groups. */
  readonly groupId: GroupId | null
}

/** Extends claims of live clients to the entry's stamp + `invisibleMs`, at most 3 h after the delivery. */
export interface Renew {
  readonly type: 'renew'
  readonly invisibleMs: Millis
  readonly deliveries: readonly Delivery[]
}

/**
 * Moves messages that used up their attempts to the group's dead letter topic, as pointers. The leader
 * gives the pointer since applying never reads the disk.
 */
export interface DeadLetter {
  readonly type: 'deadLetter'
  readonly groupId: GroupId
  readonly queue: QueueNumber
  readonly items: readonly (Pointer & { readonly offset: QueueOffset })[]
}

/**
 * Moves the retention floor, in two steps. From `rising` on no new pointer is made to what stands below it.
 * `position` is then passed: whatever is below is not read any more, and members may delete it. A claim whose
 * bytes were left there ends.
 */
export interface Floor {
  readonly type: 'floor'
  readonly rising: LogPosition
  /** Rule: at most `rising`, or it counts as that. */
  readonly position: LogPosition
}

/** Raises the minimum offsets of queues; cursors follow. Messages in flight below stay in flight. */
export interface Trim {
  readonly type: 'trim'
  readonly queues: readonly { readonly queue: QueueNumber; readonly minOffset: QueueOffset }[]
}

/** A message that is still needed, as it was read, with its old place. */
export interface MovedItem {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
  /** Where the pointer led when the leader read it. */
  readonly position: LogPosition
  /** The stored message (`stored-message.ts`). */
  readonly stored: Uint8Array
}

/** Appends messages that stand below the rising floor once more, and leads their queues to the new place. */
export interface MoveUp {
  readonly type: 'moveUp'
  readonly items: readonly MovedItem[]
}

/** Deletes the pages of a queue before page `endPage` which nothing needs any more. */
export interface DropPages {
  readonly type: 'dropPages'
  readonly queue: QueueNumber
  readonly endPage: number
}

/** A message that waits for its time, as its row in the table says. */
export interface Timer extends Pointer {
  /** From 1 on, never given out twice. */
  readonly id: number
  /** In log time. */
  readonly dueMs: Millis
  readonly topicId: TopicId
}

/** Gives messages whose time has come their places in the queues of their topics. */
export interface Fire {
  readonly type: 'fire'
  readonly timers: readonly Timer[]
}

/** Ends a timer before it is due. The leader gives the row, if it found one, since applying never reads the disk. */
export interface Recall {
  readonly type: 'recall'
  readonly request: RequestKey
  readonly timer: Timer
}

/** Appends messages that wait below a rising floor once more. */
export interface MoveTimers {
  readonly type: 'moveTimers'
  readonly items: readonly { readonly timer: Timer; readonly stored: Uint8Array }[]
}

/** Only moves log time on, so that deadlines come near while nothing else happens. */
export interface Advance {
  readonly type: 'advance'
}

export type Command =
  | CreateTopic
  | UpdateTopic
  | DeleteTopic
  | CreateGroup
  | UpdateGroup
  | LeaveTopic
  | DeleteGroup
  | Contact
  | Send
  | Claim
  | ClaimInOrder
  | Ack
  | ChangeInvisible
  | Release
  | ReleaseClient
  | Renew
  | DeadLetter
  | Advance
  | Floor
  | Trim
  | MoveUp
  | DropPages
  | Fire
  | Recall
  | MoveTimers
  | ConsumeCommand
  | TransactionCommand

/** The command was applied and changed nothing, for a reason that the caller is told. */
export interface Refused {
  readonly type: 'refused'
  readonly code: ErrorCode
  readonly message: string
}

export interface SentMessage {
  readonly queueId: number
  readonly offset: QueueOffset
  /** The message was already there: these are the first one's queue and offset. */
  readonly repeated: boolean
  /** The message waits for its time and has no queue yet. */
  readonly timer?: TimerName | undefined
  /** It is a half message: no queue leads to it, and queue id and offset are 0. */
  readonly transaction?: TransactionNumber | undefined
}

/** What a timer is found by. */
export interface TimerName {
  readonly id: number
  readonly dueMs: Millis
}

export interface ClaimedMessage {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
  readonly attempt: number
  /** Until when it is invisible, in log time: goes into the receipt handle. */
  readonly deadline: Millis
}

export type Reply =
  | Refused
  | { readonly type: 'done' }
  | { readonly type: 'topic'; readonly topicId: TopicId }
  | { readonly type: 'group'; readonly groupId: GroupId }
  | { readonly type: 'sent'; readonly messages: readonly SentMessage[] }
  | { readonly type: 'claimed'; readonly messages: readonly ClaimedMessage[] }
  /** For each receipt in order: was the message held by that delivery (or already acked by it)? */
  | { readonly type: 'acked'; readonly valid: readonly boolean[] }
  /** How many timers were due. */
  | { readonly type: 'fired'; readonly count: number }
  /** What the leader read is not so any more: it reads again. */
  | { readonly type: 'changedMeanwhile' }
  /** Where the group's places are now. */
  | { readonly type: 'reset'; readonly queues: readonly QueuePlace[] }
  /** How many dead letters were moved, and where the dead letter queue begins now. */
  | { readonly type: 'redriven'; readonly count: number; readonly next: QueueOffset }
  | { readonly type: 'changed'; readonly valid: boolean; readonly deadline: Millis }
  | EndReply
  /** The answer of a command that belongs to another machine in the same log. */
  | { readonly type: 'part'; readonly reply: PartReply }
