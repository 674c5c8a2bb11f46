/** The rules of lanes that hold between any two entries. Walks everything: see `invariants.ts`. */
import { LANES_PER_GROUP_TOPIC_MAX, PARKED_PER_GROUP_TOPIC_MAX } from '../../base/limits.ts'
import type { Claim } from './consumer.ts'
import type { Group } from './groups.ts'
import type { Lane, OrderBook } from './lane.ts'
import type { MachineState } from './state.ts'

/** Rules of a fifo group's order in a topic that do not hold, as sentences. */
export function bookFaults(state: MachineState, group: Group, book: OrderBook<Claim>): string[] {
  const faults: string[] = []
  const rule = (holds: boolean, sentence: string): void => {
    if (!holds) faults.push(sentence)
  }
  const consumers = [...group.consumers.values()].filter((consumer) => consumer.book === book)
  const places = [...book.lanes.values()].flatMap((lane) => lane.parked.places())
  rule(places.length === book.parked, 'what is parked in an order is counted')
  rule(book.parked <= PARKED_PER_GROUP_TOPIC_MAX, 'what is parked is limited')
  rule(book.lanes.size <= LANES_PER_GROUP_TOPIC_MAX + book.parked, 'lanes are limited')
  for (const consumer of consumers) {
    const { queue, cursor } = consumer
    const parked = places.filter((place) => place.queue === queue.queue)
    rule(parked.length === consumer.parked, 'what is parked of a queue is counted')
    rule(new Set(parked.map(({ offset }) => offset)).size === parked.length, 'a message is parked once')
    for (const { offset } of parked) {
      rule(offset < cursor && offset >= queue.minOffset, 'what is parked stands before the cursor')
      rule(!consumer.inFlight.has(offset), 'what is parked is not in flight')
    }
    for (const claim of consumer.inFlight.values()) {
      rule(claim.lane?.open.includes(claim) === true, 'a lane knows what is open in it')
      rule(claim.lane !== undefined && book.lanes.get(claim.lane.key) === claim.lane, 'a lane is listed')
    }
  }
  for (const lane of book.lanes.values()) laneFaults(state, book, lane, rule)
  return faults
}

function laneFaults(
  state: MachineState,
  book: OrderBook<Claim>,
  lane: Lane<Claim>,
  rule: (holds: boolean, sentence: string) => void,
): void {
  const { open, parked } = lane
  rule(lane.size > 0 && !lane.gone, 'a lane holds something')
  rule(open[0]?.acked !== true, 'what is acked at the start of a lane is consumed')
  rule(lane.stuck || book.ready.has(lane), 'a lane is listed by its time')
  for (const [at, claim] of open.entries()) {
    rule(claim.lane === lane && !claim.gone, 'what is open is in flight')
    rule(claim.place > (open[at - 1]?.place ?? -1), 'open messages stand in order')
    rule(
      !claim.acked || (claim.batch === undefined && claim.visibleAt <= state.now),
      'nobody holds an acked one',
    )
    rule(claim.visibleAt <= Math.max(lane.visibleAt, state.now), 'a lane waits for all that is held')
  }
  const last = new Map<number, number>()
  for (const { queue, offset } of parked.places()) {
    rule(offset > (last.get(queue) ?? -1), 'parked messages of a queue stand in order')
    last.set(queue, offset)
  }
}
