import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { nodeId } from '../../../src/base/brand.ts'
import type { Clock } from '../../../src/base/ports.ts'
import { FrameKind, FrameParser, frameOf, linkHash } from '../../../src/dledger/peers/frame-codec.ts'
import {
  decodeHelloReply,
  encodeHello,
  type Hello,
  type HelloReply,
} from '../../../src/dledger/peers/greeting-codec.ts'
import { GREETING_MS, STRANGERS_MAX } from '../../../src/dledger/peers/listener.ts'
import { A, B, identityOf, type Member, Net, realClock, until } from './harness.ts'

/** Somebody who speaks bytes to a member: what it heard, and whether the member ended the connection. */
class Stranger {
  readonly socket: Socket
  replies: HelloReply[] = []
  closed = false

  constructor(member: Member) {
    this.socket = connect(member.transport.port, '127.0.0.1')
    const parser = new FrameParser(
      {
        frame: (kind, body) => {
          if (kind === FrameKind.helloReply) this.replies.push(decodeHelloReply(body))
        },
      },
      4096,
    )
    this.socket.on('data', (chunk: Buffer) => parser.push(chunk))
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => (this.closed = true))
  }

  say(bytes: Uint8Array | string): this {
    this.socket.write(bytes)
    return this
  }
}

function helloFrame(change: Partial<Hello> = {}, link?: number): Uint8Array {
  const hello: Hello = {
    protocolVersion: 1,
    clusterId: 'test',
    group: 'g',
    fromId: A,
    toId: B,
    channel: 'raft',
    ...identityOf(A),
    version: '',
    ...change,
  }
  const bound = link ?? linkHash(hello.clusterId, hello.group, hello.fromId, hello.toId)
  return frameOf(FrameKind.hello, bound, encodeHello(hello))
}

const link = linkHash('test', 'g', A, B)
const raftFrame = frameOf(FrameKind.raft, link, new Uint8Array([1]))

/** After whatever happened, members still come in. */
async function stillListens(member: Member): Promise<void> {
  const before = member.raft.length
  const good = new Stranger(member).say(helloFrame())
  await until(() => good.replies.length === 1, 'a good greeting is answered')
  expect(good.replies[0]).toMatchObject({ accepted: true, folderId: 'folder-2', startCount: 1 })
  good.say(raftFrame)
  await until(() => member.raft.length === before + 1, 'its message comes')
  good.socket.destroy()
}

describe('who comes in', () => {
  test.each<[string, Uint8Array | string]>([
    ['HTTP/1', 'GET / HTTP/1.1\r\nHost: broker\r\n\r\n'],
    ['TLS', new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, ...new Uint8Array(40)])],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['zeros', new Uint8Array(100)],
    ['a Raft frame before the greeting', raftFrame],
    ['a sign of life before the greeting', frameOf(FrameKind.alive, link, new Uint8Array())],
    ['a greeting that is no protobuf', frameOf(FrameKind.hello, link, new Uint8Array(50).fill(0xff))],
    ['a greeting of 5 KB', frameOf(FrameKind.hello, link, new Uint8Array(5000))],
    ['a greeting that is bound to others than it names', helloFrame({}, 42)],
  ])('%s is cut off, and the listener lives on', async (_what, bytes) => {
    await using net = await Net.of(A, B)
    const b = await net.start(B, { silenceMs: 60_000 })
    const stranger = new Stranger(b).say(bytes)
    await until(() => stranger.closed, 'it is cut off')
    expect(stranger.replies).toEqual([])
    expect(b.greetings).toEqual([])
    await stillListens(b)
  })

  test.each<[string, Partial<Hello>, RegExp]>([
    ['cluster', { clusterId: 'prod' }, /^This is cluster "test", not "prod"/],
    ['group', { group: 'h' }, /^This is group "g", not "h"/],
    ['member', { toId: nodeId(7) }, /^This is member 2, not 7/],
    ['sender', { fromId: nodeId(7) }, /^Member 7 does not belong/],
    ['protocol version', { protocolVersion: 2 }, /^Peer protocol version 2/],
  ])(
    'a greeting for another %s is refused with the sentence that says so',
    async (_what, change, sentence) => {
      await using net = await Net.of(A, B)
      const b = await net.start(B)
      const stranger = new Stranger(b).say(helloFrame(change)).say(raftFrame)
      await until(() => stranger.closed, 'it is cut off')
      expect(stranger.replies).toHaveLength(1)
      expect(stranger.replies[0]).toMatchObject({ accepted: false, folderRefused: false })
      expect(stranger.replies[0]?.reason).toMatch(sentence)
      expect(b.raft).toEqual([])
      expect(b.greetings).toEqual([])
      await stillListens(b)
    },
  )

  test('frames that come while the greeting is judged end the connection', async () => {
    await using net = await Net.of(A, B)
    const b = await net.start(B)
    let verdict: () => void = () => undefined
    b.judge = () => new Promise((resolve) => (verdict = () => resolve({ accepted: true })))
    const stranger = new Stranger(b).say(helloFrame())
    await until(() => b.greetings.length === 1, 'it is judged')
    stranger.say(raftFrame)
    await until(() => stranger.closed, 'it is cut off')
    verdict()
    b.judge = () => ({ accepted: true })
    await stillListens(b)
    expect(b.raft).toHaveLength(1)
  })

  test('after the greeting, frames of other kinds or links end the connection', async () => {
    await using net = await Net.of(A, B)
    const b = await net.start(B)
    const wrong = [
      frameOf(FrameKind.call, link, new Uint8Array(6)),
      frameOf(FrameKind.hello, link, new Uint8Array(6)),
      frameOf(FrameKind.raft, linkHash('test', 'g', B, A), new Uint8Array(6)),
    ]
    for (const frame of wrong) {
      const stranger = new Stranger(b).say(helloFrame())
      await until(() => stranger.replies.length === 1, 'it is greeted')
      stranger.say(frame)
      await until(() => stranger.closed, 'it is cut off')
    }
    await until(() => b.events.filter((event) => event.type === 'down').length === 3, 'all ends are told')
    expect(b.events.flatMap((event) => (event.type === 'down' ? [event.ending] : []))).toEqual([
      'broken',
      'broken',
      'broken',
    ])
    expect(b.raft).toEqual([])
  })

  test('a newer connection of the same member and channel takes the place of the older one', async () => {
    await using net = await Net.of(A, B)
    const b = await net.start(B)
    const first = new Stranger(b).say(helloFrame())
    await until(() => first.replies.length === 1, 'the first is in')
    const other = new Stranger(b).say(helloFrame({ channel: 'call' }))
    await until(() => other.replies.length === 1, 'another channel is in')
    expect(first.closed).toBe(false)
    const second = new Stranger(b).say(helloFrame())
    await until(() => second.replies.length === 1 && first.closed, 'the second is in, the first is out')
    expect(b.events).toContainEqual(expect.objectContaining({ type: 'down', ending: 'replaced' }))
    second.say(raftFrame)
    await until(() => b.raft.length === 1, 'its message comes')
    expect(other.closed).toBe(false)
  })

  test('an older connection that is judged later does not take the place of a newer one', async () => {
    await using net = await Net.of(A, B)
    const b = await net.start(B)
    const verdicts: (() => void)[] = []
    b.judge = () => new Promise((resolve) => verdicts.push(() => resolve({ accepted: true })))
    const older = new Stranger(b).say(helloFrame())
    await until(() => verdicts.length === 1, 'the older is judged')
    const newer = new Stranger(b).say(helloFrame())
    await until(() => verdicts.length === 2, 'the newer is judged')
    verdicts[1]?.()
    await until(() => newer.replies.length === 1, 'the newer is in')
    verdicts[0]?.()
    await until(() => older.closed, 'the older is out')
    newer.say(raftFrame)
    await until(() => b.raft.length === 1, 'the newer is still in')
  })

  test('a stranger that leaves while it is judged never counts as connected', async () => {
    await using net = await Net.of(A, B)
    const b = await net.start(B)
    let verdict: () => void = () => undefined
    b.judge = () => new Promise((resolve) => (verdict = () => resolve({ accepted: true })))
    const stranger = new Stranger(b).say(helloFrame())
    await until(() => b.greetings.length === 1, 'it is judged')
    stranger.socket.resetAndDestroy()
    await new Promise((resolve) => setTimeout(resolve, 20))
    verdict()
    b.judge = () => ({ accepted: true })
    await stillListens(b)
    expect(b.events.filter((event) => event.type === 'up')).toHaveLength(1)
  })

  test('sockets that say nothing are closed after three seconds', async () => {
    const waiting: { ms: number; run: () => void }[] = []
    const clock: Clock = {
      ...realClock,
      timer: (ms, run) => {
        waiting.push({ ms, run })
        return () => undefined
      },
    }
    await using net = await Net.of(A, B)
    const b = await net.start(B, { clock })
    const mute = new Stranger(b)
    const half = new Stranger(b).say(helloFrame().subarray(0, 30))
    const timers = (): typeof waiting => waiting.filter(({ ms }) => ms === GREETING_MS)
    await until(() => timers().length === 2, 'both came in')
    expect([mute.closed, half.closed]).toEqual([false, false])
    for (const { run } of timers()) run()
    await until(() => mute.closed && half.closed, 'both are cut off')
  })

  test('at the limit of strangers the oldest makes room, so members still come in', async () => {
    await using net = await Net.of(A, B)
    const patient: Clock = {
      ...realClock,
      timer: (ms, run) => (ms === GREETING_MS ? () => undefined : realClock.timer(ms, run)),
    }
    const b = await net.start(B, { clock: patient })
    const mute: Stranger[] = []
    for (let i = 0; i < STRANGERS_MAX + 10; i++) {
      const stranger = new Stranger(b)
      mute.push(stranger)
      await until(() => stranger.socket.readyState === 'open', 'it is connected')
    }
    await until(() => mute.filter((stranger) => stranger.closed).length === 10, 'ten are cut off')
    expect(mute.slice(0, 10).every((stranger) => stranger.closed)).toBe(true)
    await stillListens(b)
    for (const stranger of mute) stranger.socket.destroy()
  })
})
