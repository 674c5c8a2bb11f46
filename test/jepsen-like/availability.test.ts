import { expect, test } from 'vitest'
import { checkAvailability, longestPause } from '../../jepsen-like/checkers/availability.ts'
import { History } from '../../jepsen-like/history.ts'
import { secondsOf } from '../../jepsen-like/report/series.ts'

const RULES = { pauseMsMax: new Map([['kill', 1_000]]), backMsMax: 5_000, stalls: [] }

/** A history whose clock the test sets. */
class Story {
  time = 0
  readonly history = new History(() => this.time)

  /** One send a time, acknowledged at once. */
  acks(...times: readonly number[]): this {
    for (const time of times) {
      this.time = time
      this.history.ok(1, this.history.invoke(1, { f: 'send', key: `at-${time}` }))
    }
    return this
  }

  fault(phase: 'begin' | 'end' | 'healed', time: number, fault = 'kill'): this {
    this.time = time
    this.history.nemesis(fault, phase, 'member 1')
    return this
  }

  judge(stalls: readonly { begin: number; end: number }[] = []): ReturnType<typeof checkAvailability> {
    return checkAvailability(this.history.events, { ...RULES, stalls })
  }
}

test('the longest pause reaches into the fault, from the ack before it to the ack after', () => {
  expect(longestPause([0, 90, 700, 800], 100, 750)).toBe(610)
  expect(longestPause([0, 90], 100, 750)).toBe(660)
  expect(longestPause([0, 5_000, 5_100], 5_050, 5_060)).toBe(100)
})

test('a pause within the bound of its kind is true, and is told by kind', () => {
  const story = new Story()
    .acks(0)
    .fault('begin', 10)
    .acks(900)
    .fault('end', 950)
    .fault('healed', 960)
    .acks(970)
  expect(story.judge()).toMatchObject({
    verdict: true,
    kinds: [{ fault: 'kill', count: 1, alone: 1, pauseMs: 900, pauseMsMax: 1_000 }],
  })
})

test('a pause beyond the bound is false and says when and to whom', () => {
  const story = new Story().acks(0).fault('begin', 10).acks(1_500).fault('healed', 1_600).acks(1_700)
  expect(story.judge()).toMatchObject({
    verdict: false,
    stories: ['kill at 0 s (member 1): no send was acknowledged for 1500 ms'],
  })
})

test('time in which the harness itself stood still is not held against the group', () => {
  const story = new Story().acks(0).fault('begin', 10).acks(1_500).fault('healed', 1_600).acks(1_700)
  expect(story.judge([{ begin: 200, end: 800 }])).toMatchObject({ verdict: true })
})

test('faults at the same time are not held against the bound of one, but writes must come back', () => {
  const together = new Story().acks(0).fault('begin', 10).fault('begin', 20, 'cut').acks(4_000)
  together.fault('healed', 4_100).fault('healed', 4_100, 'cut').acks(4_200)
  expect(together.judge()).toMatchObject({ verdict: true })
  const never = new Story().acks(0).fault('begin', 10, 'cut').fault('healed', 20, 'cut').acks(5_100)
  expect(never.judge()).toMatchObject({
    verdict: false,
    stories: ['writes were not back 5000 ms after cut (member 1) was healed'],
  })
})

test('a run without a fault says nothing', () => {
  expect(new Story().acks(0, 100).judge()).toMatchObject({ verdict: 'unknown' })
})

test('the drawn seconds count a send where it was acknowledged, with its latency', () => {
  const { history } = new Story().acks(100, 200, 2_100)
  expect(secondsOf(history.events, 0).map((one) => one.acknowledged)).toEqual([2, 0, 1])
})
