/** What a peer sends, taken apart: good appends become entries, anything else a reason. */
import { expect, test } from 'vitest'
import { logIndex, term } from '../../src/base/brand.ts'
import { decodeIncoming } from '../../src/dledger/incoming.ts'
import { encodeAppend, encodeMessage } from '../../src/dledger/peers/index.ts'
import { allBytes, append, bodyOf, openLog } from '../support/log-harness.ts'
import { SimDisk } from '../support/sim-disk.ts'

/** An append of three records as it goes over the wire, which says that it holds `count`. */
async function appendOf(count: number, change: (bytes: Uint8Array) => void = () => undefined) {
  const leader = await openLog(new SimDisk(), { create: true })
  await append(leader, 1, [bodyOf('one'), bodyOf('two'), bodyOf('three')])
  const records = Buffer.from(await allBytes(leader))
  change(records)
  const message = {
    type: 'append',
    term: term(1),
    prevIndex: logIndex(0),
    prevTerm: term(0),
    commitIndex: logIndex(0),
    round: 7,
    first: logIndex(1),
    last: logIndex(count),
  } as const
  const follower = await openLog(new SimDisk(), { create: true })
  return decodeIncoming(follower, Buffer.concat([encodeAppend(message, count), records]))
}

test('the records of an append become its entries, in order', async () => {
  const message = await appendOf(3)
  expect(message).toMatchObject({ type: 'append', prevIndex: 0, round: 7 })
  if (typeof message === 'string' || message.type !== 'append') throw new Error('an append')
  expect(message.entries.map((entry) => [entry.index, entry.term])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ])
})

test.each([2, 4])('an append that says %i records and holds three is refused', async (count) => {
  expect(await appendOf(count)).toBe('an append holds another number of records than it says')
})

test('an append with a damaged record is refused, and says why', async () => {
  const refused = await appendOf(3, (bytes) => {
    bytes[bytes.byteLength - 1] = (bytes.at(-1) ?? 0) ^ 1
  })
  expect(refused).toMatch(/^an append: .*checksum is wrong/)
})

test('another message passes as it is, and bytes that are none are refused', async () => {
  const log = await openLog(new SimDisk(), { create: true })
  const vote = { type: 'voteReply', term: term(3), granted: true } as const
  expect(decodeIncoming(log, encodeMessage(vote))).toEqual(vote)
  expect(decodeIncoming(log, Uint8Array.of(99))).toBeTypeOf('string')
})
