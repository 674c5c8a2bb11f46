import { expect, test } from 'vitest'
import { Outbox } from '../../src/http2/outbox.ts'
import { WINDOW_BYTES_DEFAULT, WINDOW_BYTES_MAX } from '../../src/http2/protocol.ts'
import { TestSocket } from './support/test-socket.ts'
import { framesIn, wordsOf } from './support/wire.ts'
import { settle } from './support/world.ts'

test('frames leave with the turn that made them, and at once when asked', async () => {
  const socket = new TestSocket()
  const outbox = new Outbox(socket.asSocket)
  outbox.frames.settingsAck()
  outbox.frames.windowUpdate(0, 5)
  expect(socket.taken().byteLength).toBe(0)
  await settle()
  expect(framesIn(socket.taken()).map(wordsOf)).toEqual(['settings 0 ack', 'windowUpdate 0 5'])
  outbox.frames.settingsAck()
  outbox.flush()
  expect(framesIn(socket.taken()).map(wordsOf)).toEqual(['settings 0 ack'])
})

test('the window of the connection grows no further than a window may', () => {
  const outbox = new Outbox(new TestSocket().asSocket)
  expect(outbox.widen(WINDOW_BYTES_MAX - WINDOW_BYTES_DEFAULT)).toBe(true)
  expect(outbox.widen(1)).toBe(false)
})

test('what was gathered is sent before the end, and nothing behind it', async () => {
  const socket = new TestSocket()
  const outbox = new Outbox(socket.asSocket)
  outbox.frames.settingsAck()
  outbox.end()
  outbox.frames.settingsAck()
  await settle()
  expect(framesIn(socket.taken()).map(wordsOf)).toEqual(['settings 0 ack'])
  expect(socket.writableFinished).toBe(true)
})
