/**
 * What the receivers of one round get: messages in any order, or for a fifo group in order. One way to plan both
 * and to turn a plan into the command that hands the messages out.
 */
import type { Millis } from '../base/brand.ts'
import { type Chosen, ClaimPlanner, type Wish } from './claim-planner.ts'
import type { MessageLookup, Missing } from './filter-reads.ts'
import type { ClientHash, Command, QueueNumber, RequestKey } from './machine/commands.ts'
import type { GroupView, MachineView, TopicView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import { OrderPlanner } from './order-planner.ts'

/** What a plan does not know of its receiver. */
export interface ClaimHead {
  readonly request: RequestKey
  readonly client: ClientHash
  readonly invisibleMs: Millis
  readonly autoRenew: boolean
}

/** What one receiver is to get. */
export interface RoundPlan {
  readonly chosen: readonly Chosen[]
  /** What must be read from the disk before more can be planned. */
  readonly missing: readonly Missing[]
  /** The queues whose state the command changes; without one there is nothing to propose. */
  readonly queues: readonly QueueNumber[]
  command(head: ClaimHead): Command
}

export interface RoundOptions {
  readonly view: MachineView
  readonly reader: MessageReader
  readonly group: GroupView
  readonly topic: TopicView
  readonly now: Millis
  readonly stored: MessageLookup
  /** Queues with claims under way: their state is not known. */
  readonly busy: ReadonlySet<QueueNumber>
}

/** Plans for one receiver after the other, beginning with what `rotation` says, so that nothing starves. */
export type RoundPlanner = (wish: Wish, rotation: number) => RoundPlan

export function roundPlanner(options: RoundOptions): RoundPlanner {
  return options.group.fifo ? orderedRound(options) : freeRound(options)
}

function freeRound({ reader, busy, ...options }: RoundOptions): RoundPlanner {
  const planner = new ClaimPlanner({
    ...options,
    pointer: (queue, offset) => reader.cachedPointer(queue, offset),
    isBusy: (queue) => busy.has(queue),
  })
  return (wish, rotation) => {
    const { parts, chosen, missing } = planner.plan(wish, rotation)
    const command = (head: ClaimHead): Command => ({
      type: 'claim',
      ...head,
      groupId: options.group.id,
      parts,
    })
    return { chosen, missing, queues: parts.map(({ queue }) => queue), command }
  }
}

/** A message group may stand in every queue, so that one round holds all of them. */
function orderedRound({ reader, busy, ...options }: RoundOptions): RoundPlanner {
  const { view, group, topic } = options
  const retry = view.retryTopic(group.id, topic.id)
  // What came back to the group has an order of its own; turn by turn either comes first, so that neither starves.
  const sources = (retry === undefined ? [topic] : [topic, retry]).map((from) => ({
    from,
    planner: new OrderPlanner({ ...options, topic: from, reader }),
  }))
  return (wish, rotation) => {
    if (busy.size > 0) return NOTHING
    const [first, second] = rotation % 2 === 0 ? sources : sources.toReversed()
    const plan = first === undefined ? undefined : orderedPlan(first, options, wish, rotation)
    const isDone = plan !== undefined && plan.queues.length + plan.missing.length > 0
    return second === undefined || isDone ? (plan ?? NOTHING) : orderedPlan(second, options, wish, rotation)
  }
}

interface OrderedSource {
  readonly from: TopicView
  readonly planner: OrderPlanner
}

function orderedPlan(
  { from, planner }: OrderedSource,
  { group }: Pick<RoundOptions, 'group'>,
  wish: Wish,
  rotation: number,
): RoundPlan {
  const { lanes, cursors, messages, chosen, missing } = planner.plan(wish, rotation)
  const queues = lanes.length + cursors.length === 0 ? [] : from.queues
  const command = (head: ClaimHead): Command => ({
    type: 'claimInOrder',
    ...head,
    groupId: group.id,
    topicId: from.id,
    lanes,
    cursors,
    messages,
  })
  return { chosen, missing, queues, command }
}

const NOTHING: RoundPlan = { chosen: [], missing: [], queues: [], command: () => ({ type: 'advance' }) }
