import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { admit, type RememberedPeer } from '../../../src/dledger/peers/admission.ts'
import type { PeerGreeting, Verdict } from '../../../src/dledger/peers/api.ts'
import { A, B, identityOf, Member, Net, until } from './harness.ts'
import type { ConnectionEvent } from '../../../src/dledger/peers/index.ts'

/** Judges as a shell does, with a memory. */
function remembering(member: Member, own = identityOf(member.id)): void {
  const memory = new Map<number, RememberedPeer>()
  member.judge = (greeting: PeerGreeting): Verdict => {
    const { verdict, remember } = admit(memory.get(greeting.fromId), greeting, own)
    if (remember !== undefined) memory.set(greeting.fromId, remember)
    return verdict
  }
}

async function startRemembering(net: Net, id: typeof A, startCount = 1): Promise<Member> {
  const member = new Member(net.options(id, { identity: identityOf(id, startCount) }))
  remembering(member)
  await net.add(member)
  return member
}

describe('dialling', () => {
  test('a member on an older copy of its folder is refused for good in both directions, and learns why', async () => {
    await using net = await Net.of(A, B)
    const a = await startRemembering(net, A)
    const b = await startRemembering(net, B, 5)
    await until(() => a.connected(B) && b.connected(A), 'both are connected')
    await net.stop(b)
    const old = await startRemembering(net, B, 4)
    await until(
      () => old.has('refused', { refused: 'own', folderRefused: true, channel: 'raft' }),
      'it learns it',
    )
    await until(() => a.has('refused', { refused: 'peer', direction: 'out' }), 'its answers are refused too')
    await until(() => a.has('refused', { refused: 'peer', direction: 'in' }), 'and its greetings')
    const told = old.events.find((event) => event.type === 'refused')
    expect(told).toMatchObject({ reason: expect.stringContaining('Replace the member') })
    expect(a.transport.connected(B, 'raft')).toBe(false)
    expect(old.transport.connected(A, 'raft')).toBe(false)
    expect(a.transport.sendRaft(B, [new Uint8Array(1)])).toBe(false)
    expect(a.raft).toEqual([])
  })

  test('raft and call connections of one process are all accepted, again and again', async () => {
    await using net = await Net.of(A, B)
    const a = await startRemembering(net, A)
    const b = await startRemembering(net, B)
    for (let round = 0; round < 3; round++) {
      await until(() => a.connected(B) && b.connected(A), 'both are connected')
      net.wire(A, B).cut()
      net.wire(B, A).cut()
      await until(
        () => !a.transport.connected(B, 'raft') && !b.transport.connected(A, 'raft'),
        'both are cut',
      )
    }
    await until(() => a.connected(B) && b.connected(A), 'both are connected')
    expect(a.has('refused') || b.has('refused')).toBe(false)
  })

  test('a member of another group is refused with the sentence of the peer', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A)
    await net.start(B, { group: 'other' })
    await until(() => a.has('refused', { refused: 'own', folderRefused: false }), 'a is refused')
    const told = a.events.find((event) => event.type === 'refused' && event.refused === 'own')
    expect(told).toMatchObject({ reason: expect.stringContaining('This is group "other", not "g"') })
    expect(a.transport.connected(B, 'raft')).toBe(false)
  })

  test('a peer that accepts and says nothing is given up in time and dialled again', async () => {
    await using net = await Net.of(A, B)
    const sockets: Socket[] = []
    const mute = createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as AddressInfo
    const a = new Member(
      net.options(A, { members: [{ id: B, host: '127.0.0.1', port }], connectTimeoutMs: 50 }),
    )
    await a.transport.start()
    await until(() => sockets.length >= 6, 'it dials again and again')
    expect(new Set(a.events.map((event) => `${event.type} ${endingOf(event)}`))).toEqual(
      new Set(['unreached silent']),
    )
    await a.transport.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => mute.close(resolve))
  })

  test('a peer that answers with garbage is dropped and dialled again', async () => {
    await using net = await Net.of(A, B)
    let count = 0
    const odd = createServer((socket) => {
      count++
      socket.on('error', () => undefined).resume()
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve))
    const { port } = odd.address() as AddressInfo
    const a = new Member(net.options(A, { members: [{ id: B, host: '127.0.0.1', port }] }))
    await a.transport.start()
    await until(() => count >= 4, 'it dials again and again')
    await a.transport.close()
    expect(new Set(a.events.map((event) => event.type))).toEqual(new Set(['unreached']))
    await new Promise((resolve) => odd.close(resolve))
  })

  test('pauses between dials double up to the limit, less at most half', async () => {
    const pauses: number[] = []
    await using net = await Net.of(A, B)
    const { clock } = net.options(A)
    const counting = {
      ...clock,
      timer: (ms: number, run: () => void) => {
        if (ms === 1000) return () => undefined
        pauses.push(ms)
        return clock.timer(0, run)
      },
    }
    const a = new Member(net.options(A, { clock: counting, redialMs: { min: 8, max: 64 }, silenceMs: 4e6 }))
    await a.transport.start()
    const redials = (): number[] => pauses.filter((ms) => ms < 1e6)
    await until(() => redials().length >= 16, 'many pauses')
    await a.transport.close()
    for (let at = 0; at < 16; at += 2) {
      const whole = Math.min(64, 8 * 2 ** (at / 2))
      for (const pause of redials().slice(at, at + 2)) {
        expect(pause).toBeGreaterThan(whole / 2 - 1e-9)
        expect(pause).toBeLessThanOrEqual(whole)
      }
    }
    expect(new Set(redials().slice(0, 16)).size).toBeGreaterThan(14)
  })

  test('after a connection that was up, pauses begin at the shortest again', async () => {
    await using net = await Net.of(A, B)
    const { clock } = net.options(A)
    const pauses: number[] = []
    const eager = {
      ...clock,
      timer: (ms: number, run: () => void) => {
        if (ms === 1000 || ms > 1e6) return () => undefined
        pauses.push(ms)
        return clock.timer(1, run)
      },
    }
    const a = await net.start(A, { clock: eager, redialMs: { min: 8, max: 800 }, silenceMs: 8e6 })
    await until(() => pauses.some((ms) => ms > 300), 'pauses are long')
    await net.start(B, { silenceMs: 60_000 })
    await until(() => a.connected(B), 'a is connected')
    pauses.length = 0
    net.wire(A, B).cut()
    await until(() => pauses.length > 0 && a.connected(B), 'a is connected again')
    expect(pauses[0]).toBeLessThanOrEqual(8)
  })

  test('a peer that comes back is dialled at once, not when the pause is over', async () => {
    await using net = await Net.of(A, B)
    const a = await net.start(A, { redialMs: { min: 30_000, max: 30_000 } })
    // The first dial of a fails for nobody listens; the next would come after 15 seconds at least.
    await until(() => net.wire(A, B).count >= 2, 'a dialled')
    await net.start(B)
    await until(() => a.connected(B), 'a is connected')
  })
})

function endingOf(event: ConnectionEvent): string {
  return event.type === 'unreached' || event.type === 'down' ? event.ending : ''
}
