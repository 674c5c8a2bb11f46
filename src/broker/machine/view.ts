/**
 * What the broker's shell may read of the machine. Read-only and synchronous; the objects are the machine's
 * own and must not be changed or kept across an `await`.
 */
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'
import type {
  ClaimedMessage,
  ClientHash,
  Delivery,
  GroupId,
  Pointer,
  QueueEntry,
  QueueNumber,
  Receipt,
  RequestKey,
  StartPolicy,
  Timer,
  TopicId,
} from './commands.ts'
import type { GroupPolicy } from './group-policy.ts'
import type { QueuePlace } from './parked.ts'
import type { TransactionNumber } from './transaction-commands.ts'

export interface TopicView {
  readonly id: TopicId
  readonly name: string
  readonly messageType: number
  /** In the order of their queue ids 0..n-1. */
  readonly queues: readonly QueueNumber[]
  readonly createdAt: Millis
  /** As in apache.rocketmq.v2: 1 NONE, 2 READ, 3 WRITE, 4 READ_WRITE. */
  readonly permission: number
  /** 0: as long as the log keeps them. */
  readonly retentionMs: Millis
}

export interface GroupView {
  readonly id: GroupId
  readonly name: string
  readonly start: StartPolicy
  readonly policy: GroupPolicy
  readonly attemptsMax: number
  readonly fifo: boolean
  readonly createdAt: Millis
  /** Topics that the group has read or announced to read. */
  readonly topics: readonly TopicId[]
}

export interface QueueView {
  readonly queue: QueueNumber
  readonly topicId: TopicId
  readonly queueId: number
  readonly minOffset: QueueOffset
  /** The offset that the next message gets. */
  readonly nextOffset: QueueOffset
  /** The number of the oldest page kept; `undefined` before the first message. */
  readonly firstPage: number | undefined
}

/** A group's place in one queue. */
export interface ConsumerView {
  /** The next message that was never handed out. */
  readonly cursor: QueueOffset
  /** Handed out and not acked, or waiting to be handed out again. */
  readonly inFlight: number
  /** Behind others of their message groups: not handed out yet, though the cursor has passed them. */
  readonly parked: number
  /** Everything before it is consumed (RocketMQ: consumer offset). */
  readonly committed: QueueOffset
}

/** An offset that a group keeps itself. */
export interface PullOffsetView {
  /** The next message to read. */
  readonly offset: QueueOffset
  /** In log time. */
  readonly storedAt: Millis
}

/** A message in flight. */
export interface ClaimView extends Delivery {
  /** In log time. At or before now: it can be handed out again. */
  readonly visibleAt: Millis
  readonly firstClaimedAt: Millis
  readonly autoRenew: boolean
  readonly client: Uint8Array
}

/** A message group of which a fifo group has not consumed everything that it has looked at. */
export interface LaneView {
  readonly key: number
  /** Messages in it; of these so many were handed out before. */
  readonly size: number
  readonly opened: number
  /** The next messages to hand out, in order, at most `max`. */
  next(max: number): readonly QueuePlace[]
}

export interface OrderLoad {
  readonly lanes: number
  readonly parked: number
  readonly parkedInAll: number
}

/** A transaction that nobody has ended yet. */
export interface TransactionView extends Pointer {
  readonly transaction: TransactionNumber
  readonly topicId: TopicId
  readonly openedAt: Millis
  /** It was checked as often as it may be and waits for an operator or a late producer. */
  readonly parked: boolean
  /** How many checks reached a producer. */
  readonly checks: number
  /** When it is checked next, or since when it is parked, in log time. */
  readonly dueAt: Millis
}

export interface MachineView {
  /** The stamp of the last entry: log time. */
  readonly now: Millis
  /** Nothing of the log below `position` is read; no new pointer leads below `rising`. */
  readonly floors: { readonly position: LogPosition; readonly rising: LogPosition }
  /** The lowest log position that another machine in this log needs: no floor passes it. */
  readonly neededByPart: LogPosition | undefined
  /** Bytes of all messages that were moved up. */
  readonly movedBytes: number
  /** How many messages wait for their time, and their bytes in the log. */
  readonly timers: { readonly count: number; readonly bytes: number }
  topic(name: string): TopicView | undefined
  topicById(id: TopicId): TopicView | undefined
  topics(): Iterable<TopicView>
  group(name: string): GroupView | undefined
  groupById(id: GroupId): GroupView | undefined
  groups(): Iterable<GroupView>
  /** The topic in which a group gets dead letters of a topic back; `undefined` unless it ever got some. */
  retryTopic(groupId: GroupId, topicId: TopicId): TopicView | undefined
  queue(queue: QueueNumber): QueueView | undefined
  consumer(groupId: GroupId, queue: QueueNumber): ConsumerView | undefined
  /** Messages of a queue that retention took away before the group was given them. */
  missed(groupId: GroupId, queue: QueueNumber): number
  /** The same of all groups and queues together. Walks them. */
  readonly missedInAll: number
  /** `undefined` when the group never stored one for the queue. */
  pullOffset(groupId: GroupId, queue: QueueNumber): PullOffsetView | undefined
  /** The queues for which a group has stored offsets. */
  pullQueues(groupId: GroupId): Iterable<QueueNumber>
  /**
   * Claims of a group in a queue that are visible at `now` and have attempts left, oldest deadline first, at
   * most `max`.
   */
  visibleClaims(groupId: GroupId, queue: QueueNumber, now: Millis, max: number): readonly ClaimView[]
  /** The lane of a fifo group with this key (`laneKeyOf`); `undefined` when nothing of it is under way. */
  lane(groupId: GroupId, topicId: TopicId, key: number): LaneView | undefined
  /** Lanes of which something can be handed out at `now`, those first that wait longest, at most `max`. */
  readyLanes(groupId: GroupId, topicId: TopicId, now: Millis, max: number): readonly LaneView[]
  /** How many lanes and parked messages a fifo group has in a topic, and how many are parked altogether. */
  orderLoad(groupId: GroupId, topicId: TopicId): OrderLoad
  /** What a group holds or may hold again of a message; `undefined` when it is not in flight. */
  claimAt(groupId: GroupId, queue: QueueNumber, offset: QueueOffset): ClaimView | undefined
  /** Claims that a request made and that are still held under it; empty when there are none. */
  claimsOfRequest(request: RequestKey): readonly ClaimedMessage[]
  /** What a client holds of a group now, at most `max`. */
  heldBy(client: ClientHash, groupId: GroupId, max: number): readonly Receipt[]
  /** The earliest `visibleAt` among all claims in flight that is after `after`; `undefined` without one. */
  nextDeadline(after: Millis): Millis | undefined
  /**
   * Claims with `autoRenew` that are not over in log time, whose `visibleAt` is before `time` and can still
   * be extended, at most `max`. With `isAlive`, only those of such clients, so that a dead client's claims
   * do not stand before those of live ones. A claim is renewed only after it was renewed once because its
   * node had handed it to the client: one whose answer died on the way ends by time and comes again.
   */
  renewable(time: Millis, max: number, isAlive?: (client: Uint8Array) => boolean): readonly ClaimView[]
  /** Whether the delivery still holds its message, to be renewed. */
  isRenewed(delivery: Delivery): boolean
  /** Claims whose attempts are used up and that are visible at `now`, at most `max`. */
  exhausted(now: Millis, max: number): readonly ClaimView[]
  /** Whether there is such a claim. */
  hasExhausted(now: Millis): boolean
  /** What is in flight before the minimum of its queue: no page reaches back to it for long. */
  stranded(): Iterable<Delivery>
  /** The new place of a message that was moved up. */
  movedPointer(queue: QueueNumber, offset: QueueOffset): Pointer | undefined
  /** The pointer of a message that was moved up or whose page is in memory (the newest page always is). */
  pointerInMemory(queue: QueueNumber, offset: QueueOffset): Pointer | undefined
  /** The table key of the page that holds this pointer. */
  pageKey(queue: QueueNumber, offset: QueueOffset): Uint8Array
  /** The pointer inside a page read from the table, or `undefined` when the page does not hold it. */
  pointerInPage(page: Uint8Array, offset: QueueOffset): Pointer | undefined
  /** The same with what else the page holds, from the page alone. */
  entryInMemory(queue: QueueNumber, offset: QueueOffset): QueueEntry | undefined
  entryInPage(page: Uint8Array, offset: QueueOffset): QueueEntry | undefined
  /** A timer whose row was not handed out to be written since it changed. */
  timerInMemory(id: number): Timer | undefined
  /** Whether the timer waits exactly so. */
  isWaiting(timer: Timer): boolean
  transaction(transaction: TransactionNumber): TransactionView | undefined
  /** All open transactions, parked ones too. */
  transactions(): Iterable<TransactionView>
  /** The topics that have transactions to check, each with the time of its earliest check. */
  checkTimes(): Iterable<readonly [topicId: TopicId, dueAt: Millis]>
  /** Transactions of a topic whose check is due at `time`, earliest first, at most `max`. */
  dueTransactions(topicId: TopicId, time: Millis, max: number): readonly TransactionView[]
  /** How many are open, how many of them are parked, and the bytes of their half messages. */
  readonly transactionCounts: { readonly open: number; readonly parked: number; readonly bytes: number }
  /** How far back repeats are known: ids held, the age of the oldest in log time, repeats that differed. */
  dedupeWindow(): { readonly ids: number; readonly oldestAgeMs: Millis; readonly conflicts: number }
}

/** What happened in the last applied entries, for the shell to act on. Taken by `takeEffects`. */
export interface Effects {
  /** Topics that got messages or whose messages became visible again. */
  readonly arrived: ReadonlySet<TopicId>
  /** Topics or groups were made, changed or deleted. */
  readonly catalogChanged: boolean
  /** Messages that wait for their time from now on, or whose bytes stand elsewhere from now on. */
  readonly timersMade: readonly Timer[]
}
