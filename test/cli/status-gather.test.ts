/** How `status` finds all members from any one of them. */
import { describe, expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { type Ask, gather } from '../../src/cli/status-gather.ts'
import type { BrokerGroup } from '../../src/rpc/namesrv-types.ts'
import type { MemberStatus } from '../../src/rpc/admin-types.ts'
import { state } from './made-up.ts'

/** A network of members by address; every other address refuses, `namesrv:1` knows the groups. */
function network(members: Readonly<Record<string, MemberStatus>>, groups: readonly BrokerGroup[] = []) {
  const asked: string[] = []
  const ask: Ask = {
    describeMember(address) {
      asked.push(address)
      const found = members[address]
      if (found !== undefined) return Promise.resolve(found)
      const code = address === 'namesrv:1' ? 'NOT_IMPLEMENTED' : 'CLOSED'
      return Promise.reject(new BrokerError(code, `${address}: connect ECONNREFUSED`))
    },
    describeCluster(address) {
      return address === 'namesrv:1'
        ? Promise.resolve(groups)
        : Promise.reject(new BrokerError('CLOSED', `${address}: connect ECONNREFUSED`))
    },
  }
  return { ask, asked }
}

const three = { '127.0.0.1:8081': state(1), '127.0.0.1:8082': state(2), '127.0.0.1:8083': state(3) }
const group: BrokerGroup = { ...state(1), liveness: [], topicCount: 0 }

describe('from one member', () => {
  test('all members are found and each is asked once', async () => {
    const { ask, asked } = network(three)
    const groups = await gather(['127.0.0.1:8082'], ask)
    expect(groups).toMatchObject([{ group: 'broker-0', members: [{ id: 1 }, { id: 2 }, { id: 3 }] }])
    expect(asked.sort()).toEqual(['127.0.0.1:8081', '127.0.0.1:8082', '127.0.0.1:8083'])
  })

  test('an unreachable member stays in the list with its error', async () => {
    const { '127.0.0.1:8083': gone, ...others } = three
    const [found] = await gather(['127.0.0.1:8081'], network(others).ask)
    expect(found?.members[2]).toEqual({
      id: gone.id,
      endpoint: '127.0.0.1:8083',
      status: undefined,
      error: 'connection refused, nothing listens there',
    })
  })

  test('another name of a member is the same member', async () => {
    const { ask, asked } = network({ ...three, 'localhost:8081': state(1) })
    const [found] = await gather(['localhost:8081'], ask)
    expect(found?.members.map((member) => member.status?.id)).toEqual([1, 2, 3])
    expect(asked).not.toContain('127.0.0.1:8081')
  })

  test('default addresses that are no members are passed over', async () => {
    const alone = state(1, { members: state(1).members.slice(0, 1) })
    const groups = await gather(
      ['127.0.0.1:8081', '127.0.0.1:8082'],
      network({ '127.0.0.1:8081': alone }).ask,
    )
    expect(groups[0]?.members).toHaveLength(1)
  })
})

describe('from a name server', () => {
  test('the members of all groups are found', async () => {
    const other = {
      ...group,
      group: 'broker-1',
      members: [{ id: 1, clientEndpoint: 'x:1', peerEndpoint: 'x:2' }],
    }
    const groups = await gather(['namesrv:1'], network(three, [other, group]).ask)
    expect(groups.map((one) => one.group)).toEqual(['broker-0', 'broker-1'])
    expect(groups[0]?.members.every((member) => member.error === '')).toBe(true)
    expect(groups[1]?.members).toMatchObject([{ id: 1, endpoint: 'x:1', status: undefined }])
  })
})

test('when nobody answers the entry points are the members', async () => {
  const groups = await gather(['a:1', 'b:1'], network({}).ask)
  expect(groups).toMatchObject([
    {
      group: '',
      members: [
        { id: 0, endpoint: 'a:1' },
        { id: 0, endpoint: 'b:1' },
      ],
    },
  ])
})
