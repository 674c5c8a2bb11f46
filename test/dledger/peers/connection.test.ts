import { describe, expect, test } from 'vitest'
import { QUEUE_BYTES_MAX, TICKS_PER_SILENCE } from '../../../src/dledger/peers/connection.ts'
import { FrameError, FrameKind, frameOf } from '../../../src/dledger/peers/frame-codec.ts'
import { Pair, until } from './harness.ts'

const empty: readonly Uint8Array[] = []

describe('a connection', () => {
  test('frames of one turn leave as one write and arrive in order', async () => {
    await using pair = await Pair.make()
    for (let i = 0; i < 50; i++) pair.left.send(FrameKind.raft, [new Uint8Array([i])], 1)
    expect(pair.leftSocket.bytesWritten).toBe(0)
    await until(() => pair.rightSeen.length === 50, 'all came')
    expect(pair.rightSeen.map(({ body }) => body[0])).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(pair.rightChunks).toBe(1)
  })

  test('a flush hands over at once', async () => {
    await using pair = await Pair.make()
    pair.left.send(FrameKind.raft, [new Uint8Array(10)], 1)
    pair.left.flush()
    expect(pair.leftSocket.bytesWritten).toBe(34)
  })

  test('never more than 64 MiB are queued, and nothing is when it ended', async () => {
    await using pair = await Pair.make()
    pair.rightSocket.pause()
    const body = [new Uint8Array(5 * 1024 * 1024)]
    let taken = 0
    while (pair.left.send(FrameKind.raft, body, 0)) taken++
    expect(taken).toBe(12)
    for (let turn = 0; turn < 50; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      while (pair.left.send(FrameKind.raft, body, 0)) taken++
      expect(pair.leftSocket.writableLength).toBeLessThanOrEqual(QUEUE_BYTES_MAX)
    }
    expect(taken).toBeLessThan(20)
    pair.left.end('local', 'test')
    expect(pair.left.send(FrameKind.alive, empty, 0)).toBe(false)
  })

  test('it is silent after four ticks without a byte, not after three', async () => {
    await using pair = await Pair.make()
    pair.left.tick(true)
    for (let i = 1; i < TICKS_PER_SILENCE; i++) pair.left.tick(true)
    expect(pair.leftEnds).toEqual([])
    pair.left.tick(true)
    expect(pair.leftEnds).toEqual(['silent'])
  })

  test('a single byte of a long body counts as a sign of life', async () => {
    await using pair = await Pair.make()
    for (let i = 0; i < TICKS_PER_SILENCE; i++) pair.left.tick(true)
    pair.rightSocket.write(frameOf(FrameKind.raft, 0, new Uint8Array(99)).subarray(0, 1))
    await until(() => pair.leftChunks === 1, 'the byte came')
    for (let i = 0; i < TICKS_PER_SILENCE; i++) pair.left.tick(true)
    expect(pair.leftEnds).toEqual([])
  })

  test('ticks that come late judge nobody, and neither does a connection that is paused', async () => {
    await using pair = await Pair.make()
    for (let i = 0; i < 20; i++) pair.left.tick(false)
    pair.left.pause()
    for (let i = 0; i < 20; i++) pair.left.tick(true)
    expect(pair.leftEnds).toEqual([])
    pair.left.resume()
    for (let i = 0; i < TICKS_PER_SILENCE; i++) pair.left.tick(true)
    expect(pair.leftEnds).toEqual(['silent'])
  })

  test('a sign of life is sent only when nothing else was, and no user sees it', async () => {
    await using pair = await Pair.make()
    pair.left.tick(true)
    pair.left.tick(true)
    await until(() => pair.rightChunks === 1, 'one came')
    pair.left.send(FrameKind.raft, [new Uint8Array(1)], 1)
    pair.left.tick(true)
    await until(() => pair.rightSeen.length === 1, 'the frame came')
    expect(pair.rightBytes).toBe(24 + 25)
  })

  test('a FrameError of its user ends it as broken, and the rest of the bytes are not looked at', async () => {
    await using pair = await Pair.make()
    pair.onRight = () => {
      throw new FrameError('not now')
    }
    for (let i = 0; i < 3; i++) pair.left.send(FrameKind.raft, [new Uint8Array(1)], 1)
    await until(() => pair.rightEnds.length === 1 && pair.leftEnds.length === 1, 'both know')
    expect(pair.rightEnds).toEqual(['broken'])
    expect(['closed', 'reset']).toContain(pair.leftEnds[0])
    expect(pair.rightSeen).toHaveLength(1)
  })

  test('the end is told once, and last words arrive before it', async () => {
    await using pair = await Pair.make()
    pair.left.send(FrameKind.raft, [new Uint8Array([7])], 1)
    pair.left.endAfterSending()
    await until(() => pair.rightEnds.length === 1, 'the end came')
    expect(pair.rightSeen.map(({ body }) => body[0])).toEqual([7])
    expect(pair.rightEnds).toEqual(['closed'])
    pair.left.end('local', 'test')
    pair.right.end('local', 'test')
    expect(pair.leftEnds).toEqual([])
    expect(pair.rightEnds).toHaveLength(1)
  })
})
