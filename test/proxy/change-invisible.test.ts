import { describe, expect, test } from 'vitest'
import { millis } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { encodeReceiptHandle, parseReceiptHandle } from '../../src/broker/machine/receipt-handle.ts'
import { changeInvisible, changeRefusal } from '../../src/proxy/change-invisible.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type {
  ChangeInvisibleDurationRequest,
  ChangeInvisibleDurationResponse,
} from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { headFor, v2, world, type World } from './support/facade-world.ts'
import { receiptAt } from './support/receive-world.ts'

const requests = v2<ChangeInvisibleDurationRequest>('ChangeInvisibleDurationRequest')
const responses = v2<ChangeInvisibleDurationResponse>('ChangeInvisibleDurationResponse')
const SIGNAL = new AbortController().signal
const GOOD = encodeReceiptHandle(receiptAt(5))

function changeBytes(changes: Draft<ChangeInvisibleDurationRequest> = {}): Buffer {
  return requests.encode({
    group: { name: 'billing' },
    topic: { name: 'orders' },
    receiptHandle: GOOD,
    invisibleDuration: { seconds: 5, nanos: 0 },
    ...changes,
  })
}

async function change({ context }: World, request: Uint8Array): Promise<ChangeInvisibleDurationResponse> {
  const [reply] = await changeInvisible(context, headFor('changeInvisible'), request, SIGNAL)
  return responses.decode(reply ?? Buffer.alloc(0))
}

describe('a change of the invisible time', () => {
  test('is answered with a handle of the same delivery', async () => {
    const at = world()
    const { status, receiptHandle } = await change(at, changeBytes())
    expect(status?.code).toBe(Code.OK)
    expect(parseReceiptHandle(receiptHandle)).toEqual({ ...receiptAt(5), deadline: millis(9999) })
    expect(at.operations.changes).toMatchObject([{ receipt: receiptAt(5), invisibleMs: 5000 }])
  })

  test('to nothing makes the message visible', async () => {
    const at = world()
    await change(at, changeBytes({ invisibleDuration: null }))
    expect(at.operations.changes).toMatchObject([{ invisibleMs: 0 }])
  })

  test.each<readonly [what: string, code: number, changes: Draft<ChangeInvisibleDurationRequest>]>([
    ['above 12 h', Code.ILLEGAL_INVISIBLE_TIME, { invisibleDuration: { seconds: 43_201 } }],
    ['below 0', Code.ILLEGAL_INVISIBLE_TIME, { invisibleDuration: { seconds: -1 } }],
    ['of an unreadable handle', Code.INVALID_RECEIPT_HANDLE, { receiptHandle: 'rubbish' }],
    [
      "of another group's handle",
      Code.INVALID_RECEIPT_HANDLE,
      { receiptHandle: encodeReceiptHandle(receiptAt(5, 4)) },
    ],
    ['of an illegal topic', Code.ILLEGAL_TOPIC, { topic: { name: '' } }],
    ['of no group', Code.ILLEGAL_CONSUMER_GROUP, { group: null }],
  ])('%s is refused', async (_, code, changes) => {
    await expect(change(world(), changeBytes(changes))).rejects.toMatchObject({ code })
  })

  test('of an earlier delivery is refused', async () => {
    const at = world()
    at.operations.onChange = ({ receipt }) => Promise.resolve({ valid: false, receipt })
    await expect(change(at, changeBytes())).rejects.toMatchObject({ code: Code.INVALID_RECEIPT_HANDLE })
  })

  test('of a group that a deposed leader does not know is not denied by it', async () => {
    const at = world()
    at.view.groupsByName.clear()
    at.operations.onBarrier = () => Promise.reject(new BrokerError('NOT_LEADER', 'deposed'))
    await expect(change(at, changeBytes())).rejects.toMatchObject({ code: 'NOT_LEADER' })
  })
})

test('a refusal gives the old handle back', () => {
  const status = { code: Code.TOO_MANY_REQUESTS, message: 'busy' }
  expect(responses.decode(changeRefusal(changeBytes(), status))).toEqual({ status, receiptHandle: GOOD })
  expect(responses.decode(changeRefusal(Uint8Array.from([0x0a, 0x7f]), status)).status).toEqual(status)
})
