import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMAND_HEADER_BYTES, ENTRY_HEADER_BYTES, encodeCommand } from '../../../src/broker/machine/index.ts'
import type { Reply } from '../../../src/broker/machine/commands.ts'
import { Harness } from './support/harness.ts'
import { Model } from './support/model.ts'
import { Actor, steps } from './support/steps.ts'

/** A reply without the sentence of a refusal, which only people read. */
function bare(reply: Reply): unknown {
  return reply.type === 'refused' ? { type: reply.type, code: reply.code } : reply
}

interface Seen {
  readonly transaction: number
  readonly topicId: number
  readonly checks: number
  readonly parked: boolean
  readonly dueAt: number
}

function seen({ transaction, topicId, checks, parked, dueAt }: Seen): Seen {
  return { transaction, topicId, checks, parked, dueAt }
}

function byNumber(one: Seen, other: Seen): number {
  return one.transaction - other.transaction
}

test('every answer and every claim in flight is what the plain words of the semantics give', () => {
  fc.assert(
    fc.property(steps(80), (list) => {
      const harness = new Harness()
      const model = new Model()
      const actor = new Actor()
      for (const step of list) {
        const commands = actor.commandsOf(step, harness.machine)
        const replies = harness.apply(commands, step.laterMs)
        model.now = Math.max(model.now, harness.nowMs)
        let at = (harness.log.at(-1)?.position ?? 0) + ENTRY_HEADER_BYTES
        const expected = commands.map((command) => {
          const body = at + COMMAND_HEADER_BYTES
          at += encodeCommand(command).size
          return model.apply(harness.nowMs, command, body)
        })
        expect(replies.map(bare)).toEqual(expected)
        actor.learn(commands, replies)
        for (const group of model.groups.values()) {
          const kept = [...harness.machine.pullQueues(group.id)].map(
            (queue) => [queue, harness.machine.pullOffset(group.id, queue)?.offset] as const,
          )
          expect(new Map(kept)).toEqual(group.kept)
          for (const [queue, cursor] of group.cursors) {
            const mine = model.held.filter((held) => held.groupId === group.id && held.queue === queue)
            const committed = Math.min(cursor, ...mine.map(({ offset }) => offset))
            expect(harness.machine.consumer(group.id, queue)).toEqual({
              cursor,
              inFlight: mine.length,
              parked: 0,
              committed,
            })
          }
        }
        const open = [...harness.machine.transactions()].map(seen).sort(byNumber)
        expect(open).toEqual(model.transactions.open.map(seen).sort(byNumber))
        const toCheck = model.transactions.open.filter(({ parked }) => !parked)
        for (const [topicId, dueAt] of harness.machine.checkTimes()) {
          const times = toCheck.filter((one) => one.topicId === topicId).map((one) => one.dueAt)
          expect(dueAt).toBe(Math.min(...times))
        }
        const deadlines = model.held.map(({ visibleAt }) => visibleAt).filter((time) => time > model.now)
        const next = deadlines.length === 0 ? undefined : Math.min(...deadlines)
        expect(harness.machine.nextDeadline(harness.machine.now)).toBe(next)
      }
    }),
    { numRuns: 300 },
  )
})
