import { expect, test } from 'vitest'
import { checkQueue } from '../../jepsen-like/checkers/queue.ts'
import { History } from '../../jepsen-like/history.ts'

const RULES = { invisibleMs: 1_000, acknowledgedMin: 1, drained: true }

/** A history whose clock the test sets. */
class Story {
  time = 0
  readonly history = new History(() => this.time)

  send(key: string, end: 'ok' | 'fail' | 'info' = 'ok'): this {
    const ref = this.history.invoke(1, { f: 'send', key })
    if (end === 'ok') this.history.ok(1, ref)
    else this.history[end](1, ref, 'because')
    return this
  }

  receive(...keys: readonly string[]): this {
    const ref = this.history.invoke(2, { f: 'receive' })
    this.history.ok(
      2,
      ref,
      keys.map((key) => ({ key, attempt: 1 })),
    )
    return this
  }

  ack(key: string): this {
    this.history.ok(2, this.history.invoke(2, { f: 'ack', key, attempt: 1 }))
    return this
  }

  at(time: number): this {
    this.time = time
    return this
  }

  judge(rules: Partial<typeof RULES> = {}): ReturnType<typeof checkQueue> {
    return checkQueue(this.history.events, { ...RULES, ...rules })
  }
}

test('a history in which everything acknowledged was received once is true', () => {
  expect(new Story().send('a').send('b').receive('a', 'b').ack('a').judge()).toMatchObject({ verdict: true })
})

test('an acknowledged send that was never received is lost', () => {
  expect(new Story().send('a').send('b').receive('a').judge()).toMatchObject({ verdict: false, lost: ['b'] })
})

test('a send of unknown outcome may be received or not', () => {
  const story = new Story().send('a').send('b', 'info').send('c', 'info').receive('a', 'b')
  expect(story.judge()).toMatchObject({ verdict: true, unknownSends: 2 })
})

test('a message of a send that surely failed, or of none, is a phantom', () => {
  const story = new Story().send('a').send('b', 'fail').receive('a', 'b', 'c')
  expect(story.judge()).toMatchObject({ verdict: false, phantom: ['b', 'c'] })
})

test('a message that comes again while it is invisible is doubled, later it is redelivered', () => {
  expect(new Story().send('a').receive('a').at(999).receive('a').judge()).toMatchObject({
    verdict: false,
    doubled: ['a'],
  })
  expect(new Story().send('a').receive('a').at(1_000).receive('a').judge()).toMatchObject({ verdict: true })
})

test('a message whose first answer was long on its way is redelivered, not doubled', () => {
  const story = new Story().send('a')
  const ref = story.history.invoke(3, { f: 'receive' })
  story.at(900)
  story.history.ok(3, ref, [{ key: 'a', attempt: 1 }])
  expect(story.at(1_000).receive('a').judge()).toMatchObject({ verdict: true, doubled: [] })
})

test('a message that comes after its ack succeeded is resurrected, whenever it comes', () => {
  const story = new Story().send('a').receive('a').at(10).ack('a').at(9_000).receive('a')
  expect(story.judge()).toMatchObject({ verdict: false, resurrected: ['a'] })
})

test('a receive that began before the ack ended may still bring the message', () => {
  const story = new Story().send('a').receive('a').at(2_000)
  const ref = story.history.invoke(3, { f: 'receive' })
  story.at(2_001).ack('a').at(2_002)
  story.history.ok(3, ref, [{ key: 'a', attempt: 2 }])
  expect(story.judge()).toMatchObject({ verdict: true })
})

test('a run that was not drained, or acknowledged too little, is unknown', () => {
  expect(new Story().send('a').judge({ drained: false })).toMatchObject({ verdict: 'unknown', lost: [] })
  expect(new Story().send('a').receive('a').judge({ acknowledgedMin: 2 })).toMatchObject({
    verdict: 'unknown',
  })
})

test('a history is one event a line', () => {
  const story = new Story().send('a')
  story.history.nemesis('kill leader')
  const lines = story.history.text().trimEnd().split('\n')
  expect(lines.map((line) => (JSON.parse(line) as { t: string }).t)).toEqual(['invoke', 'ok', 'nemesis'])
})
