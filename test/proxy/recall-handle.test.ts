import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { millis } from '../../src/base/brand.ts'
import { encodeRecallHandle, parseRecallHandle } from '../../src/proxy/recall-handle.ts'

const name = {
  topicId: 7,
  timer: { id: 2 ** 45, dueMs: millis(2 ** 47) },
  messageId: new Uint8Array(Buffer.from('0156F7E71C361B21BC024CCDBE00000000')),
}

test('a handle gives back what it names', () => {
  expect(parseRecallHandle('broker-0', encodeRecallHandle('broker-0', name))).toEqual(name)
})

test('a handle of another broker group is none of this one', () => {
  expect(parseRecallHandle('broker-1', encodeRecallHandle('broker-0', name))).toBeUndefined()
})

test('what is not exactly a handle is not readable', () => {
  const handle = encodeRecallHandle('broker-0', name)
  const changed = fc.tuple(fc.nat({ max: handle.length - 1 }), fc.constantFrom('A', '7', '_', '=', ' ', 'é'))
  fc.assert(
    fc.property(fc.oneof(fc.string(), changed), (made) => {
      const text =
        typeof made === 'string' ? made : handle.slice(0, made[0]) + made[1] + handle.slice(made[0] + 1)
      if (text !== handle) expect(parseRecallHandle('broker-0', text)).toBeUndefined()
    }),
    { numRuns: 500 },
  )
  expect(parseRecallHandle('broker-0', `${handle}A`)).toBeUndefined()
  expect(parseRecallHandle('broker-0', '')).toBeUndefined()
})
