import { expect, test } from 'vitest'
import type { QueueOffset } from '../../../src/base/brand.ts'
import { receiptsOf, Scene } from './support/scene.ts'

test('everything before the first message in flight is consumed, in any order of acks', () => {
  const scene = new Scene()
  scene.send(6)
  const receipts = receiptsOf(scene.claim({ parts: [{ end: 5 as QueueOffset }] }))
  const committed = () => scene.machine.consumer(1, 1)?.committed
  expect(committed()).toBe(0)
  for (const [offset, expected] of [
    [1, 0],
    [0, 2],
    [3, 2],
    [2, 4],
    [4, 5],
  ] as const) {
    scene.ack(receipts.filter((receipt) => receipt.offset === offset))
    expect(committed()).toBe(expected)
    scene.restart()
    expect(committed()).toBe(expected)
  }
})

test('a claim that is acked before the next drain is never written', () => {
  const scene = new Scene()
  scene.send(3)
  scene.drain()
  const receipts = receiptsOf(scene.claim())
  scene.machine.digests()
  scene.ack(receipts)
  expect(scene.drain().filter(({ key }) => key[1] === 7)).toEqual([])
})

test('a claim that was written is deleted by its ack', () => {
  const scene = new Scene()
  scene.send(1)
  const receipts = receiptsOf(scene.claim())
  expect(scene.drain().filter(({ key, value }) => key[1] === 7 && value !== null)).toHaveLength(1)
  scene.ack(receipts)
  expect(scene.drain().filter(({ key, value }) => key[1] === 7 && value === null)).toHaveLength(1)
})
