import { describe, expect, test } from 'vitest'
import { STORED_HEADER_BYTES } from '../../../src/broker/machine/stored-message.ts'
import { entryOf } from './support/harness.ts'
import { sendMany, sendOf, storedMessage } from './support/messages.ts'
import { Scene } from './support/scene.ts'

describe('a send', () => {
  test('puts a pointer to each stored message into a queue', () => {
    const scene = new Scene({ queues: 2 })
    const send = sendOf(1, [storedMessage(1, 'first'), storedMessage(2, 'the second')])
    scene.one(send)
    const { data, position } = scene.log.at(-1) ?? { data: new Uint8Array(), position: 0 }
    for (const [queue, body] of [
      [1, 'first'],
      [2, 'the second'],
    ] as const) {
      const pointer = scene.machine.pointerInMemory(queue, 0 as never)
      if (pointer === undefined) throw new Error('a pointer was stored')
      expect(pointer.size).toBe(STORED_HEADER_BYTES + body.length)
      expect(pointer.tagHash).toBe(queue % 3)
      const at = pointer.position - position
      expect(Buffer.from(data.subarray(at + STORED_HEADER_BYTES, at + pointer.size)).toString()).toBe(body)
    }
  })

  test('spreads messages over the queues within one, over entries and restarts', () => {
    const scene = new Scene({ queues: 8 })
    let sent = 0
    for (const count of [1, 3, 8, 5, 13, 1, 2, 9]) {
      scene.send(count)
      sent += count
      const ends = [1, 2, 3, 4, 5, 6, 7, 8].map((queue) => scene.machine.queue(queue)?.nextOffset ?? -1)
      expect(Math.max(...ends) - Math.min(...ends)).toBeLessThanOrEqual(1)
      expect(ends.reduce((sum, end) => sum + end, 0)).toBe(sent)
      scene.restart()
    }
  })

  test('wakes the receivers of its topic', () => {
    const scene = new Scene()
    scene.machine.takeEffects()
    scene.send(1)
    expect(scene.machine.takeEffects()).toEqual({
      arrived: new Set([1]),
      catalogChanged: false,
      timersMade: [],
    })
    expect(scene.machine.takeEffects().arrived.size).toBe(0)
  })

  test('to a topic that does not exist is refused', () => {
    expect(new Scene().one(sendMany(9, 0, 1))).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  })

  test('with bytes that are not exactly its messages stores none of them', () => {
    const whole = sendMany(1, 0, 3)
    const changed = (at: number, value: number) => {
      const messages = Buffer.from(whole.messages)
      messages.writeUInt32BE(value, at)
      return messages
    }
    const wrong = [
      { ...whole, count: 0 },
      { ...whole, count: 2 },
      { ...whole, count: 4 },
      { ...whole, messages: whole.messages.subarray(1) },
      { ...whole, messages: Buffer.concat([whole.messages, Buffer.alloc(1)]) },
      { ...whole, messages: changed(0, 0x02010000) },
      { ...whole, messages: changed(20, 0xffff_ffff) },
      { ...whole, messages: changed(28, 0xffff_ffff) },
      { ...whole, messages: changed(36, 7) },
      { ...whole, messages: changed(40, 0x20_0000) },
    ]
    const scene = new Scene()
    for (const send of wrong) expect(scene.one(send)).toMatchObject({ code: 'BAD_REQUEST' })
    const short = entryOf(scene.nowMs, [{ ...whole, messages: new Uint8Array() }]).subarray(0, -4)
    short.set([0, 0, 0, 4], 20)
    expect(scene.applyData(short)).toMatchObject([{ code: 'BAD_REQUEST' }])
    expect(scene.machine.queue(1)?.nextOffset).toBe(0)
    expect(scene.one(whole)).toMatchObject({ type: 'sent' })
  })
})
