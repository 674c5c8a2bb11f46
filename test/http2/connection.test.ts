import { describe, expect, test } from 'vitest'
import { headerBlock } from '../../src/http2/hpack-encoder.ts'
import { Flag, FrameType, Http2Code, Setting } from '../../src/http2/protocol.ts'
import {
  data,
  frame,
  framesIn,
  open,
  opening,
  paddedData,
  ping,
  postBlock,
  postFields,
  preface,
  request,
  resetStream,
  settings,
  settingsAck,
  uint32,
  windowUpdate,
  wordsOf,
} from './support/wire.ts'
import { answer, okHeaders, okTrailers, settle, World } from './support/world.ts'

const { protocolError, flowControlError, frameSizeError, streamClosed, compressionError } = Http2Code
const none = Buffer.alloc(0)

function headers(flags: number, streamId: number, block: Uint8Array = postBlock): Buffer {
  return frame(FrameType.headers, flags, streamId, block)
}

describe('opening', () => {
  test('both sides say hello, and the user is told once that the client did', async () => {
    const world = new World()
    await settle()
    expect(world.words()).toEqual(['settings 0', `windowUpdate 0 ${2 ** 20 - 65_535}`])
    expect(await world.told(opening)).toEqual(['settings 0 ack'])
    expect(await world.told(settings(), settingsAck)).toEqual(['settings 0 ack'])
    expect(world.log.filter((line) => line === 'ready').length).toBe(1)
  })

  test.each([
    ['something else', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['another frame before SETTINGS', Buffer.concat([preface, ping()])],
    ['DATA before SETTINGS', Buffer.concat([preface, data(1, 'a')])],
  ])('%s ends the connection', async (_name, bytes) => {
    const world = new World()
    await settle()
    world.words()
    expect(await world.told(bytes)).toEqual([`goAway 0 ${protocolError}`])
    expect(world.socket.writableEnded).toBe(true)
  })

  test('frames are taken whatever pieces they come in', async () => {
    const world = new World()
    world.onRequest = (call) => call.stream.respond(okHeaders)
    const whole = Buffer.concat([
      opening,
      open(1),
      paddedData(1, Buffer.from('abc'), 3, Flag.endStream),
      ping(),
    ])
    for (const byte of whole) world.socket.push(Buffer.of(byte))
    await settle()
    expect(String(world.lastCall.body)).toBe('abc')
    expect(world.words().slice(2)).toEqual(['settings 0 ack', 'headers 1', 'ping 0 ack'])
  })
})

describe('a call', () => {
  test('is told of its body and its end, and answers in one write', async () => {
    const world = await World.opened()
    await world.send(open(1), data(1, 'ask', Flag.endStream))
    expect(world.lastCall.headers.get(':path')).toBe('/t.T/Echo')
    expect(world.lastCall.events).toEqual(['data 3', 'end'])
    answer(world.lastCall)
    await settle()
    expect(world.words()).toEqual(['headers 1', 'data 1 2', 'headers 1 end'])
    expect(world.lastCall.events.at(-1)).toBe('closed')
    expect(world.lastCall.stream.handedOver).toBe(true)
  })

  test('that is answered before its request ended tells the client to stop, and takes the rest', async () => {
    const world = await World.opened()
    await world.send(open(1), data(1, 'half'))
    answer(world.lastCall)
    await settle()
    const stop = [`resetStream 1 ${Http2Code.noError}`]
    expect(world.words()).toEqual(['headers 1', 'data 1 2', 'headers 1 end', ...stop])
    const trailers = headers(Flag.endHeaders | Flag.endStream, 1, headerBlock([['x', 'y']]))
    expect(await world.told(data(1, 'more'), data(1, 'more'), trailers)).toEqual([])
    expect(await world.told(request(3), ping())).toEqual(['ping 0 ack'])
    expect(world.calls.length).toBe(2)
  })

  test('may be followed by trailers, which end the request', async () => {
    const world = await World.opened()
    const trailers = headers(Flag.endHeaders | Flag.endStream, 1, headerBlock([['x-checksum', '1']]))
    expect(await world.told(open(1), data(1, 'a'), trailers)).toEqual([])
    expect(world.lastCall.events).toEqual(['data 1', 'end'])
  })

  test('is told once when the client resets it, and sends nothing more', async () => {
    const world = await World.opened()
    await world.send(open(1), resetStream(1))
    const call = world.lastCall
    expect(call.events).toEqual(['closed'])
    expect(call.stream.handedOver).toBe(false)
    call.stream.respond(okHeaders)
    await settle()
    expect(world.words()).toEqual([])
    expect(await world.told(data(1, 'late'))).toEqual([`resetStream 1 ${streamClosed}`])
  })

  test('is told when the socket closes in the middle', async () => {
    const world = await World.opened()
    await world.send(open(1), data(1, 'a').subarray(0, 9))
    world.socket.destroy(new Error('gone'))
    await settle()
    expect(world.lastCall.events).toEqual(['closed'])
    expect(world.log.at(-1)).toBe('closed gone')
  })

  test('gets headers larger than a frame from its client and to it', async () => {
    const world = await World.opened({ headersBytesMax: 50_000 })
    const block = headerBlock([...postFields, ['x-large', 'v'.repeat(30_000)]])
    world.onRequest = (call) => call.stream.respond(block, true)
    const told = await world.told(
      headers(Flag.endStream, 1, block.subarray(0, 16_384)),
      frame(FrameType.continuation, Flag.endHeaders, 1, block.subarray(16_384)),
    )
    expect(world.lastCall.headers.get('x-large')?.length).toBe(30_000)
    expect(told).toEqual(['headers 1 end', 'continuation 1'])
  })

  test('sees headers that are too large marked as such', async () => {
    const world = await World.opened({ headersBytesMax: 1000 })
    await world.send(open(1, [...postFields, ['x-large', 'v'.repeat(1000)]]))
    expect(world.lastCall.headers.tooLarge).toBe(true)
  })
})

/** What a client may get wrong, and what it hears. A request on stream 1 is open, the one on 3 has ended. */
const connectionFaults: readonly (readonly [name: string, bytes: Buffer, code: number])[] = [
  ['SETTINGS of a stream', frame(FrameType.settings, 0, 1, none), protocolError],
  ['SETTINGS cut short', frame(FrameType.settings, 0, 0, Buffer.alloc(5)), frameSizeError],
  ['an answer with settings', frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(6)), frameSizeError],
  ['PING of a stream', frame(FrameType.ping, 0, 1, Buffer.alloc(8)), protocolError],
  ['PING of seven bytes', frame(FrameType.ping, 0, 0, Buffer.alloc(7)), frameSizeError],
  ['HEADERS of no stream', headers(Flag.endHeaders, 0), protocolError],
  ['HEADERS of an even stream', headers(Flag.endHeaders, 4), protocolError],
  ['HEADERS of an even stream that was passed', headers(Flag.endHeaders, 2), protocolError],
  ['DATA of no stream', data(0, 'a'), protocolError],
  ['DATA of a stream that is not open', data(9, 'a'), protocolError],
  ['DATA of an even stream', data(2, 'a'), protocolError],
  ['RST_STREAM of a stream that is not open', resetStream(9), protocolError],
  ['RST_STREAM of no stream', resetStream(0), protocolError],
  ['RST_STREAM of three bytes', frame(FrameType.resetStream, 0, 1, Buffer.alloc(3)), frameSizeError],
  ['WINDOW_UPDATE of a stream that is not open', windowUpdate(9, 1), protocolError],
  ['WINDOW_UPDATE by nothing', windowUpdate(0, 0), protocolError],
  ['WINDOW_UPDATE of three bytes', frame(FrameType.windowUpdate, 0, 1, Buffer.alloc(3)), frameSizeError],
  ['a window beyond 2^31-1', windowUpdate(0, 0x7fff_ffff), flowControlError],
  ['PRIORITY of no stream', frame(FrameType.priority, 0, 0, Buffer.alloc(5)), protocolError],
  ['GOAWAY of a stream', frame(FrameType.goAway, 0, 1, Buffer.alloc(8)), protocolError],
  ['PUSH_PROMISE', frame(FrameType.pushPromise, Flag.endHeaders, 1, uint32(2)), protocolError],
  ['CONTINUATION of nothing', frame(FrameType.continuation, Flag.endHeaders, 1, none), protocolError],
  ['another frame inside a block', Buffer.concat([headers(0, 5), ping()]), protocolError],
  ['DATA inside a block', Buffer.concat([headers(0, 5), data(1, 'a')]), protocolError],
  [
    'CONTINUATION of another stream',
    Buffer.concat([headers(0, 5), frame(FrameType.continuation, Flag.endHeaders, 7, none)]),
    protocolError,
  ],
  ['more padding than DATA', frame(FrameType.data, Flag.padded, 1, Buffer.of(5, 1)), protocolError],
  ['no room for padding', frame(FrameType.data, Flag.padded, 1, none), frameSizeError],
  ['a frame that is too large', frame(FrameType.headers, 0, 5, Buffer.alloc(16_385)), frameSizeError],
  ['a field that no table has', headers(Flag.endHeaders, 5, Buffer.of(0xfe)), compressionError],
  ['pushing that is neither on nor off', settings([Setting.enablePush, 2]), protocolError],
  ['a window setting beyond 2^31-1', settings([Setting.initialWindowSize, 2 ** 31]), flowControlError],
  ['a frame size below 2^14', settings([Setting.maxFrameSize, 16_383]), protocolError],
]

describe('faults of the connection', () => {
  test.each(connectionFaults)('%s', async (_name, bytes, code) => {
    const world = await World.opened()
    await world.send(open(1), request(3))
    const told = await world.told(bytes, ping())
    expect(told).toEqual([expect.stringMatching(new RegExp(`^goAway [35] ${code}$`))])
    expect(world.calls.map((call) => call.events)).toEqual([['closed'], ['end', 'closed']])
    world.socket.push(null)
    await settle()
    expect(world.log.at(-1)).toMatch(/^closed \w+/)
  })

  test('HEADERS of a stream that is over', async () => {
    const world = await World.opened()
    world.onRequest = answer
    await world.send(request(1))
    world.words()
    expect(await world.told(request(1))).toEqual([`goAway 1 ${streamClosed}`])
  })

  test('a window setting that takes a stream beyond 2^31-1', async () => {
    const world = await World.opened()
    await world.send(open(1), windowUpdate(1, 0x7fff_ffff - 65_535))
    expect(await world.told(settings([Setting.initialWindowSize, 65_536]))).toEqual([
      'settings 0 ack',
      `goAway 1 ${flowControlError}`,
    ])
  })
})

const streamFaults: readonly (readonly [name: string, bytes: Buffer, told: string])[] = [
  ['DATA behind the end', data(3, 'a'), `resetStream 3 ${streamClosed}`],
  ['HEADERS behind the end', request(3), `resetStream 3 ${streamClosed}`],
  ['trailers that end nothing', headers(Flag.endHeaders, 1, headerBlock([['a', 'b']])), `resetStream 1 1`],
  ['pseudo-headers as trailers', request(1), `resetStream 1 ${protocolError}`],
  ['WINDOW_UPDATE by nothing', windowUpdate(1, 0), `resetStream 1 ${protocolError}`],
  ['a window beyond 2^31-1', windowUpdate(1, 0x7fff_ffff), `resetStream 1 ${flowControlError}`],
  [
    'PRIORITY of four bytes',
    frame(FrameType.priority, 0, 1, Buffer.alloc(4)),
    `resetStream 1 ${frameSizeError}`,
  ],
  ['PRIORITY on itself', frame(FrameType.priority, 0, 1, Buffer.of(0, 0, 0, 1, 1)), `resetStream 1 1`],
  ['no path', open(5, [[':method', 'POST']]), `resetStream 5 ${protocolError}`],
  ['a header in upper case', open(5, [...postFields, ['X-Up', 'a']]), `resetStream 5 ${protocolError}`],
  ['HTTP/1 headers', open(5, [...postFields, ['connection', 'close']]), `resetStream 5 ${protocolError}`],
  ['te that is not trailers', open(5, [...postFields, ['te', 'gzip']]), `resetStream 5 ${protocolError}`],
  ['a line break in a value', open(5, [...postFields, ['x', 'a\nb']]), `resetStream 5 ${protocolError}`],
]

describe('faults of a stream', () => {
  test.each(streamFaults)('%s', async (_name, bytes, expected) => {
    const world = await World.opened()
    await world.send(open(1), request(3))
    expect(await world.told(bytes, ping())).toEqual([expected, 'ping 0 ack'])
    expect(world.calls.length).toBe(2)
  })

  test('a priority in HEADERS is stepped over, with padding too', async () => {
    const world = await World.opened()
    const priority = Buffer.of(0x80, 0, 0, 3, 16)
    const padded = Buffer.concat([Buffer.of(2), priority, postBlock, Buffer.alloc(2)])
    const flags = Flag.endHeaders | Flag.endStream | Flag.priority | Flag.padded
    expect(await world.told(headers(flags, 1, padded), ping())).toEqual(['ping 0 ack'])
    expect(world.lastCall.headers.get(':method')).toBe('POST')
  })

  test('frames of an unknown type and PRIORITY of any stream are passed over', async () => {
    const world = await World.opened()
    const unknown = frame(77, 255, 5, Buffer.alloc(100))
    const priority = frame(FrameType.priority, 0, 7, Buffer.of(0, 0, 0, 3, 1))
    expect(await world.told(unknown, priority, ping())).toEqual(['ping 0 ack'])
  })
})

describe('settings', () => {
  test('a client that names a size for its table is told in the next block that none is used', async () => {
    const world = await World.opened()
    world.onRequest = (call) => answer(call)
    await world.send(settings([Setting.headerTableSize, 0]), request(1), request(3))
    const blocks = world
      .frames()
      .filter(({ type }) => type === FrameType.headers)
      .map(({ payload }) => payload[0])
    expect(blocks).toEqual([0x20, okTrailers[0], okHeaders[0], okTrailers[0]])
  })

  test('the window of streams to come and of open ones follows', async () => {
    const world = await World.opened()
    await world.send(request(1))
    const { stream } = world.lastCall
    stream.respond(okHeaders)
    stream.write(Buffer.alloc(40_000))
    await settle()
    expect(world.words().length).toBe(4)
    await world.send(settings([Setting.initialWindowSize, 100]))
    expect(stream.sendWindow).toBe(100 - 40_000)
    await world.send(request(3))
    expect(world.lastCall.stream.sendWindow).toBe(100)
  })
})

test('settings are acknowledged before bytes that only they allow', async () => {
  const world = await World.opened()
  await world.send(settings([Setting.initialWindowSize, 0]), request(1))
  answer(world.lastCall)
  await settle()
  world.words()
  expect(await world.told(settings([Setting.initialWindowSize, 100]))).toEqual([
    'settings 0 ack',
    'data 1 2',
    'headers 1 end',
  ])
})

test('everything that one turn sends leaves as one write', async () => {
  const world = await World.opened()
  world.socket.reading = false
  world.onRequest = answer
  await world.send(request(1), request(3), ping())
  const words = framesIn(world.socket.taken()).map(wordsOf)
  const first = ['headers 1', 'data 1 2', 'headers 1 end']
  const second = ['headers 3', 'data 3 2', 'headers 3 end']
  expect(words).toEqual([...first, ...second, 'ping 0 ack'])
})
