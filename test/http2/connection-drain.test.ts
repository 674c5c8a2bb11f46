import { describe, expect, test } from 'vitest'
import { Flag, Http2Code } from '../../src/http2/protocol.ts'
import { data, frame, open, ping, request, windowUpdate } from './support/wire.ts'
import { answer, settle, World } from './support/world.ts'

const { noError, refusedStream } = Http2Code

describe('draining', () => {
  test('refuses new streams, gives all answers under way and then ends', async () => {
    const world = await World.opened()
    await world.send(request(1), open(3))
    world.connection.drain()
    await settle()
    expect(world.words()).toEqual([`goAway 3 ${noError}`])
    expect(await world.told(request(5))).toEqual([`resetStream 5 ${refusedStream}`])
    const [first, second] = world.calls
    if (first === undefined || second === undefined) throw new Error('two calls were made')
    answer(first)
    await world.send(data(3, 'x', Flag.endStream))
    expect(world.socket.writableEnded).toBe(false)
    answer(second)
    await settle()
    expect(world.words()).toEqual([
      'headers 1',
      'data 1 2',
      'headers 1 end',
      'headers 3',
      'data 3 2',
      'headers 3 end',
    ])
    expect(world.socket.writableEnded).toBe(true)
  })

  test('waits for the windows of the client before it ends', async () => {
    const world = await World.opened()
    await world.send(request(1))
    answer(world.lastCall, Buffer.alloc(70_000))
    world.connection.drain()
    await settle()
    expect(world.socket.writableEnded).toBe(false)
    await world.send(windowUpdate(0, 10_000), windowUpdate(1, 10_000))
    expect(world.words().at(-1)).toBe('headers 1 end')
    expect(world.socket.writableEnded).toBe(true)
  })

  test('without calls ends at once', async () => {
    const world = await World.opened()
    world.connection.drain()
    world.connection.drain()
    await settle()
    expect(world.words()).toEqual([`goAway 0 ${noError}`])
    expect(world.socket.writableEnded).toBe(true)
  })

  test('never says later that more is served', async () => {
    const world = await World.opened()
    await world.send(request(1))
    world.connection.drain()
    await world.send(request(3), request(5))
    world.words()
    expect(await world.told(windowUpdate(0, 0))).toEqual([`goAway 1 ${Http2Code.protocolError}`])
  })
})

describe('after the end', () => {
  test('the socket stays until the client has read to the end and closes too', async () => {
    const world = await World.opened()
    world.connection.drain()
    expect(await world.told(ping(), windowUpdate(0, 1))).toEqual([`goAway 0 ${noError}`])
    expect(world.socket.destroyed).toBe(false)
    world.socket.push(null)
    await settle()
    expect(world.socket.destroyed).toBe(true)
    expect(world.log.filter((line) => line.startsWith('closed'))).toEqual(['closed '])
  })

  test('a client that goes on sending is cut', async () => {
    const world = await World.opened({ connectionWindowBytes: 65_535 })
    await world.send(open(1), windowUpdate(0, 0))
    for (let round = 0; round < 6; round++) await world.send(data(1, Buffer.alloc(16_000)))
    expect(world.socket.destroyed).toBe(true)
  })

  test('nothing is sent and no frame is looked at', async () => {
    const world = await World.opened()
    await world.send(request(1), frame(6, 0, 1, Buffer.alloc(8)), request(3))
    expect(world.calls.length).toBe(1)
    world.words()
    answer(world.lastCall)
    world.connection.ping(Buffer.alloc(8))
    world.connection.drain()
    expect(await world.told(request(5), ping())).toEqual([])
  })
})

test('each read tells the user that the client lives', async () => {
  const world = await World.opened()
  world.log.length = 0
  world.connection.ping(Buffer.from('are you?'))
  await settle()
  expect(world.words()).toEqual(['ping 0'])
  await world.send(ping('are you?', Flag.ack))
  expect(world.log).toEqual(['heard'])
})
