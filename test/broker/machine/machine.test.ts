import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UnknownVersionError } from '../../../src/base/state-machine.ts'
import { COMMAND_KINDS } from '../../../src/broker/machine/command-encode.ts'
import { BrokerMachine } from '../../../src/broker/machine/machine.ts'
import { entryOf, Harness, load, START_MS } from './support/harness.ts'
import { sendMany } from './support/messages.ts'
import { Actor, type Step, steps } from './support/steps.ts'

/** Small windows, so that random logs reach their ends. */
const SMALL = { dedupeIdsMax: 256, requestsMax: 256 }

function play(harness: Harness, actor: Actor, step: Step): void {
  const commands = actor.commandsOf(step, harness.machine)
  actor.learn(commands, harness.apply(commands, step.laterMs))
}

describe('random logs', () => {
  test('all rules hold after every entry, and the digest is that of the rows', () => {
    fc.assert(
      fc.property(steps(), (list) => {
        const harness = new Harness(SMALL)
        const actor = new Actor()
        for (const step of list) {
          play(harness, actor, step)
          expect(harness.machine.faults()).toEqual([])
          harness.drain()
          expect(harness.digest).toBe(harness.tableDigest())
        }
      }),
      { numRuns: 150 },
    )
  })

  test('a restart at any entry changes no answer, no row and no digest', () => {
    fc.assert(
      fc.property(steps(), fc.array(fc.nat({ max: 60 }), { maxLength: 6 }), (list, restarts) => {
        const whole = new Harness(SMALL)
        const restarted = new Harness(SMALL)
        const actor = new Actor()
        for (const [at, step] of list.entries()) {
          const commands = actor.commandsOf(step, whole.machine)
          const replies = whole.apply(commands, step.laterMs)
          expect(restarted.apply(commands, step.laterMs)).toEqual(replies)
          actor.learn(commands, replies)
          if (restarts.includes(at)) restarted.restart()
          expect(restarted.digest).toBe(whole.digest)
        }
        whole.drain()
        restarted.drain()
        expect(restarted.table).toEqual(whole.table)
      }),
      { numRuns: 150 },
    )
  })

  test('the digest does not depend on when rows are drained', () => {
    fc.assert(
      fc.property(steps(), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (list, drains) => {
        const never = new Harness(SMALL)
        const sometimes = new Harness(SMALL)
        const actor = new Actor()
        for (const [at, step] of list.entries()) {
          play(never, actor, step)
          sometimes.applyData(never.log[at]?.data as Uint8Array)
          if (drains[at] === true) sometimes.drain()
        }
        expect(sometimes.digest).toBe(never.digest)
        never.drain()
        sometimes.drain()
        expect(sometimes.table).toEqual(never.table)
      }),
      { numRuns: 80 },
    )
  })

  test('the state at every entry is the state that its rows give', () => {
    const harness = new Harness(SMALL)
    const actor = new Actor()
    for (let seed = 1; seed <= 400; seed++) {
      play(harness, actor, { laterMs: seed % 7 === 0 ? 4000 : 0, commands: 2, seed })
      const loaded = harness.reload()
      expect(loaded.digests()).toEqual(harness.machine.digests())
      expect(loaded.drain()).toEqual([])
    }
  })
})

describe('bytes that make no sense', () => {
  test('are refused without a change of anything but the index', () => {
    const raw = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Uint8Array.from([1, 0, 0, 0, ...bytes])),
      fc
        .tuple(fc.constantFrom(...Object.values(COMMAND_KINDS)), fc.uint8Array({ maxLength: 120 }))
        .map(([kind, body]) => withCommand(kind, body)),
    )
    fc.assert(
      fc.property(steps(15), fc.array(raw, { maxLength: 12 }), (list, noise) => {
        const harness = new Harness(SMALL)
        const actor = new Actor()
        for (const step of list) play(harness, actor, step)
        for (const data of noise) {
          const before = harness.machine.appliedIndex
          try {
            harness.applyData(data)
            expect(harness.machine.appliedIndex).toBe(before + 1)
          } catch (error) {
            expect(error).toBeInstanceOf(UnknownVersionError)
            expect(harness.machine.appliedIndex).toBe(before)
          }
          expect(harness.machine.faults()).toEqual([])
          harness.drain()
          expect(harness.digest).toBe(harness.tableDigest())
        }
        load(harness.table.values(), SMALL)
      }),
      { numRuns: 200 },
    )
  })

  test('a real entry with changed bytes never throws but for a version', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(steps(30), changes, (list, edits) => {
        const harness = new Harness(SMALL)
        const actor = new Actor()
        for (const step of list) {
          const commands = actor.commandsOf(step, harness.machine)
          const data = entryOf(harness.nowMs, commands)
          for (const [at, value] of edits) data[at % data.byteLength] = value
          try {
            actor.learn(commands, harness.applyData(data))
          } catch (error) {
            expect(error).toBeInstanceOf(UnknownVersionError)
          }
          expect(harness.machine.faults()).toEqual([])
        }
        load([...(harness.drain(), harness.table.values())], SMALL)
      }),
      { numRuns: 200 },
    )
  })

  test('an entry of a newer version stops the node and changes nothing', () => {
    const harness = new Harness()
    harness.one({ type: 'createTopic', name: 'a', messageType: 1, queueCount: 1 })
    const before = harness.digest
    const data = entryOf(START_MS, [sendMany(1, 0, 1), { type: 'advance' }])
    data[data.byteLength - 7] = 2
    expect(() => harness.applyData(data)).toThrow(UnknownVersionError)
    expect(harness.digest).toBe(before)
    expect(harness.machine.queue(1)?.nextOffset).toBe(0)
  })
})

describe('entries', () => {
  test('an entry without bytes moves only the index', () => {
    const harness = new Harness()
    expect(harness.applyData(new Uint8Array())).toEqual([])
    expect(harness.machine.appliedIndex).toBe(1)
    expect(harness.machine.now).toBe(0)
  })

  test('log time never goes back', () => {
    const harness = new Harness()
    harness.one({ type: 'advance' }, 1000)
    harness.one({ type: 'advance' }, -900)
    expect(harness.machine.now).toBe(START_MS + 1000)
  })

  test('checkpoints are taken at every 1,024th entry and survive a restart', () => {
    const harness = new Harness()
    harness.one({ type: 'createTopic', name: 'a', messageType: 1, queueCount: 2 })
    while (harness.machine.appliedIndex < 3000) harness.apply([sendMany(1, harness.log.length, 1)], 1)
    const { checkpoints } = harness.machine.digests()
    expect(checkpoints.map(({ index }) => index)).toEqual([1024, 2048])
    expect(harness.reload().digests().checkpoints).toEqual(checkpoints)
  })

  test('a new machine has nothing to write, and equals one loaded from no rows', () => {
    const machine = new BrokerMachine()
    expect(machine.drain()).toEqual([])
    expect(load([]).digests()).toEqual(machine.digests())
  })
})

function withCommand(kind: number, body: Uint8Array): Uint8Array {
  const data = new Uint8Array(24 + body.byteLength)
  const view = new DataView(data.buffer)
  view.setUint8(0, 1)
  view.setUint32(4, 1)
  view.setUint32(8, 0x18b)
  view.setUint8(16, kind)
  view.setUint8(17, 1)
  view.setUint32(20, body.byteLength)
  data.set(body, 24)
  return data
}
