import { expect, test } from 'vitest'
import { logIndex, nodeId, type NodeId } from '../../src/base/brand.ts'
import { IdentityStore } from '../../src/dledger/identity-store.ts'
import { KnownMembers } from '../../src/dledger/known-members.ts'
import { encodeDetails } from '../../src/dledger/member-details.ts'
import type { PeerGreeting } from '../../src/dledger/peers/index.ts'
import { PeersJudge } from '../../src/member/peers-judge.ts'
import { SimDisk } from '../support/sim-disk.ts'

const FOUNDERS = [1, 2, 3].map(nodeId)
const OWN = { folderId: 'own', startCount: 1, processId: 'own' }

async function judges(): Promise<{ judge: PeersJudge; members: KnownMembers; identity: IdentityStore }> {
  const about = { clusterId: 'c', group: 'g', memberId: nodeId(1), members: FOUNDERS }
  const identity = await IdentityStore.create(new SimDisk(), about, 'own')
  const members = new KnownMembers(FOUNDERS, [])
  return { judge: new PeersJudge(identity, OWN, members), members, identity }
}

function greeting(id: number, folderId: string): PeerGreeting {
  return { fromId: nodeId(id), channel: 'raft', version: '', folderId, startCount: 1, processId: 'p' }
}

/** Voters 1, 2 and 4, of which 4 joined with a folder that is known. */
function swapped(members: KnownMembers): void {
  const joined = {
    id: nodeId(4),
    peer: 'a:1',
    client: 'a:2',
    folderId: 'four',
    goal: 'none',
    replaces: 0,
  } as const
  const details = encodeDetails({ highestId: nodeId(4), members: [joined] })
  const voters = [1, 2, 4].map(nodeId) as NodeId[]
  const configuration = { voters, votersOutgoing: [], learners: [], details }
  members.follow({ latest: { index: logIndex(9), configuration }, committed: configuration })
}

test('a member that was removed is refused for good, and a stranger only for now', async () => {
  const { judge, members } = await judges()
  expect(await judge.judge(greeting(3, 'three'))).toEqual({ accepted: true })
  swapped(members)
  expect(await judge.judge(greeting(3, 'three'))).toMatchObject({ accepted: false, folderRefused: true })
})

test('a member that joined is let in only with the data folder that it joined with', async () => {
  const { judge, members } = await judges()
  swapped(members)
  const other = await judge.judge(greeting(4, 'another'))
  expect(other).toMatchObject({ accepted: false, folderRefused: true })
  expect(await judge.judge(greeting(4, 'four'))).toEqual({ accepted: true })
})

test('who is about to join may come with another folder until it belongs to the group', async () => {
  const { judge, members, identity } = await judges()
  expect(await judge.judge(greeting(4, 'first try'))).toEqual({ accepted: true })
  expect(judge.folderOf(nodeId(4))).toBe('first try')
  expect(await judge.judge(greeting(4, 'four'))).toEqual({ accepted: true })
  expect(judge.folderOf(nodeId(4))).toBe('four')
  expect(identity.identity.peers['4']).toBeUndefined()
  swapped(members)
  expect(await judge.judge(greeting(4, 'four'))).toEqual({ accepted: true })
  expect(identity.identity.peers['4']?.folderId).toBe('four')
})

test('an empty folder under the id of a voter is refused, whoever met the voter', async () => {
  const { judge } = await judges()
  expect(await judge.judge(greeting(2, 'two'))).toEqual({ accepted: true })
  expect(await judge.judge(greeting(2, 'new'))).toMatchObject({ accepted: false, folderRefused: true })
})
