import fc from 'fast-check'
import { connect } from 'node:http2'
import { socketPair } from './support/socket-pair.ts'
import { expect, test } from 'vitest'
import { Connection } from '../../src/http2/connection.ts'
import { Flag, FrameType, Setting } from '../../src/http2/protocol.ts'
import { request, settings, windowUpdate } from './support/wire.ts'
import { okHeaders, okTrailers, Recorder, settle, World } from './support/world.ts'

const WINDOW = 65_535

/** What the client has allowed and what it got, as it sees it. */
class Ledger {
  connection = WINDOW
  initial = WINDOW
  readonly streams = new Map<number, { window: number; bytes: Buffer[]; ended: boolean }>()

  open(streamId: number): void {
    this.streams.set(streamId, { window: this.initial, bytes: [], ended: false })
  }

  /** Books the frames that came; throws when one was not allowed. */
  book(world: World): void {
    for (const { type, flags, streamId, payload } of world.frames()) {
      const stream = this.streams.get(streamId)
      if (stream === undefined) continue
      if (type === FrameType.data) {
        this.connection -= payload.byteLength
        stream.window -= payload.byteLength
        expect(Math.min(this.connection, stream.window)).toBeGreaterThanOrEqual(0)
        expect(stream.ended).toBe(false)
        stream.bytes.push(payload)
      } else if ((flags & Flag.endStream) !== 0) stream.ended = true
    }
  }
}

const step = fc.oneof(
  fc.record({ write: fc.nat(5), bytes: fc.oneof(fc.nat(300), fc.nat(60_000)) }),
  fc.record({ grant: fc.nat(5), bytes: fc.integer({ min: 1, max: 40_000 }) }),
  fc.record({ grantAll: fc.integer({ min: 1, max: 80_000 }) }),
  fc.record({ initial: fc.oneof(fc.nat(300), fc.nat(100_000)) }),
)

test('never more than both windows is sent, and everything arrives in order in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = await World.opened()
      const ledger = new Ledger()
      const written = new Map<number, Buffer[]>()
      const ids = [1, 3, 5, 7, 9, 11]
      for (const id of ids) {
        ledger.open(id)
        written.set(id, [])
        await world.send(request(id))
        world.lastCall.stream.respond(okHeaders)
      }
      let byte = 0
      for (const one of steps) {
        if ('write' in one) {
          const bytes = Buffer.alloc(one.bytes, byte++)
          written.get(ids[one.write] as number)?.push(bytes)
          world.calls[one.write]?.stream.write(bytes)
        } else if ('grant' in one) {
          const id = ids[one.grant] as number
          const stream = ledger.streams.get(id)
          if (stream !== undefined) stream.window += one.bytes
          await world.send(windowUpdate(id, one.bytes))
        } else if ('grantAll' in one) {
          ledger.connection += one.grantAll
          await world.send(windowUpdate(0, one.grantAll))
        } else {
          for (const stream of ledger.streams.values()) stream.window += one.initial - ledger.initial
          // What was sent before the new value was known was allowed: it is in the socket already.
          await world.send(settings([Setting.initialWindowSize, one.initial]))
          ledger.initial = one.initial
        }
        await settle()
        ledger.book(world)
      }
      for (const call of world.calls) call.stream.end(okTrailers)
      const enough = 20_000_000
      for (const stream of ledger.streams.values()) stream.window += enough
      ledger.connection += enough
      const grants = ids.map((id) => windowUpdate(id, enough))
      await world.send(windowUpdate(0, enough), ...grants)
      await settle()
      ledger.book(world)
      for (const [id, stream] of ledger.streams) {
        expect(Buffer.concat(stream.bytes).equals(Buffer.concat(written.get(id) ?? []))).toBe(true)
      }
      // A stream that was never written to ends too.
      expect([...ledger.streams.values()].every((stream) => stream.ended)).toBe(true)
      expect(world.calls.every((call) => call.stream.closed)).toBe(true)
    }),
    { numRuns: 40 },
  )
}, 60_000)

test('streams take turns', async () => {
  const world = await World.opened()
  await world.send(settings([Setting.initialWindowSize, 1_000_000]), request(1), request(3))
  world.words()
  for (const call of world.calls) {
    call.stream.respond(okHeaders)
    call.stream.write(Buffer.alloc(60_000))
  }
  await settle()
  world.words()
  const told = await world.told(windowUpdate(0, 1_000_000))
  expect(told.map((words) => words.slice(0, 6))).toEqual(['data 3', 'data 3', 'data 3', 'data 3'])
  for (const call of world.calls) call.stream.write(Buffer.alloc(40_000))
  await settle()
  expect(world.words().length).toBe(6)
})

test('a client of node:http2 echoes bodies of any sizes, read as fast or slow as it likes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.oneof(fc.nat(100), fc.nat(200_000)), { maxLength: 4 }), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.integer({ min: 2000, max: 200_000 }),
      async (bodies, initialWindowSize) => {
        const [client, server] = await socketPair()
        const limits = { streamsMax: 10, streamWindowBytes: 100_000, connectionWindowBytes: 100_000 }
        const user = {
          ready: () => undefined,
          heard: () => undefined,
          closed: () => undefined,
          request: echo,
        }
        const options = { ...limits, headersBytesMax: 16_384, mono: () => 0 }
        const connection = new Connection(server, options, user)
        const session = connect('http://localhost', {
          createConnection: () => client,
          settings: { initialWindowSize },
        })
        const answers = bodies.map(async (sizes, at) => {
          const stream = session.request({ ':method': 'POST', ':path': '/', 'x-which': `${at}` })
          const got: Buffer[] = []
          stream.on('data', (chunk: Buffer) => got.push(chunk))
          const body = sizes.map((size) => Buffer.alloc(size, at + 1))
          for (const part of body) stream.write(part)
          stream.end()
          await new Promise((resolve, reject) => stream.once('close', resolve).once('error', reject))
          expect(Buffer.concat(got).equals(Buffer.concat(body))).toBe(true)
        })
        await Promise.all(answers)
        session.destroy()
        connection.destroy()
      },
    ),
    { numRuns: 20 },
  )
}, 60_000)

/** Sends what comes back, holding the client back while it does not take it. */
function echo(...[stream, headers]: ConstructorParameters<typeof Recorder>): void {
  const call = new Recorder(stream, headers)
  stream.respond(okHeaders)
  call.data = (chunk) => {
    if (!stream.write(chunk)) stream.pause()
  }
  call.drained = () => stream.resume()
  call.inputEnded = () => stream.end(okTrailers)
}
