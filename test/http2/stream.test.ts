import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { Flag, Http2Code } from '../../src/http2/protocol.ts'
import { data, open, request, resetStream } from './support/wire.ts'
import { okHeaders, okTrailers, settle, World } from './support/world.ts'

describe('a paused stream', () => {
  test('hands over nothing until it goes on, then all in order and then the end', async () => {
    const world = await World.opened()
    world.onRequest = ({ stream }) => stream.pause()
    await world.send(open(1), data(1, 'ab'), data(1, 'c'), data(1, 'd', Flag.endStream))
    const call = world.lastCall
    expect(call.events).toEqual([])
    call.stream.resume()
    expect(String(call.body)).toBe('abcd')
    expect(call.events.at(-1)).toBe('end')
    call.stream.resume()
    expect(call.events.filter((event) => event === 'end').length).toBe(1)
  })

  test('that is paused again while it goes on keeps the rest', async () => {
    const world = await World.opened()
    world.onRequest = ({ stream }) => stream.pause()
    const part = Buffer.alloc(5000)
    await world.send(open(1), data(1, part), data(1, part), data(1, part, Flag.endStream))
    const call = world.lastCall
    const take = call.data.bind(call)
    call.data = (chunk) => {
      take(chunk)
      call.stream.pause()
    }
    call.stream.resume()
    expect(call.events).toEqual(['data 5000'])
    call.stream.resume()
    call.stream.resume()
    expect(call.events).toEqual(['data 5000', 'data 5000', 'data 5000'])
    call.stream.resume()
    expect(call.events.at(-1)).toBe('end')
  })

  test('that ends while it goes on hears nothing behind its end', async () => {
    const world = await World.opened()
    world.onRequest = ({ stream }) => stream.pause()
    const part = Buffer.alloc(5000)
    await world.send(open(1), data(1, part), data(1, part, Flag.endStream))
    const call = world.lastCall
    call.data = () => call.stream.reset(Http2Code.cancel)
    call.stream.resume()
    expect(call.events).toEqual(['closed'])
  })

  test('that was reset hears nothing when it goes on', async () => {
    const world = await World.opened()
    world.onRequest = ({ stream }) => stream.pause()
    await world.send(open(1), data(1, 'a', Flag.endStream), resetStream(1))
    world.lastCall.stream.resume()
    expect(world.lastCall.events).toEqual(['closed'])
  })

  test('keeps small pieces together', async () => {
    const world = await World.opened()
    world.onRequest = ({ stream }) => stream.pause()
    await world.send(open(1), ...Array.from({ length: 3000 }, () => data(1, 'x')))
    world.lastCall.stream.resume()
    expect(world.lastCall.body.byteLength).toBe(3000)
    expect(world.lastCall.events.length).toBe(1)
  })
})

describe('a response', () => {
  test('that waits tells when it was handed over', async () => {
    const world = await World.opened()
    await world.send(request(1))
    const { stream, events } = world.lastCall
    stream.respond(okHeaders)
    expect(stream.write(Buffer.alloc(65_535))).toBe(true)
    expect(stream.write(Buffer.from('x'))).toBe(false)
    expect(stream.pendingBytes).toBe(1)
    expect(events).toEqual(['end'])
    stream.widen(1)
    expect(stream.pendingBytes).toBe(1)
  })

  test('after the end of the stream goes nowhere', async () => {
    const world = await World.opened()
    await world.send(request(1), resetStream(1))
    const { stream } = world.lastCall
    stream.respond(okHeaders)
    expect(stream.write(Buffer.from('a'))).toBe(true)
    stream.end(okTrailers)
    stream.reset(Http2Code.cancel)
    await settle()
    expect(world.words()).toEqual([])
    expect(stream.handedOver).toBe(false)
  })

  test('out of its order is a mistake of ours', async () => {
    const world = await World.opened()
    await world.send(request(1))
    const { stream } = world.lastCall
    expect(() => stream.write(Buffer.from('a'))).toThrow(InvariantError)
    expect(() => stream.end(okTrailers)).toThrow(InvariantError)
    stream.respond(okHeaders)
    expect(() => stream.respond(okHeaders)).toThrow(InvariantError)
  })

  test('of headers only is over at once', async () => {
    const world = await World.opened()
    await world.send(request(1))
    world.lastCall.stream.respond(okHeaders, true)
    await settle()
    expect(world.words()).toEqual(['headers 1 end'])
    expect(world.lastCall.events).toEqual(['end', 'closed'])
  })
})
