import { beforeEach, describe, expect, test } from 'vitest'
import { type Millis, millis, nodeId, type NodeId } from '../../src/base/brand.ts'
import { ClockWatch } from '../../src/broker/clock-watch.ts'
import { ManualClock, QuietLogger, settle } from '../support/manual-clock.ts'
import { bodyText, delayed, SimBroker } from '../support/sim-broker.ts'

/** A clock whose wall clock the test sets wrong. */
class WrongClock extends ManualClock {
  offMs = 0

  override wall(): Millis {
    return millis(super.wall() + this.offMs)
  }
}

let clock: WrongClock
let offs: Map<NodeId, number>
let watch: ClockWatch
let logger: QuietLogger
let own: ManualClock

/** Two other members, by how much their clocks differ from the true time; `null` does not answer. */
function others(two: number | null, three: number | null): void {
  offs = new Map<NodeId, number>()
  if (two !== null) offs.set(nodeId(2), two)
  if (three !== null) offs.set(nodeId(3), three)
}

const peers = [nodeId(2), nodeId(3)]

function ask(peer: NodeId): Promise<Millis> {
  const off = offs.get(peer)
  if (off === undefined) return Promise.reject(new Error('no answer'))
  return Promise.resolve(millis(1_700_000_000_000 + own.mono() + off))
}

beforeEach(() => {
  clock = new WrongClock()
  own = clock
  logger = new QuietLogger()
  watch = new ClockWatch({ peers: () => peers, ask }, clock, logger)
})

describe('a member whose clock is wrong', () => {
  test('knows the time from the others and says that it is off', async () => {
    clock.offMs = 5_000
    others(0, 200)
    await watch.measure()
    expect(watch.now()).toBe(1_700_000_000_100)
    expect(watch.state).toEqual({ agreed: true, offsetMs: 4_900, isOff: true })
  })

  test('is not followed when its clock jumps between two rounds', async () => {
    others(0, null)
    await watch.measure()
    clock.offMs = 86_400_000
    clock.advance(100)
    expect(watch.now()).toBeUndefined()
    others(0, 0)
    await watch.measure()
    clock.advance(3_000)
    expect(watch.now()).toBe(1_700_000_003_100)
  })

  test('is warned of once, and when it is right again', async () => {
    clock.offMs = -3_000
    others(0, 0)
    watch.start()
    await settle()
    clock.advance(5_000)
    await settle()
    expect(logger.phrases).toEqual(['clock differs from the majority'])
    watch.stop()
  })
})

test('another member whose clock is wrong has no say', async () => {
  others(0, 86_400_000)
  await watch.measure()
  expect(watch.now()).toBe(1_700_000_000_000)
  expect(watch.state.isOff).toBe(false)
})

test('nobody tells the time while no majority agrees or answers', async () => {
  others(null, null)
  await watch.measure()
  expect(watch.state).toEqual({ agreed: false, offsetMs: 0, isOff: false })
  others(9_000, null)
  await watch.measure()
  expect(watch.now()).toBeUndefined()
})

test('a reading that is old tells nothing any more', async () => {
  others(0, 0)
  await watch.measure()
  clock.advance(30_001)
  expect(watch.now()).toBeUndefined()
})

test('a leader whose clock jumps ahead fires nothing early, and follows the others', async () => {
  others(0, 0)
  const sim = await SimBroker.start({ peerClocks: { peers: () => peers, ask } })
  own = sim.clock
  await sim.finish(sim.admin.createTopic('t', 3, 1))
  await sim.run(6_000)
  const start = sim.broker.now()
  expect(Math.abs(start - sim.clock.wall())).toBeLessThanOrEqual(2)
  await sim.finish(sim.broker.operations.send(delayed('t', 'later', start + 20_000)))
  Object.assign(sim.clock, { wall: () => millis(1_700_086_400_000 + sim.clock.mono()) })
  await sim.run(15_000)
  expect(sim.broker.now() - start).toBeLessThan(20_000)
  expect(sim.broker.clocks.state).toMatchObject({ agreed: true, isOff: true })
  expect(sim.broker.machine.timers.count).toBe(1)
  const got = await sim.finish(sim.receive({ pollUntilMono: sim.clock.mono() + 10_000 }))
  expect(got.map(bodyText)).toEqual(['later'])
  expect(sim.broker.now() - start).toBeGreaterThanOrEqual(20_000)
})
