import { describe, expect, test } from 'vitest'
import { assignmentHere, queryAssignment } from '../../src/proxy/query-assignment.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { QueryAssignmentRequest, QueryAssignmentResponse } from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { codeOf } from './support/code-of.ts'
import { GROUP, headFor, v2, world } from './support/facade-world.ts'

const requests = v2<QueryAssignmentRequest>('QueryAssignmentRequest')
const responses = v2<QueryAssignmentResponse>('QueryAssignmentResponse')
const SIGNAL = new AbortController().signal
const ENDPOINTS = { scheme: 3, addresses: [{ host: 'lb.example', port: 9000 }] }

function assignmentBytes(changes: Draft<QueryAssignmentRequest> = {}): Buffer {
  return requests.encode({
    topic: { resourceNamespace: '', name: 'orders' },
    group: { resourceNamespace: '', name: 'never-seen-before' },
    endpoints: ENDPOINTS,
    ...changes,
  })
}

describe('an assignment', () => {
  test('is one for all queues, readable, at the address of the client', () => {
    const reply = assignmentHere(world().context, assignmentBytes())
    expect(responses.decode(reply ?? Buffer.alloc(0))).toEqual({
      status: { code: Code.OK, message: 'OK' },
      assignments: [
        {
          messageQueue: {
            topic: { resourceNamespace: '', name: 'orders' },
            id: -1,
            permission: 2,
            broker: { name: 'broker-0', id: 0, endpoints: ENDPOINTS },
            acceptMessageTypes: [1],
          },
        },
      ],
    })
  })

  test('of a fifo group is one for each queue', () => {
    const at = world()
    at.view.groupsByName.set('in-order', { ...GROUP, name: 'in-order', fifo: true })
    const request = assignmentBytes({ group: { resourceNamespace: '', name: 'in-order' } })
    const { assignments } = responses.decode(assignmentHere(at.context, request) ?? Buffer.alloc(0))
    expect(assignments.map(({ messageQueue }) => messageQueue?.id)).toEqual([0, 1, 2])
  })

  test('is the same at the leader', async () => {
    const { context } = world()
    const [reply] = await queryAssignment(context, headFor('queryAssignment'), assignmentBytes(), SIGNAL)
    expect(assignmentHere(context, assignmentBytes())).toEqual(reply)
  })

  test.each<readonly [what: string, code: number, changes: Draft<QueryAssignmentRequest>]>([
    ['an illegal topic', Code.ILLEGAL_TOPIC, { topic: null }],
    ['an illegal group', Code.ILLEGAL_CONSUMER_GROUP, { group: null }],
  ])('with %s is refused', (_, code, changes) => {
    expect(codeOf(() => assignmentHere(world().context, assignmentBytes(changes)))).toBe(code)
  })

  test('of a topic that this node does not know is left to the leader, which makes sure', async () => {
    const at = world()
    const request = assignmentBytes({ topic: { name: 'other' } })
    expect(assignmentHere(at.context, request)).toBeUndefined()
    const asked = queryAssignment(at.context, headFor('queryAssignment'), request, SIGNAL)
    await expect(asked).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    expect(at.operations.barriers).toBe(1)
  })
})
