/** What the shell may read of the machine's state. Nothing here changes what any command will do. */
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'
import { RENEW_MS, RENEW_TOTAL_MS_MAX } from '../../base/limits.ts'
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
  Timer,
  TopicId,
} from './commands.ts'
import { entryInPage, pageOf, pointerInPage } from './consume-queue.ts'
import type { Claim, ClientClaims } from './consumer.ts'
import { claimsBefore } from './floor.ts'
import { heldDelivery, heldUnder } from './pop.ts'
import { keyText, type MachineState } from './state.ts'
import { pageRowKey } from './tables.ts'
import type { Lane } from './lane.ts'
import type { QueuePlace } from './parked.ts'
import type { TransactionNumber } from './transaction-commands.ts'
import type {
  ClaimView,
  ConsumerView,
  GroupView,
  LaneView,
  MachineView,
  OrderLoad,
  PullOffsetView,
  QueueView,
  TopicView,
  TransactionView,
} from './view.ts'

/** `MachineView` over a state. */
export class StateView implements MachineView {
  protected readonly state: MachineState

  constructor(state: MachineState) {
    this.state = state
  }

  get now(): Millis {
    return this.state.now
  }

  get floors(): { readonly position: LogPosition; readonly rising: LogPosition } {
    return { position: this.state.floor, rising: this.state.rising }
  }

  get neededByPart(): LogPosition | undefined {
    return this.state.neededByPart()
  }

  get movedBytes(): number {
    return this.state.movedBytes
  }

  get timers(): { readonly count: number; readonly bytes: number } {
    return { count: this.state.timers.count, bytes: this.state.timers.bytes }
  }

  timerInMemory(id: number): Timer | undefined {
    return this.state.timers.inMemory(id)
  }

  isWaiting(timer: Timer): boolean {
    return this.state.timers.holds(timer)
  }

  topic(name: string): TopicView | undefined {
    return this.state.topics.named(name)
  }

  topicById(id: TopicId): TopicView | undefined {
    return this.state.topics.byId.get(id)
  }

  topics(): Iterable<TopicView> {
    return this.state.topics.byId.values()
  }

  group(name: string): GroupView | undefined {
    return this.state.groups.named(name)
  }

  groupById(id: GroupId): GroupView | undefined {
    return this.state.groups.byId.get(id)
  }

  groups(): Iterable<GroupView> {
    return this.state.groups.byId.values()
  }

  retryTopic(groupId: GroupId, topicId: TopicId): TopicView | undefined {
    const id = this.state.groups.byId.get(groupId)?.retryTopics.get(topicId)
    return id === undefined ? undefined : this.state.topics.byId.get(id)
  }

  queue(queue: QueueNumber): QueueView | undefined {
    return this.state.topics.queues.get(queue)
  }

  consumer(groupId: GroupId, queue: QueueNumber): ConsumerView | undefined {
    return this.state.groups.consumer(groupId, queue)?.view()
  }

  missed(groupId: GroupId, queue: QueueNumber): number {
    return this.state.groups.consumer(groupId, queue)?.missed ?? 0
  }

  get missedInAll(): number {
    let missed = 0
    for (const group of this.state.groups.byId.values()) {
      for (const consumer of group.consumers.values()) missed += consumer.missed
    }
    return missed
  }

  pullOffset(groupId: GroupId, queue: QueueNumber): PullOffsetView | undefined {
    return this.state.groups.byId.get(groupId)?.pullOffsets.get(queue)
  }

  pullQueues(groupId: GroupId): Iterable<QueueNumber> {
    return this.state.groups.byId.get(groupId)?.pullOffsets.keys() ?? []
  }

  claimAt(groupId: GroupId, queue: QueueNumber, offset: QueueOffset): ClaimView | undefined {
    return this.state.groups.consumer(groupId, queue)?.inFlight.get(offset)?.view()
  }

  claimsOfRequest(request: RequestKey): readonly ClaimedMessage[] {
    return heldUnder(this.state, request)
  }

  visibleClaims(groupId: GroupId, queue: QueueNumber, now: Millis, max: number): readonly ClaimView[] {
    const consumer = this.state.groups.consumer(groupId, queue)
    if (consumer === undefined) return []
    const claims = consumer.waiting.popUntil(now, max)
    for (const claim of claims) consumer.waiting.push(claim)
    return claims.map((claim) => claim.view())
  }

  lane(groupId: GroupId, topicId: TopicId, key: number): LaneView | undefined {
    const lane = this.state.groups.byId.get(groupId)?.book(topicId)?.lanes.get(key)
    return lane && laneView(lane)
  }

  readyLanes(groupId: GroupId, topicId: TopicId, now: Millis, max: number): readonly LaneView[] {
    const ready = this.state.groups.byId.get(groupId)?.book(topicId)?.ready
    if (ready === undefined) return []
    const lanes = ready.popUntil(now, max)
    for (const lane of lanes) ready.push(lane)
    return lanes.map(laneView)
  }

  orderLoad(groupId: GroupId, topicId: TopicId): OrderLoad {
    const book = this.state.groups.byId.get(groupId)?.book(topicId)
    return { lanes: book?.lanes.size ?? 0, parked: book?.parked ?? 0, parkedInAll: this.state.parked }
  }

  heldBy(client: ClientHash, groupId: GroupId, max: number): readonly Receipt[] {
    const held: Receipt[] = []
    for (const batch of this.state.clients.get(keyText(client))?.batches ?? []) {
      for (const claim of batch.claims) {
        if (held.length >= max) return held
        if (claim.consumer.groupId !== groupId || claim.visibleAt <= this.state.now) continue
        const { queue, offset, attempt, visibleAt } = claim.view()
        held.push({ groupId, queue, offset, attempt, deadline: visibleAt })
      }
    }
    return held
  }

  nextDeadline(after: Millis): Millis | undefined {
    return this.state.deadlines.next(after)
  }

  renewable(
    time: Millis,
    max: number,
    isAlive: (client: Uint8Array) => boolean = () => true,
  ): readonly ClaimView[] {
    const claims: ClaimView[] = []
    for (const client of this.state.clients.values()) {
      if (claims.length >= max) break
      if (isAlive(client.hash)) this.#addRenewable(client, time, max, claims)
    }
    return claims
  }

  #addRenewable(client: ClientClaims, time: Millis, max: number, into: ClaimView[]): void {
    const { renewals } = client
    const found: Claim[] = []
    while (into.length < max) {
      const claim = renewals.peek()
      if (claim === undefined || claim.visibleAt >= time) break
      renewals.pop()
      // Over, taken over by the client, or as long as it may be: it comes back when it is handed out again.
      const isOver = claim.visibleAt <= this.state.now || !claim.autoRenew || claim.batch?.client !== client
      if (isOver || claim.visibleAt >= claim.firstClaimedAt + RENEW_TOTAL_MS_MAX) continue
      found.push(claim)
      const wasHandedOver = claim.visibleAt > claim.firstClaimedAt + RENEW_MS
      if (wasHandedOver) into.push(claim.view())
    }
    for (const claim of found) renewals.push(claim)
  }

  isRenewed(delivery: Delivery): boolean {
    return heldDelivery(this.state, delivery)?.autoRenew === true
  }

  exhausted(now: Millis, max: number): readonly ClaimView[] {
    const { exhausted } = this.state
    const claims = exhausted.popUntil(now, max)
    for (const claim of claims) exhausted.push(claim)
    return claims.map((claim) => claim.view())
  }

  hasExhausted(now: Millis): boolean {
    const first = this.state.exhausted.peek()
    return first !== undefined && first.visibleAt <= now
  }

  *stranded(): Generator<Delivery> {
    for (const group of this.state.groups.byId.values()) {
      for (const consumer of group.consumers.values()) {
        for (const { offset, attempt } of claimsBefore(consumer, consumer.queue.minOffset)) {
          yield { groupId: group.id, queue: consumer.queue.queue, offset, attempt }
        }
      }
    }
  }

  movedPointer(queue: QueueNumber, offset: QueueOffset): Pointer | undefined {
    return this.state.topics.queues.get(queue)?.moved.get(offset)?.pointer()
  }

  pointerInMemory(queue: QueueNumber, offset: QueueOffset): Pointer | undefined {
    return this.state.topics.queues.get(queue)?.pointerInMemory(offset)
  }

  pageKey(queue: QueueNumber, offset: QueueOffset): Uint8Array {
    return pageRowKey(queue, pageOf(offset))
  }

  pointerInPage(page: Uint8Array, offset: QueueOffset): Pointer | undefined {
    return pointerInPage(page, offset)
  }

  entryInMemory(queue: QueueNumber, offset: QueueOffset): QueueEntry | undefined {
    return this.state.topics.queues.get(queue)?.entryInMemory(offset)
  }

  entryInPage(page: Uint8Array, offset: QueueOffset): QueueEntry | undefined {
    return entryInPage(page, offset)
  }

  transaction(transaction: TransactionNumber): TransactionView | undefined {
    return this.state.transactions.byNumber.get(transaction)
  }

  transactions(): Iterable<TransactionView> {
    return this.state.transactions.byNumber.values()
  }

  checkTimes(): Iterable<readonly [topicId: TopicId, dueAt: Millis]> {
    return this.state.transactions.topics()
  }

  dueTransactions(topicId: TopicId, time: Millis, max: number): readonly TransactionView[] {
    return this.state.transactions.dueAt(topicId, time, max)
  }

  get transactionCounts(): { readonly open: number; readonly parked: number; readonly bytes: number } {
    const { count, parked, bytes } = this.state.transactions
    return { open: count, parked, bytes }
  }

  dedupeWindow(): { readonly ids: number; readonly oldestAgeMs: Millis; readonly conflicts: number } {
    const { dedupe, now } = this.state
    const { head, tail } = dedupe.ring
    return { ids: head - tail, oldestAgeMs: dedupe.oldestAge(now), conflicts: dedupe.conflicts }
  }
}

function laneView(lane: Lane<Claim>): LaneView {
  return { key: lane.key, size: lane.size, opened: lane.open.length, next: (max) => nextOf(lane, max) }
}

/** What of a lane can be handed out, up to the first message that has no attempts left. */
function nextOf({ open, parked }: Lane<Claim>, max: number): QueuePlace[] {
  const places: QueuePlace[] = []
  for (const { consumer, offset, exhausted } of open) {
    if (exhausted || places.length >= max) return places
    places.push({ queue: consumer.queue.queue, offset })
  }
  places.push(...parked.first(max - places.length))
  return places
}
