import { describe, expect, test } from 'vitest'
import type { PeerAddress } from '../../../src/dledger/peers/api.ts'
import { A, B, C, Net, until } from './harness.ts'

/** The addresses at which `from` dials these. */
function addresses(net: Net, from: typeof A, ...ids: (typeof A)[]): PeerAddress[] {
  return net.options(from).members.filter(({ id }) => ids.includes(id))
}

describe('members that change', () => {
  test('a new one is dialled and let in, and calls reach it', async () => {
    await using net = await Net.of(A, B, C)
    const a = await net.start(A, { members: addresses(net, A, B) })
    const b = await net.start(B, { members: addresses(net, B, A) })
    const c = await net.start(C, { members: addresses(net, C, A, B) })
    await until(() => a.connected(B) && b.connected(A), 'the first two are connected')
    await until(() => c.has('refused', { refused: 'own' }), 'the third is refused')
    expect(a.greetings.map(({ fromId }) => fromId)).not.toContain(C)
    for (const [member, id] of [
      [a, A],
      [b, B],
    ] as const) {
      member.transport.setMembers(addresses(net, id, A, B, C))
    }
    await until(() => a.connected(B, C) && b.connected(A, C) && c.connected(A, B), 'all are connected')
    expect(await a.transport.call(C, 1, [Buffer.from('new')], { timeoutMs: 1_000 })).toHaveLength(3)
  })

  test('a removed one loses its connections and gets no more', async () => {
    await using net = await Net.of(A, B, C)
    const [a, b, c] = [await net.start(A), await net.start(B), await net.start(C)]
    await until(() => a.connected(B, C) && b.connected(A, C) && c.connected(A, B), 'all are connected')
    a.transport.setMembers(addresses(net, A, B))
    expect(a.connected(C)).toBe(false)
    await until(() => c.has('refused', { refused: 'own', peer: A }), 'the third is refused')
    expect(c.transport.connected(A, 'raft')).toBe(false)
    expect(a.connected(B)).toBe(true)
    await expect(a.transport.call(C, 1, [], { timeoutMs: 100 })).rejects.toMatchObject({ code: 'NO_LEADER' })
  })

  test('one that moved is dialled at its new address', async () => {
    await using net = await Net.of(A, B, C)
    const a = await net.start(A, { members: addresses(net, A, B) })
    const b = await net.start(B, { members: addresses(net, B, A) })
    await until(() => a.connected(B), 'they are connected')
    const before = net.wire(A, B).count
    a.transport.setMembers([{ id: B, host: '127.0.0.1', port: b.transport.port }])
    await until(() => a.connected(B), 'they are connected again')
    expect(net.wire(A, B).count).toBe(before)
  })

  test('with an open door all are judged, and who is welcome stays without being a member', async () => {
    await using net = await Net.of(A, B, C)
    const a = await net.start(A, { members: addresses(net, A, B), isOpen: true })
    const c = await net.start(C, { members: addresses(net, C, A) })
    await until(() => c.connected(A), 'the third is let in')
    a.transport.setMembers(addresses(net, A, B), (id) => id === C)
    expect(await c.transport.call(A, 1, [Buffer.from('hi')], { timeoutMs: 1_000 })).toHaveLength(2)
    a.transport.setMembers(addresses(net, A, B))
    await until(() => c.has('down', { peer: A, channel: 'call' }), 'its connection ended')
  })
})
