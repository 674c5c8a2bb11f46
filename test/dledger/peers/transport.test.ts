import { describe, expect, test } from 'vitest'
import { crc32 } from '../../../src/base/crc32.ts'
import { BrokerError } from '../../../src/base/errors.ts'
import { A, B, C, identityOf, Net, SILENCE_MS, until } from './harness.ts'

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

describe('raft messages', () => {
  test('three members reach one another over two connections each way', async () => {
    await using net = await Net.of(A, B, C)
    const members = [await net.start(A), await net.start(B), await net.start(C)]
    const [a, b, c] = members
    await until(
      () => !!a?.connected(B, C) && !!b?.connected(A, C) && !!c?.connected(A, B),
      'all are connected',
    )
    for (const member of members) {
      expect(member.events.filter((event) => event.type === 'up')).toHaveLength(8)
      expect(member.events).toHaveLength(8)
    }
  })

  test('messages of all sizes arrive whole and in order', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    const sizes = [0, 1, 40, 4095, 4096, 70_000, 3, 1_500_000, 12, 65_536, 9]
    const sent = sizes.map((size, at) => new Uint8Array(size).fill(at + 1))
    for (const body of sent) expect(a.transport.sendRaft(B, [text('head'), body, text('tail')])).toBe(true)
    await until(() => b.raft.length === sizes.length, 'all came')
    for (const [at, { from, body }] of b.raft.entries()) {
      expect(from).toBe(A)
      const whole = new Uint8Array([...text('head'), ...(sent[at] ?? []), ...text('tail')])
      expect(crc32(body)).toBe(crc32(whole))
    }
  })

  test('thousands of small messages of one turn leave in few packets and keep their order', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    const seen: number[] = []
    b.onRaft = (_from, body) => void seen.push(new DataView(body.buffer, body.byteOffset).getUint32(0))
    for (let i = 0; i < 20_000; i++) {
      const body = new Uint8Array(4)
      new DataView(body.buffer).setUint32(0, i)
      a.transport.sendRaft(B, [body])
      if (i === 10_000) a.transport.flush()
    }
    await until(() => seen.length === 20_000, 'all came')
    expect(seen.every((value, at) => value === at)).toBe(true)
  })

  test('a send to a member that is not connected is dropped, not kept for later', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    expect(a.transport.sendRaft(B, [text('early')])).toBe(false)
    expect(a.transport.sendRaft(C, [text('nobody')])).toBe(false)
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    expect(a.transport.sendRaft(B, [text('late')])).toBe(true)
    await until(() => b.raft.length > 0, 'one came')
    expect(b.raft.map(({ body }) => new TextDecoder().decode(body))).toEqual(['late'])
  })

  test('a paused member makes sends fail at 64 MiB, and gets everything that was taken once it reads on', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A, { silenceMs: 60_000 })
    const b = await net.start(B, { silenceMs: 60_000 })
    await until(() => a.connected(B), 'a is connected')
    let count = 0
    b.onRaft = () => void count++
    b.transport.pause(A)
    const body = new Uint8Array(1024 * 1024)
    let taken = 0
    // What the system and the wire take in leaves the queue; after that it stays full.
    for (let tries = 0; tries < 200; tries++) {
      while (a.transport.sendRaft(B, [text('head'), body])) taken++
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(taken).toBeGreaterThanOrEqual(63)
    expect(taken).toBeLessThan(128)
    b.transport.resume(A)
    await until(() => count === taken, 'all that was taken came')
    expect(a.transport.sendRaft(B, [text('more')])).toBe(true)
  })
})

test('a member that is paused stays paused on its next connection', async () => {
  await using net = await Net.of(A, B)
  const a = await net.start(A)
  const b = await net.start(B)
  b.transport.pause(A)
  await until(() => a.connected(B), 'a is connected')
  net.wire(A, B).cut()
  await until(
    () => a.has('down', { channel: 'raft', direction: 'out' }) && a.connected(B),
    'a is connected again',
  )
  a.transport.sendRaft(B, [text('wait')])
  await a.transport.call(B, 1, [], { timeoutMs: 5000 })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(b.raft).toEqual([])
  b.transport.resume(A)
  await until(() => b.raft.length === 1, 'it came')
})

describe('connections that end', () => {
  test('after a cut both sides are told and find together again', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B) && b.connected(A), 'both are connected')
    net.wire(A, B).cut()
    await until(() => a.has('down', { direction: 'out' }) && b.has('down', { direction: 'in' }), 'both know')
    expect(
      a.events.filter((event) => event.type === 'down').every((event) => event.ending !== 'silent'),
    ).toBe(true)
    await until(() => a.connected(B), 'a is connected again')
    expect(a.transport.sendRaft(B, [text('again')])).toBe(true)
    await until(() => b.raft.length === 1, 'it came')
  })

  test('a message cut by a broken connection never merges with the next connection', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    const bodies = Array.from({ length: 4 }, (_, at) => new Uint8Array(8_000_000).fill(at + 1))
    for (const [at, body] of bodies.entries()) {
      await until(() => a.connected(B), 'a is connected')
      a.transport.sendRaft(B, [new Uint8Array([at + 1]), body])
      a.transport.flush()
      // Some of it is on its way, then the wire breaks in the middle of it.
      await new Promise((resolve) => setTimeout(resolve, 3))
      if (at < 3) net.wire(A, B).cut()
      if (at < 3) await until(() => !a.transport.connected(B, 'raft'), 'the break is seen')
    }
    await until(() => b.raft.at(-1)?.body[0] === 4, 'the last came')
    for (const { body } of b.raft) {
      expect(body.byteLength).toBe(8_000_001)
      expect(body.every((byte) => byte === body[0])).toBe(true)
    }
  })

  test('a member that restarts with the next start count is connected again', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    await net.stop(b)
    await until(() => !a.transport.connected(B, 'raft') && !a.transport.connected(B, 'call'), 'a knows')
    const again = await net.start(B, { identity: identityOf(B, 2) })
    await until(() => a.connected(B) && again.connected(A), 'both are connected')
    expect(a.greetings.at(-1)).toMatchObject({ fromId: B, startCount: 2 })
  })

  test('a member behind a wire that passes nothing on is found silent within one and a half times the limit', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B) && b.connected(A), 'both are connected')
    const from = performance.now()
    net.wire(A, B).freeze()
    net.wire(B, A).freeze()
    await until(
      () => a.has('down', { ending: 'silent', direction: 'out', channel: 'raft' }),
      'raft is silent',
    )
    const took = performance.now() - from
    await until(() => a.has('down', { ending: 'silent', direction: 'in', channel: 'call' }), 'call is silent')
    expect(took).toBeGreaterThan(SILENCE_MS * 0.7)
    expect(took).toBeLessThan(SILENCE_MS * 3)
    expect(a.transport.sendRaft(B, [text('lost')])).toBe(false)
    net.wire(A, B).thaw()
    net.wire(B, A).thaw()
    await until(() => a.connected(B) && b.connected(A), 'both are connected again')
  })

  test('an idle connection stays up, and so does one whose reader is paused', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B) && b.connected(A), 'both are connected')
    b.transport.pause(A)
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS * 3))
    expect([...a.events, ...b.events].filter((event) => event.type === 'down')).toEqual([])
  })

  test('a closed transport has told the end of each connection and frees its port', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B) && b.connected(A), 'both are connected')
    const port = b.transport.port
    await net.stop(b)
    expect(b.events.filter((event) => event.type === 'up')).toHaveLength(4)
    expect(b.events.filter((event) => event.type === 'down').map((event) => event.ending)).toEqual([
      'local',
      'local',
      'local',
      'local',
    ])
    await b.transport.close()
    await net.start(B, { listen: { host: '127.0.0.1', port }, identity: identityOf(B, 2) })
  })

  test('a port that is taken is an error of start', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const taken = { host: '127.0.0.1', port: a.transport.port }
    await expect(net.start(B, { listen: taken })).rejects.toThrow('EADDRINUSE')
  })
})

describe('calls', () => {
  test('calls are pipelined and answered in any order', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    const open: (() => void)[] = []
    b.answer = async (kind, body) => {
      await new Promise<void>((resolve) => open.push(resolve))
      return [text(`${kind}:`), body]
    }
    await until(() => a.connected(B), 'a is connected')
    const calls = Array.from({ length: 100 }, (_, i) =>
      a.transport.call(B, i, [text('x'), text(String(i))], { timeoutMs: 10_000 }),
    )
    await until(() => open.length === 100, 'all run at the same time')
    for (const answer of open.reverse()) answer()
    const answers = await Promise.all(calls)
    expect(answers.map((answer) => new TextDecoder().decode(answer))).toEqual(
      calls.map((_, i) => `${i}:x${i}`),
    )
  })

  test('large calls do not hold back raft messages', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    const body = new Uint8Array(16 * 1024 * 1024)
    const large = a.transport.call(B, 1, [body], { timeoutMs: 20_000 })
    let answered = false
    void large.then(() => void (answered = true))
    a.transport.sendRaft(B, [text('beat')])
    await until(() => b.raft.length === 1, 'the beat came')
    expect(answered).toBe(false)
    expect((await large).byteLength).toBe(body.byteLength)
  })

  test('an error of the handler comes back with code, outcome and message', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    b.answer = async () => {
      throw new BrokerError('TOPIC_NOT_FOUND', 'no topic "t"', { outcome: 'none' })
    }
    await expect(a.transport.call(B, 1, [], { timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
      outcome: 'none',
      message: 'no topic "t"',
    })
    b.answer = async () => {
      throw new Error('surprise')
    }
    await expect(a.transport.call(B, 1, [], { timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'CLOSED',
      outcome: 'unknown',
    })
  })

  test('a cancelled call ends at once and its handler learns it', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    let handlerAborted = false
    let running = false
    b.answer = (_kind, _body, signal) =>
      new Promise((resolve) => {
        running = true
        signal.addEventListener('abort', () => {
          handlerAborted = true
          resolve([text('too late')])
        })
      })
    const controller = new AbortController()
    const call = a.transport.call(B, 1, [], { timeoutMs: 60_000, signal: controller.signal })
    await until(() => running, 'the handler runs')
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'unknown' })
    await until(() => handlerAborted, 'the handler knows')
    const early = a.transport.call(B, 1, [], { timeoutMs: 60_000, signal: controller.signal })
    await expect(early).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'none' })
  })

  test('a call that is not answered in time ends as unknown and is cancelled over there', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    let aborted = false
    b.answer = (_kind, _body, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true
          resolve([])
        })
      })
    await expect(a.transport.call(B, 1, [], { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      outcome: 'unknown',
    })
    await until(() => aborted, 'the handler knows')
  })

  test('a call without a connection did nothing; one whose connection breaks is unknown, and its handler learns it', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    await expect(a.transport.call(B, 1, [], { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'NO_LEADER',
      outcome: 'none',
    })
    const b = await net.start(B)
    await until(() => a.connected(B), 'a is connected')
    let aborted = false
    let running = false
    b.answer = (_kind, _body, signal) =>
      new Promise((resolve) => {
        running = true
        signal.addEventListener('abort', () => {
          aborted = true
          resolve([])
        })
      })
    const call = a.transport.call(B, 1, [], { timeoutMs: 60_000 })
    const failed = expect(call).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'unknown' })
    await until(() => running, 'the handler runs')
    net.wire(A, B).cut()
    await failed
    await until(() => aborted, 'the handler knows')
  })

  test('calls that wait when the transport closes end as unknown', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    const b = await net.start(B)
    b.answer = (_kind, _body, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve([])))
    await until(() => a.connected(B), 'a is connected')
    const failed = expect(a.transport.call(B, 1, [], { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'CLOSED',
      outcome: 'unknown',
    })
    await net.stop(a)
    await failed
    await expect(a.transport.call(B, 1, [], { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'CLOSED',
      outcome: 'none',
    })
  })
})
