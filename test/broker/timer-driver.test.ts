import { beforeEach, describe, expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'
import type { SendResult } from '../../src/broker/leader-port.ts'
import type { TimerName } from '../../src/broker/machine/commands.ts'
import { bodyText, delayed, requestKey, SimBroker } from '../support/sim-broker.ts'

const DELAY_TOPIC = 3
const HOUR_MS = 3600_000
let sim: SimBroker

beforeEach(async () => {
  sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('t', DELAY_TOPIC, 2))
})

async function sendLater(body: string, laterMs: number, broker = sim): Promise<SendResult> {
  const due = broker.broker.now() + laterMs
  const [result] = await broker.finish(broker.broker.operations.send(delayed('t', body, due)))
  if (result === undefined) throw new Error('a send is answered')
  return result
}

/** The bodies that come within so many milliseconds, and when, by log time. */
async function arrivals(waitMs: number, broker = sim): Promise<Map<string, number>> {
  const got = new Map<string, number>()
  const end = broker.clock.mono() + waitMs
  while (broker.clock.mono() < end) {
    const polled = Math.min(end, broker.clock.mono() + 20_000)
    for (const one of await broker.finish(
      broker.receive({ pollUntilMono: polled, invisibleMs: 12 * HOUR_MS }),
    )) {
      expect(got.has(bodyText(one))).toBe(false)
      got.set(bodyText(one), broker.broker.now())
    }
  }
  return got
}

function recall(timer: TimerName | undefined, topicId = 1, topic = 't', broker = sim): Promise<void> {
  if (timer === undefined) throw new Error('the message waits')
  return broker.finish(broker.broker.operations.recall({ requestKey: requestKey(), topic, topicId, timer }))
}

describe('a delayed message', () => {
  test('comes when it is due: never before, and at most 100 ms later', async () => {
    const start = sim.broker.now()
    const delays = [1, 30, 99, 1_000, 1_001, 4_321, 30_000, 61_000, 125_000]
    for (const delay of delays)
      await sim.finish(sim.broker.operations.send(delayed('t', `${delay}`, start + delay)))
    const got = await arrivals(130_000)
    expect(got.size).toBe(delays.length)
    for (const delay of delays.slice(3)) {
      const late = (got.get(`${delay}`) ?? 0) - start - delay
      expect(late).toBeGreaterThanOrEqual(0)
      expect(late).toBeLessThanOrEqual(100)
    }
    expect(sim.broker.timerMetrics.fired.value).toBeGreaterThanOrEqual(6)
  })

  test('whose time is over comes at once', async () => {
    expect((await sendLater('past', -5_000)).timer).toBeUndefined()
    expect([...(await arrivals(100)).keys()]).toEqual(['past'])
  })

  test('comes once when the power is lost before its time, at it, or after it', async () => {
    const random = new Prng(7)
    for (let i = 0; i < 20; i++) await sendLater(`m${i}`, 200 * i + 500)
    const got = new Map<string, number>()
    for (let crash = 0; crash < 8; crash++) {
      for (const [body, time] of await arrivals(400)) {
        expect(got.has(body)).toBe(false)
        got.set(body, time)
      }
      sim.crash(random)
      sim = await SimBroker.start({ after: sim })
    }
    for (const [body, time] of await arrivals(3_000)) {
      expect(got.has(body)).toBe(false)
      got.set(body, time)
    }
    expect(got.size).toBe(20)
  })

  test('that was due while nobody led comes as soon as somebody leads, and later ones in their time', async () => {
    await sendLater('missed', HOUR_MS)
    await sendLater('later', 2 * HOUR_MS)
    sim.crash(new Prng(5))
    sim.clock.advance(1.5 * HOUR_MS)
    sim = await SimBroker.start({ after: sim })
    expect(Math.abs(sim.clock.wall() - sim.broker.now())).toBeLessThanOrEqual(5)
    expect([...(await arrivals(200)).keys()]).toEqual(['missed'])
    expect((await arrivals(1_000)).size).toBe(0)
  })

  test('that is sent again waits once and has the same timer', async () => {
    const due = sim.broker.now() + 1_000
    const [first] = await sim.finish(sim.broker.operations.send(delayed('t', 'a', due)))
    const [again] = await sim.finish(sim.broker.operations.send(delayed('t', 'a', due)))
    expect(again).toEqual({ ...first, repeated: true })
    expect((await arrivals(2_000)).size).toBe(1)
  })

  test('is one of many thousands, of which memory holds a part, and all come in time', async () => {
    const start = sim.broker.now()
    const count = 9_000
    const sends = Array.from({ length: count }, (_, i) =>
      sim.broker.operations.send(delayed('t', `m${i}`, start + 60_000 + ((i * 7919) % 3_000))),
    )
    await sim.finish(Promise.all(sends))
    await sim.run(60_000 - (sim.broker.now() - start), 100)
    expect(sim.broker.machine.timers.count).toBe(count)
    await sim.run(3_100)
    expect(sim.broker.machine.timers.count).toBe(0)
    expect(sim.admin.describeTopic('t').summary.messageCount).toBe(count)
    expect(sim.broker.timerMetrics.latenessMs.cumulative().at(5)).toBe(count)
  }, 60_000)
})

describe('a recall', () => {
  test('takes a message back, at once after its send and long after it', async () => {
    const one = await sendLater('a', 5_000)
    await recall(one.timer)
    const two = await sendLater('b', 5_000)
    await sim.run(2_000)
    await recall(two.timer)
    expect((await arrivals(10_000)).size).toBe(0)
    expect(sim.broker.machine.timers).toEqual({ count: 0, bytes: 0 })
  })

  test('that comes twice is answered the same, also after a restart', async () => {
    const { timer } = await sendLater('a', 50_000)
    await recall(timer)
    await recall(timer)
    sim.crash(new Prng(3))
    sim = await SimBroker.start({ after: sim })
    await recall(timer)
  })

  test('is refused when the message is due', async () => {
    const { timer } = await sendLater('a', 1_000)
    expect((await arrivals(2_000)).size).toBe(1)
    await expect(recall(timer)).rejects.toMatchObject({ code: 'ILLEGAL_OPERATION' })
  })

  test('is refused for another topic and for one that takes no delayed messages', async () => {
    const { timer } = await sendLater('a', 1_000)
    await sim.finish(sim.admin.createTopic('other', DELAY_TOPIC, 1))
    await sim.finish(sim.admin.createTopic('normal', 1, 1))
    await expect(recall(timer, 1, 'other')).rejects.toMatchObject({ code: 'ILLEGAL_OPERATION' })
    await expect(recall(timer, 3, 'normal')).rejects.toMatchObject({ code: 'WRONG_MESSAGE_TYPE' })
    await expect(recall(timer, 1, 'missing')).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    expect((await arrivals(2_000)).size).toBe(1)
  })
})
