import { expect, test } from 'vitest'
import { nodeId } from '../../src/base/brand.ts'
import { InternalCalls } from '../../src/member/internal-calls.ts'

test('calls of clients and of ledgers that wait for a former leader are given up, others are not', () => {
  const abandoned: (readonly [to: number, kind: number])[] = []
  const transport = { abandonCalls: (to: number, kind: number) => abandoned.push([to, kind]) }
  new InternalCalls(transport as never).abandonClientCalls(nodeId(2))
  expect(abandoned).toEqual([
    [2, 1],
    [2, 16],
  ])
})
