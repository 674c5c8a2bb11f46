import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeId, type NodeId } from '../../src/base/brand.ts'
import { BytesError } from '../../src/base/bytes.ts'
import { decodeDetails, encodeDetails, type MemberDetails } from '../../src/dledger/member-details.ts'

const ids = fc.integer({ min: 1, max: 65_535 }).map(nodeId)
const members: fc.Arbitrary<MemberDetails> = fc.record({
  id: ids,
  peer: fc.string({ maxLength: 40 }),
  client: fc.string({ maxLength: 40 }),
  folderId: fc.string({ maxLength: 40 }),
  goal: fc.constantFrom('none', 'voter'),
  replaces: fc.oneof(fc.constant<NodeId | 0>(0), ids),
})

test('details read back as they were written', () => {
  fc.assert(
    fc.property(ids, fc.array(members, { maxLength: 9 }), (highestId, list) => {
      expect(decodeDetails(encodeDetails({ highestId, members: list }))).toEqual({ highestId, members: list })
    }),
  )
})

test('details that are cut, longer or of a newer program are refused', () => {
  const one = {
    id: nodeId(4),
    peer: 'a:1',
    client: 'a:2',
    folderId: 'f',
    goal: 'voter',
    replaces: nodeId(3),
  } as const
  const bytes = encodeDetails({ highestId: nodeId(4), members: [one] })
  for (let length = 0; length < bytes.byteLength; length++) {
    expect(() => decodeDetails(bytes.subarray(0, length))).toThrow(BytesError)
  }
  expect(() => decodeDetails(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(BytesError)
  const newer = Uint8Array.from(bytes)
  newer[1] = 2
  expect(() => decodeDetails(newer)).toThrow('version 2')
})
