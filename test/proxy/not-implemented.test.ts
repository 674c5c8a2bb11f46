import { expect, test } from 'vitest'
import { notImplementedMethods } from '../../src/proxy/not-implemented.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { Status } from '../../src/rpc/apache-definition.ts'
import { callContext, v2 } from './support/facade-world.ts'

const methods = notImplementedMethods().map((method) => [method.path.split('/').at(-1), method] as const)

test('these calls are waiting to be built', () => {
  expect(new Set(methods.map(([name]) => name))).toEqual(new Set(['SyncLiteSubscription']))
})

test.each(methods)('%s answers NOT_IMPLEMENTED in the body', async (name, method) => {
  const call = callContext(3000)
  const nothing = Buffer.alloc(0)
  const replies =
    method.type === 'unary'
      ? [await method.handle(call, nothing)]
      : method.type === 'serverStream'
        ? (await method.handle(call, nothing)).items
        : []
  const statuses = replies.map((reply) => v2<{ status: Status }>(`${name}Response`).decode(reply).status.code)
  expect(statuses).toEqual([Code.NOT_IMPLEMENTED])
})
