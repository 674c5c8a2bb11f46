import { expect, test } from 'vitest'
import type { Millis, QueueOffset } from '../../../src/base/brand.ts'
import { Scene } from './support/scene.ts'

/** Claims of one message each with these invisible times. */
function held(...times: number[]): Scene {
  const scene = new Scene()
  scene.send(times.length)
  for (const [i, time] of times.entries()) {
    scene.claim({ invisibleMs: time as Millis, parts: [{ end: (i + 1) as QueueOffset }] })
  }
  return scene
}

test('the next deadline is the earliest one after a time, whatever was asked before', () => {
  const scene = held(300, 100, 200)
  const start = scene.nowMs
  const next = (after: number) => {
    const deadline = scene.machine.nextDeadline((start + after) as Millis)
    return deadline === undefined ? undefined : deadline - start
  }
  expect([next(0), next(100), next(250), next(300)]).toEqual([100, 200, 300, undefined])
  expect([next(99), next(0), next(200)]).toEqual([100, 100, 300])
  scene.later(150)
  expect([next(150), next(299), next(150), next(400)]).toEqual([200, 300, 200, undefined])
})

test('log time that passes a deadline wakes the receivers of the topic', () => {
  const scene = held(100)
  scene.machine.takeEffects()
  scene.later(99)
  expect(scene.machine.takeEffects().arrived.size).toBe(0)
  scene.later(1)
  expect([...scene.machine.takeEffects().arrived]).toEqual([1])
  scene.later(1)
  expect(scene.machine.takeEffects().arrived.size).toBe(0)
})

test('deadlines are known after a restart', () => {
  const scene = held(300, 100)
  const start = scene.nowMs
  scene.restart()
  expect(scene.machine.nextDeadline(start as Millis)).toBe(start + 100)
})
