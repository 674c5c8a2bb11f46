import { describe, expect, test } from 'vitest'
import { headerBlock } from '../../src/http2/hpack-encoder.ts'
import { Flag, FrameType, Http2Code, Setting } from '../../src/http2/protocol.ts'
import {
  data,
  frame,
  open,
  paddedData,
  ping,
  postBlock,
  postFields,
  request,
  resetStream,
  settings,
  windowUpdate,
} from './support/wire.ts'
import { answer, okHeaders, settle, World } from './support/world.ts'

const none = Buffer.alloc(0)
const calm = (lastStreamId: number): string => `goAway ${lastStreamId} ${Http2Code.enhanceYourCalm}`

describe('streams', () => {
  test('beyond the limit are refused, and their table entries are kept all the same', async () => {
    const world = await World.opened({ streamsMax: 1 })
    // Literal with incremental indexing: `x: 1` becomes field 62.
    const kept = Buffer.concat([postBlock, Buffer.from('\x40\x01x\x011', 'latin1')])
    const told = await world.told(open(1), frame(FrameType.headers, Flag.endHeaders, 3, kept))
    expect(told).toEqual([`resetStream 3 ${Http2Code.refusedStream}`])
    expect(await world.told(data(3, 'a', Flag.endStream), resetStream(1))).toEqual([])
    const indexed = Buffer.concat([postBlock, Buffer.of(0x80 | 62)])
    await world.send(frame(FrameType.headers, Flag.endHeaders, 5, indexed))
    expect(world.lastCall.headers.get('x')).toBe('1')
  })

  test('that are opened and reset again and again end the connection', async () => {
    const world = await World.opened()
    const rounds = Array.from({ length: 1001 }, (_, at) => [
      request(2 * at + 1),
      resetStream(2 * at + 1),
    ]).flat()
    expect(await world.told(...rounds)).toEqual([calm(2001)])
    expect(world.calls.every((call) => call.events.at(-1) === 'closed')).toBe(true)
  })

  test('that the client makes this side reset count the same', async () => {
    const world = await World.opened()
    const rounds = Array.from({ length: 1001 }, (_, at) => [
      request(2 * at + 1),
      windowUpdate(2 * at + 1, 0),
    ]).flat()
    expect((await world.told(...rounds)).at(-1)).toEqual(calm(2001))
  })

  test('that are reset over a longer time do not', async () => {
    const world = await World.opened()
    for (let at = 0; at < 2000; at++) {
      world.now += 10
      world.socket.push(Buffer.concat([request(2 * at + 1), resetStream(2 * at + 1)]))
    }
    expect(await world.told(ping())).toEqual(['ping 0 ack'])
  })
})

describe('floods', () => {
  test('settings that change all the time end the connection, a few do not', async () => {
    const world = await World.opened()
    const change = settings([Setting.initialWindowSize, 1000])
    expect(new Set(await world.told(...Array.from({ length: 99 }, () => change)))).toEqual(
      new Set(['settings 0 ack']),
    )
    expect((await world.told(change, change)).at(-1)).toBe(calm(0))
    const slow = await World.opened()
    for (let at = 0; at < 300; at++) {
      slow.now += 100
      slow.socket.push(change)
    }
    expect((await slow.told(ping())).at(-1)).toBe('ping 0 ack')
  })

  test.each([
    ['of empty parts', none],
    ['of parts of one byte', Buffer.alloc(1)],
  ])('a header block without an end %s ends the connection', async (_name, part) => {
    const world = await World.opened()
    const parts = Array.from({ length: 17 }, () => frame(FrameType.continuation, 0, 1, part))
    expect(await world.told(frame(FrameType.headers, 0, 1, none), ...parts)).toEqual([calm(0)])
  })

  test('a header block that is too large ends the connection', async () => {
    const world = await World.opened()
    const parts = Array.from({ length: 4 }, () => frame(FrameType.continuation, 0, 1, Buffer.alloc(16_384)))
    expect(await world.told(frame(FrameType.headers, 0, 1, postBlock), ...parts)).toEqual([calm(0)])
  })

  test('a block of a thousand fields that cost a byte each is too large', async () => {
    const world = await World.opened()
    const bomb = Buffer.concat([
      headerBlock(postFields),
      Buffer.from('\x40\x01x\x00', 'latin1'),
      Buffer.alloc(1000, 0xbe),
    ])
    await world.send(frame(FrameType.headers, Flag.endHeaders, 1, bomb))
    expect(world.lastCall.headers.tooLarge).toBe(true)
  })

  test.each([
    ['pings', ping()],
    ['frames of a stream that is over', data(1, none)],
  ])('%s from a client that reads no answers end the connection', async (_name, bytes) => {
    const world = await World.opened()
    world.onRequest = answer
    await world.send(request(1))
    world.socket.reading = false
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => bytes))
    for (let round = 0; round < 60 && !world.socket.destroyed; round++) {
      world.socket.push(flood)
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    expect(world.socket.destroyed).toBe(true)
    expect(world.socket.writableLength).toBeLessThan(5 * 1024 * 1024)
  })
})

describe('a client that does not read', () => {
  test('does not make the socket hold more than a little, and gets everything later', async () => {
    const world = await World.opened()
    const grant = settings([Setting.initialWindowSize, 0x7fff_ffff])
    await world.send(grant, windowUpdate(0, 0x7fff_0000), request(1))
    world.socket.taken()
    world.socket.reading = false
    const { stream } = world.lastCall
    stream.respond(okHeaders)
    for (let at = 0; at < 40; at++) stream.write(Buffer.alloc(100_000, at))
    await settle()
    expect(world.socket.writableLength).toBeLessThan(600_000)
    expect(stream.pendingBytes).toBeGreaterThan(3_000_000)
    let got = 0
    for (let round = 0; round < 100; round++) {
      world.socket.readOn()
      await settle()
      for (const { type, payload } of world.frames()) if (type === FrameType.data) got += payload.byteLength
    }
    expect(got).toBe(4_000_000)
    expect(world.lastCall.events.at(-1)).toBe('drained')
  })

  test('loses streams that have not moved between two looks, and only those', async () => {
    const world = await World.opened()
    await world.send(settings([Setting.initialWindowSize, 10]), request(1), request(3), open(5))
    for (const call of world.calls.slice(0, 2)) {
      call.stream.respond(okHeaders)
      call.stream.write(Buffer.alloc(100))
    }
    world.connection.resetStalled()
    await world.send(windowUpdate(3, 1))
    world.words()
    world.connection.resetStalled()
    await settle()
    expect(world.words()).toEqual([`resetStream 1 ${Http2Code.cancel}`])
    expect(world.calls.map((call) => call.stream.closed)).toEqual([true, false, false])
    world.connection.resetStalled()
    await settle()
    expect(world.words()).toEqual([`resetStream 3 ${Http2Code.cancel}`])
  })

  test('loses a request that it leaves half sent when nothing can be done with a half', async () => {
    const world = await World.opened()
    world.onRequest = ({ stream }) => (stream.needsWholeRequest = true)
    await world.send(open(1), open(3))
    world.connection.resetStalled()
    await world.send(data(3, 'a'))
    world.connection.resetStalled()
    await settle()
    expect(world.words()).toEqual([`resetStream 1 ${Http2Code.cancel}`])
  })

  test('does not keep the streams that it resets waiting for their turn', async () => {
    const world = await World.opened()
    await world.send(settings([Setting.initialWindowSize, 100_000]), request(1))
    world.onRequest = (call) => answer(call, Buffer.alloc(65_535))
    await world.send(request(3))
    world.onRequest = (call) => answer(call)
    await world.send(request(5), resetStream(5), request(7))
    world.words()
    expect(world.calls[2]?.stream.queued).toBe(false)
    expect(await world.told(windowUpdate(0, 2))).toEqual(['data 7 2', 'headers 7 end'])
  })

  test('gets an end that needs no window before bytes that wait for one', async () => {
    const world = await World.opened()
    await world.send(settings([Setting.initialWindowSize, 100_000]), request(1), request(3))
    const [first, second] = world.calls
    first?.stream.respond(okHeaders)
    first?.stream.write(Buffer.alloc(70_000))
    second?.stream.respond(okHeaders)
    second?.stream.end(okHeaders)
    await settle()
    expect(world.words().slice(-2)).toEqual(['headers 3', 'headers 3 end'])
  })
})

describe('the windows of what comes in', () => {
  test('a client that sends more than the window of a stream loses the stream', async () => {
    const world = await World.opened({ streamWindowBytes: 65_535 })
    world.onRequest = ({ stream }) => stream.pause()
    const full = Array.from({ length: 4 }, () => data(1, Buffer.alloc(16_383)))
    expect(await world.told(open(1), ...full, data(1, 'abc'), ping())).toEqual(['ping 0 ack'])
    expect(await world.told(data(1, 'd'))).toEqual([`resetStream 1 ${Http2Code.flowControlError}`])
  })

  test('a client that sends more than the window of the connection loses the connection', async () => {
    const world = await World.opened({ connectionWindowBytes: 65_535, streamWindowBytes: 1 << 20 })
    world.onRequest = ({ stream }) => stream.pause()
    const full = Array.from({ length: 5 }, () => data(1, Buffer.alloc(16_383)))
    expect(await world.told(open(1), ...full)).toEqual([`goAway 1 ${Http2Code.flowControlError}`])
  })

  test('padding, and bytes that nobody wants, are given back', async () => {
    const world = await World.opened({ connectionWindowBytes: 65_535, streamWindowBytes: 65_535 })
    await world.send(open(1))
    const padded = paddedData(1, Buffer.of(1), 255)
    const told = await world.told(...Array.from({ length: 300 }, () => padded))
    expect(told.filter((words) => words.startsWith('windowUpdate 1')).length).toBe(2)
    expect(told.filter((words) => words.startsWith('windowUpdate 0')).length).toBe(2)
    world.onRequest = ({ stream }) => stream.reset(Http2Code.cancel)
    await world.send(open(3))
    const unwanted = Array.from({ length: 20 }, () => data(3, Buffer.alloc(10_000)))
    const [reset, ...grants] = await world.told(...unwanted)
    expect(reset).toBe(`resetStream 3 ${Http2Code.cancel}`)
    expect(grants.length).toBe(5)
    expect(grants.every((words) => words.startsWith('windowUpdate 0 '))).toBe(true)
  })

  test('bytes that a paused stream holds are given back when it ends', async () => {
    const world = await World.opened({ connectionWindowBytes: 65_535, streamWindowBytes: 65_535 })
    world.onRequest = ({ stream }) => stream.pause()
    await world.send(open(1), ...Array.from({ length: 4 }, () => data(1, Buffer.alloc(16_000))))
    expect(world.words()).toEqual([])
    expect(await world.told(resetStream(1))).toEqual(['windowUpdate 0 64000'])
  })
})
