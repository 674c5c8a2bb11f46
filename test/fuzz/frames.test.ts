/**
 * Frames that no client would send, to the HTTP/2 connection of the server. Whatever comes: the connection goes
 * on and serves the next request, or it is ended with GOAWAY; nothing is thrown and no stream is left behind.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Flag, FrameType } from '../../src/http2/protocol.ts'
import {
  data,
  frame,
  open,
  ping,
  postBlock,
  request,
  resetStream,
  settings,
  windowUpdate,
} from '../http2/support/wire.ts'
import { answer, World } from '../http2/support/world.ts'

const FRAMES = 100_000
const FRAMES_A_RUN = 20
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
/** Higher than all that are made up. */
const LAST_STREAM = 2001

const bytes = fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some))
const streams = fc.nat(2 * FRAMES_A_RUN)

/** A frame by where it stands: streams of a client have odd ids that rise. */
type FrameAt = (at: number) => Buffer

/** Of a client that means well. */
const likely: fc.Arbitrary<FrameAt> = fc.oneof(
  fc.constant<FrameAt>((at) => request(idOf(at))),
  fc.constant<FrameAt>((at) => open(idOf(at))),
  bytes.map(
    (some): FrameAt =>
      (at) =>
        Buffer.concat([open(idOf(at)), data(idOf(at), some, Flag.endStream)]),
  ),
  fc.constant<FrameAt>((at) => Buffer.concat([open(idOf(at)), resetStream(idOf(at))])),
  fc.integer({ min: 1, max: 2 ** 20 }).map(
    (size): FrameAt =>
      (at) =>
        Buffer.concat([request(idOf(at)), windowUpdate(idOf(at), size)]),
  ),
  fc.constant<FrameAt>(() => ping()),
  fc.tuple(fc.integer({ min: 11, max: 255 }), fc.nat(255), bytes).map(
    ([type, flags, payload]): FrameAt =>
      () =>
        frame(type, flags, 0, payload),
  ),
)

const wild: fc.Arbitrary<FrameAt> = fc.oneof(
  fc.tuple(fc.nat(12), fc.nat(255), streams, bytes).map(
    ([type, flags, stream, payload]): FrameAt =>
      () =>
        frame(type, flags, stream, payload),
  ),
  fc.tuple(fc.nat(255), streams).map(
    ([flags, stream]): FrameAt =>
      () =>
        frame(FrameType.headers, flags, stream, postBlock),
  ),
  fc.tuple(fc.nat(10), fc.nat(2 ** 31 - 1)).map(
    (setting): FrameAt =>
      () =>
        settings(setting),
  ),
)

const frames = fc.oneof({ weight: 20, arbitrary: likely }, { weight: 1, arbitrary: wild })

function idOf(at: number): number {
  return 2 * at + 1
}

test(`${FRAMES} frames made up end a connection or leave it whole`, { timeout: 600_000 }, async () => {
  let alive = 0
  const run = fc.asyncProperty(
    fc.array(frames, { minLength: FRAMES_A_RUN, maxLength: FRAMES_A_RUN }),
    async (list) => {
      const world = await World.opened()
      world.onRequest = (call) => answer(call)
      await world.send(...list.map((frameAt, at) => frameAt(at)))
      world.socket.taken()
      const after = await world.told(Buffer.concat([request(LAST_STREAM)]))
      const served = after.some((words) => words.startsWith(`headers ${LAST_STREAM}`))
      if (served) alive++
      else
        expect(world.socket.writableEnded || world.log.some((line) => line.startsWith('closed'))).toBe(true)
      world.socket.destroy()
      await world.send()
      expect(world.calls.filter((call) => !call.events.includes('closed'))).toEqual([])
    },
  )
  await fc.assert(run, { numRuns: FRAMES / FRAMES_A_RUN, seed: SEED, endOnFailure: true })
  expect(alive).toBeGreaterThan(FRAMES / FRAMES_A_RUN / 10)
  expect(alive).toBeLessThan(FRAMES / FRAMES_A_RUN)
})
