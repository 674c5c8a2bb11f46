/** The part of the model about what groups have consumed: offsets of their own, dead letters, resets, repeats. */
import type { Command, Delivery, Receipt } from '../../../../src/broker/machine/commands.ts'
import {
  claimed,
  type Held,
  isSince,
  type ModelGroup,
  type ModelQueue,
  refusal,
  text,
} from './model-parts.ts'

type ConsumeCommand = Extract<
  Command,
  { type: 'updateOffset' | 'forwardDead' | 'resetOffsets' | 'claimRepeat' }
>

/** What it needs of the model. */
export interface ConsumeModel {
  readonly now: number
  readonly topics: ReadonlyMap<string, { readonly queues: readonly ModelQueue[] }>
  readonly groups: ReadonlyMap<string, ModelGroup>
  held: Held[]
  find(place: Omit<Delivery, 'attempt'>): Held | undefined
  holds(held: Held, delivery: Delivery): boolean
  heldUnder(request: string): Held[]
  bury(group: ModelGroup, held: Held): void
  /** What a request answered before, or what `make` answers; a refusal is not remembered. */
  once(request: Uint8Array, kind: string, make: () => unknown): unknown
}

export function applyConsume(model: ConsumeModel, command: ConsumeCommand): unknown {
  switch (command.type) {
    case 'updateOffset':
      return model.once(command.request, 'offset', () => updateOffset(model, command))
    case 'forwardDead':
      return model.once(command.request, 'dead', () => forwardDead(model, command.receipt))
    case 'resetOffsets':
      return resetOffsets(model, command)
    case 'claimRepeat':
      return claimRepeat(model, text(command.request), command.invisibleMs)
    default:
      throw new Error('no such command')
  }
}

function updateOffset(model: ConsumeModel, command: Command & { type: 'updateOffset' }): unknown {
  const group = [...model.groups.values()].find(({ id }) => id === command.groupId)
  const all = [...model.topics.values()].flatMap(({ queues }) => queues)
  const queue = all.find(({ number }) => number === command.queue)
  if (group === undefined) return refusal('GROUP_NOT_FOUND')
  if (queue === undefined) return refusal('TOPIC_NOT_FOUND')
  if (command.offset > queue.end) return refusal('ILLEGAL_OFFSET')
  group.kept.set(command.queue, command.offset)
  return { type: 'done' }
}

function forwardDead(model: ConsumeModel, receipt: Receipt): unknown {
  const held = model.find(receipt)
  const group = [...model.groups.values()].find(({ id }) => id === receipt.groupId)
  const isOver = held === undefined && receipt.offset < (group?.cursors.get(receipt.queue) ?? 0)
  const valid = isOver && isSince(receipt, group?.resets.get(receipt.queue))
  if (held === undefined || group === undefined || !model.holds(held, receipt)) {
    return { type: 'acked', valid: [valid] }
  }
  model.bury(group, held)
  return { type: 'acked', valid: [true] }
}

function resetOffsets(model: ConsumeModel, command: Command & { type: 'resetOffsets' }): unknown {
  const group = [...model.groups.values()].find(({ id }) => id === command.groupId)
  if (group === undefined) return refusal('GROUP_NOT_FOUND')
  const all = [...model.topics.values()].flatMap(({ queues }) => queues)
  const places = new Map<number, number>()
  for (const { queue, offset } of command.queues) {
    const end = all.find(({ number }) => number === queue)?.end
    const isRead = group.cursors.has(queue) || group.kept.has(queue)
    if (end !== undefined && isRead) places.set(queue, Math.min(offset, end))
  }
  model.once(command.request, 'reset', () => {
    for (const [queue, offset] of places) {
      model.held = model.held.filter((held) => held.groupId !== group.id || held.queue !== queue)
      if (group.cursors.has(queue)) {
        group.cursors.set(queue, offset)
        group.resets.set(queue, (group.resets.get(queue) ?? 0) + 1)
      }
      if (group.kept.has(queue)) group.kept.set(queue, offset)
    }
  })
  const now = (queue: number) => group.cursors.get(queue) ?? group.kept.get(queue)
  return { type: 'reset', queues: [...places.keys()].map((queue) => ({ queue, offset: now(queue) })) }
}

function claimRepeat(model: ConsumeModel, request: string, invisibleMs: number): unknown {
  for (const held of model.held) {
    if (held.request !== request || held.visibleAt <= model.now) continue
    held.since = model.now
    held.visibleAt = Math.max(model.now + invisibleMs, held.visibleAt + 1)
  }
  return { type: 'claimed', messages: model.heldUnder(request).map(claimed) }
}
