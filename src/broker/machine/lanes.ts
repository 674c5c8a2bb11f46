/** Changes of lanes that need nothing of claims: what is parked, and when a lane comes up. */
import type { QueueOffset } from '../../base/brand.ts'
import type { Claim, Consumer } from './consumer.ts'
import type { Lane, OrderBook } from './lane.ts'
import type { QueuePlace } from './parked.ts'
import type { MachineState } from './state.ts'

/** No entry makes so many pages in one lane without a page that is full. */
const PAGES_PER_ENTRY = 2 ** 16

/** Puts a message behind the others of its lane. The caller lists the lane. */
export function park(state: MachineState, consumer: Consumer, lane: Lane<Claim>, offset: QueueOffset): void {
  const place = { queue: consumer.queue.queue, offset }
  lane.parked.push(state.rows, place, state.appliedIndex * PAGES_PER_ENTRY)
  count(state, consumer, 1)
}

/** Takes the first parked message of a lane out. The caller lists the lane. */
export function unpark(state: MachineState, consumer: Consumer, lane: Lane<Claim>): QueuePlace | undefined {
  const place = lane.parked.shift(state.rows)
  if (place !== undefined) count(state, consumer, -1)
  return place
}

/** Forgets what is parked of a queue before `end`: retention has taken it away. */
export function dropParked(state: MachineState, consumer: Consumer, end: QueueOffset): void {
  const { book, queue } = consumer
  if (book === undefined || consumer.parked === 0) return
  for (const lane of book.lanes.values()) {
    const dropped = lane.parked.dropBefore(state.rows, queue.queue, end)
    if (dropped === 0) continue
    count(state, consumer, -dropped)
    book.relist(lane)
  }
}

/** Lists a lane of which a claim is new, has moved or was loaded. */
export function listInLane(state: MachineState, claim: Claim, lane: Lane<Claim>): void {
  if (lane.open[0] === claim && claim.exhausted) state.exhausted.push(claim)
  claim.consumer.book?.relist(lane)
}

/** Ends all lanes of a group in a topic; the claims in them end otherwise. */
export function endBook(state: MachineState, book: OrderBook<Claim>): void {
  for (const lane of book.lanes.values()) {
    lane.parked.clear(state.rows)
    lane.gone = true
  }
  state.parked -= book.parked
  book.parked = 0
  book.lanes.clear()
}

function count(state: MachineState, consumer: Consumer, change: number): void {
  consumer.parked += change
  state.parked += change
  if (consumer.book !== undefined) consumer.book.parked += change
}
