/** What a name server knows, and for how long. */
import { describe, expect, test } from 'vitest'
import { ENTRY_MS_MAX, MEMBERS_PER_GROUP_MAX, RouteTable } from '../../src/namesrv/route-table.ts'
import { registration } from './made-up.ts'

describe('a group', () => {
  test('is known from the word of one member', () => {
    const table = new RouteTable()
    table.register(registration(1), 1_000)
    expect(table.groups(3_000)).toMatchObject([
      {
        clusterId: 'c1',
        group: 'broker-0',
        leaderId: 1,
        term: 2,
        topicCount: 1,
        liveness: [{ memberId: 1, silentMs: 2_000, version: '0.1.0' }, { memberId: 2 }, { memberId: 3 }],
      },
    ])
  })

  test('is asked for by name', () => {
    const table = new RouteTable()
    table.register(registration(1), 0)
    table.register(registration(1, { group: 'broker-1' }), 0)
    expect(table.groups(0).map(({ group }) => group)).toEqual(['broker-0', 'broker-1'])
    expect(table.groups(0, 'broker-1').map(({ group }) => group)).toEqual(['broker-1'])
    expect(table.groups(0, 'broker-9')).toEqual([])
  })

  test('of the same name in another cluster is another group', () => {
    const table = new RouteTable()
    table.register(registration(1), 0)
    table.register(registration(1, { clusterId: 'c2', leaderId: 3 }), 0)
    expect(table.groups(0).map(({ clusterId, leaderId }) => [clusterId, leaderId])).toEqual([
      ['c1', 1],
      ['c2', 3],
    ])
  })
})

describe('the leader', () => {
  test('is that of the highest term, whoever speaks last', () => {
    const table = new RouteTable()
    table.register(registration(2, { leaderId: 2, term: 3, topics: [] }), 10)
    table.register(registration(1), 20)
    expect(table.groups(20)).toMatchObject([{ leaderId: 2, term: 3, topicCount: 0 }])
  })

  test('is nobody while a newer term has none', () => {
    const table = new RouteTable()
    table.register(registration(1), 0)
    table.register(registration(2, { leaderId: 0, term: 3 }), 1)
    expect(table.groups(1)).toMatchObject([{ leaderId: 0, term: 3 }])
  })

  test('is known from a follower', () => {
    const table = new RouteTable()
    table.register(registration(2), 0)
    expect(table.groups(0)).toMatchObject([{ leaderId: 1, topicCount: 0 }])
  })
})

describe('an entry', () => {
  test('lives for two minutes', () => {
    const table = new RouteTable()
    table.register(registration(1), 0)
    expect(table.groups(ENTRY_MS_MAX)).toHaveLength(1)
    expect(table.groups(ENTRY_MS_MAX + 1)).toEqual([])
  })

  test('that expires leaves those of the other members', () => {
    const table = new RouteTable()
    table.register(registration(1), 0)
    table.register(registration(2), 60_000)
    expect(table.groups(ENTRY_MS_MAX + 1)[0]?.liveness).toEqual([
      { memberId: 1, version: '' },
      { memberId: 2, silentMs: 60_001, version: '0.1.0' },
      { memberId: 3, version: '' },
    ])
  })

  test('needs a group and a member', () => {
    const table = new RouteTable()
    expect(() => table.register(registration(0), 0)).toThrow(/member id of 1 or more/)
    expect(() => table.register(registration(1, { group: '' }), 0)).toThrow(/names a group/)
  })

  test('is refused when its group is full', () => {
    const table = new RouteTable()
    for (let id = 1; id <= MEMBERS_PER_GROUP_MAX; id++) table.register(registration(id), 0)
    expect(() => table.register(registration(MEMBERS_PER_GROUP_MAX + 1), 0)).toThrow(/at most 100 members/)
    table.register(registration(1), 1)
  })
})

describe('a topic', () => {
  test('is found in all groups that hold it', () => {
    const table = new RouteTable()
    table.register(registration(1), 0)
    table.register(registration(1, { group: 'broker-1' }), 0)
    const route = table.topicRoute('hello', 0)
    expect(route.topic).toEqual({ name: 'hello', messageType: 1, queueCount: 8 })
    expect(route.groups.map(({ group }) => group)).toEqual(['broker-0', 'broker-1'])
  })

  test('that nobody holds has no groups', () => {
    expect(new RouteTable().topicRoute('hello', 0)).toEqual({ groups: [], topic: null })
  })
})
