import { expect, test } from 'vitest'
import { nodeId, type NodeId } from '../../src/base/brand.ts'
import { GroupCluster } from '../../src/member/group-cluster.ts'

/** Three members, of which this is the first; the test says who leads. */
function groupOf(): { cluster: GroupCluster; abandoned: NodeId[]; leads: (leader: 0 | 1 | 2 | 3) => void } {
  const abandoned: NodeId[] = []
  const ledger = { leading: false, role: { leader: 0 as NodeId | 0 } }
  const cluster = new GroupCluster(nodeId(1), ledger, {
    clientCall: () => new Promise(() => undefined),
    abandonClientCalls: (to) => abandoned.push(to),
  })
  const leads = (leader: 0 | 1 | 2 | 3): void => {
    ledger.role = { leader: leader === 0 ? 0 : nodeId(leader) }
    cluster.changed()
  }
  return { cluster, abandoned, leads }
}

test('calls that wait for a silent leader are given up when another one leads', () => {
  const { abandoned, leads } = groupOf()
  leads(2)
  leads(0)
  expect(abandoned).toEqual([])
  leads(3)
  expect(abandoned).toEqual([2])
  leads(1)
  expect(abandoned).toEqual([2, 3])
})

test('calls go on waiting while the same member leads again, and none waits for oneself', () => {
  const { abandoned, leads } = groupOf()
  leads(2)
  leads(0)
  leads(2)
  leads(1)
  leads(3)
  expect(abandoned).toEqual([2])
})
