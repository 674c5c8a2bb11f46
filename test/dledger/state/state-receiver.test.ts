import { beforeAll, describe, expect, test } from 'vitest'
import { logIndex } from '../../../src/base/brand.ts'
import { BytesError, utf8 } from '../../../src/base/bytes.ts'
import { BrokerError } from '../../../src/base/errors.ts'
import { decodePage, encodePage } from '../../../src/dledger/state/row-pages.ts'
import {
  decodeOfferAnswer,
  decodeStateCall,
  encodeOfferAnswer,
  encodeStateCall,
} from '../../../src/dledger/state/state-calls.ts'
import { decodeHead, encodeHead } from '../../../src/dledger/state/state-head.ts'
import { settle } from '../../support/manual-clock.ts'
import { SimDiskError } from '../../support/sim-disk.ts'
import { type Giver, giver, LEADER, oldFolder, ReceiverLife } from './receiving.ts'

let from: Giver

beforeAll(async () => {
  from = await giver()
})

async function start(changes: Parameters<typeof ReceiverLife.start>[2] = {}): Promise<ReceiverLife> {
  const life = await ReceiverLife.start(await oldFolder(), from, changes)
  if (life === undefined) throw new Error('nothing is installed')
  return life
}

describe('a receiver', () => {
  test('fetches each row and each entry once, and tells of a whole state only', async () => {
    const life = await start()
    await life.untilReady(from.offer)
    const { index, term, configuration } = from.offer.head
    expect(life.ready).toEqual({ index, term, configuration })
    expect(new Set(life.fetched).size).toBe(life.fetched.length)
    expect(life.fetched).toContain(`entry ${from.offer.head.base.index + 1}`)
    expect(life.logger.phrases).toEqual([])
    await life.close()
  })

  test('has what is asked for when it is committed here, and fetches nothing', async () => {
    const life = await start({ committedIndex: () => from.offer.needed })
    expect(await life.receiver.offered(LEADER, from.offer)).toEqual({ type: 'has', index: from.offer.needed })
    expect(life.fetched).toEqual([])
    await life.close()
  })

  test('refuses a log of other segments, and one that has no room on its disk', async () => {
    const life = await start()
    const head = { ...from.offer.head, segmentBytes: 1 << 20 }
    const answer = await life.receiver.offered(LEADER, { ...from.offer, head })
    expect(answer).toMatchObject({ type: 'refused', reason: expect.stringContaining('segments of 1048576') })
    await life.close()
    const full = await oldFolder()
    const small = await ReceiverLife.start(full, from)
    full.disk.capacityBytes = full.disk.usedBytes + 100
    expect(await small?.receiver.offered(LEADER, from.offer)).toMatchObject({ type: 'refused' })
    await small?.close()
  })

  test('passes no more bytes a second than it may', async () => {
    const bytesPerSecond = 10_000
    const life = await start({ bytesPerSecond })
    await life.untilReady(from.offer)
    const { end, base } = from.offer.head
    expect(life.clock.mono()).toBeGreaterThan(((end - base.position) / bytesPerSecond) * 1000)
    await life.close()
  })

  test('goes on with the same state after a call that had no answer', async () => {
    let calls = 0
    const life = await start({
      source: {
        peers: [LEADER],
        fetch: (_peer, first) => {
          if (++calls % 3 === 0) return Promise.reject(new BrokerError('TIMEOUT', 'no answer'))
          life.fetched.push(`entry ${first}`)
          return from.log.care.serve(first, 600)
        },
      },
    })
    await life.untilReady(from.offer)
    expect(new Set(life.fetched).size).toBe(life.fetched.length)
    expect(life.logger.phrases).toContain('state could not be received')
    await life.close()
  })

  test('takes no page and no record that is damaged on its way, and no rows of another digest', async () => {
    let [pages, runs] = [0, 0]
    const life = await start({
      link: {
        call: async (_to, request) => {
          const call = decodeStateCall(request)
          if (call.type !== 'rows') throw new BrokerError('BAD_REQUEST', 'only rows')
          const page = (await from.source.rows({ ...call, bytesMax: 300 })).slice()
          if (++pages === 3) page[40] = (page[40] ?? 0) ^ 1
          return page
        },
      },
      source: {
        peers: [LEADER],
        fetch: async (_peer, first) => {
          const fetched = await from.log.care.serve(first, 600)
          const records = fetched.records.slice()
          if (++runs === 3) records[100] = (records[100] ?? 0) ^ 1
          return { ...fetched, records }
        },
      },
    })
    await life.untilReady(from.offer)
    expect(life.logger.phrases).toEqual(['state could not be received', 'state could not be received'])
    expect(life.ready?.index).toBe(from.offer.head.index)
    await life.close()
  })

  test('is never told to be whole when rows or log are not those that the head names', async () => {
    for (const wrong of [{ digest: 'another' }, { chain: from.offer.head.chain + 1 }]) {
      const head = { ...from.offer.head, ...wrong }
      const life = await start()
      await life.untilReady({ ...from.offer, head }, () => life.logger.phrases.length > 2)
      expect(life.ready).toBeNull()
      await life.close()
    }
  })

  test('begins with the first row again when another state is offered before all rows were there', async () => {
    const folder = await oldFolder()
    const first = await ReceiverLife.start(folder, from, { bytesPerSecond: 10_000 })
    const head = { ...from.offer.head, digest: 'of another state' }
    await first?.untilReady({ ...from.offer, head }, () => first.fetched.length > 3)
    await first?.close()
    const second = await ReceiverLife.start(folder, from)
    await second?.untilReady(from.offer)
    expect(second?.fetched[0]).toBe('rows after ')
    expect(second?.ready?.index).toBe(from.offer.head.index)
    await second?.close()
  })

  test('begins again after its disk refused a write', async () => {
    const folder = await oldFolder()
    const life = await ReceiverLife.start(folder, from)
    let writes = 0
    folder.disk.hook = ({ kind, path }) => {
      const isState = kind === 'sync' && path.endsWith('.segment.incoming')
      if (isState && ++writes === 4) throw new SimDiskError('EIO')
    }
    await life?.untilReady(from.offer)
    expect(life?.logger.phrases).toEqual(['state could not be received'])
    expect(life?.fetched.filter((what) => what === 'rows after ')).toHaveLength(2)
    expect(life?.ready?.index).toBe(from.offer.head.index)
    await life?.close()
  })

  test('keeps rows and log of an earlier state when the next leader offers a later one', async () => {
    const folder = await oldFolder()
    const first = await ReceiverLife.start(folder, from, { bytesPerSecond: 20_000 })
    if (first === undefined) throw new Error('nothing is installed')
    await first.untilReady(from.offer, () => first.fetched.some((what) => what === 'entry 40'))
    await first.close()
    const later = { ...from.offer, head: { ...from.offer.head, index: logIndex(70), digest: 'later' } }
    const second = await ReceiverLife.start(folder, from)
    await second?.untilReady(later)
    expect(second?.ready?.index).toBe(from.offer.head.index)
    expect(second?.fetched.some((what) => what.startsWith('rows'))).toBe(false)
    expect(second?.fetched).not.toContain('entry 39')
    await second?.close()
  })

  test('touches nothing of a state that the core has decided for', async () => {
    let index = logIndex(3)
    const life = await start({ committedIndex: () => index })
    await life.untilReady(from.offer)
    life.receiver.take()
    index = from.offer.head.index
    await expect(life.receiver.offered(LEADER, from.offer)).rejects.toMatchObject({ code: 'CLOSED' })
    await settle()
    await life.receiver.commit()
    await life.close()
  })
})

describe('what members say about states', () => {
  test('calls and answers come back as they were', () => {
    const after = utf8('a key')
    for (const call of [
      from.offer,
      { type: 'rows', index: logIndex(7), bytesMax: 100, after: null },
      { type: 'rows', index: logIndex(7), bytesMax: 100, after },
    ] as const) {
      expect(decodeStateCall(encodeStateCall(call))).toEqual(call)
    }
    for (const answer of [
      { type: 'has', index: logIndex(9) },
      { type: 'working' },
      { type: 'refused', reason: 'no room' },
    ] as const) {
      expect(decodeOfferAnswer(encodeOfferAnswer(answer))).toEqual(answer)
    }
    expect(() => decodeStateCall(Uint8Array.of(9))).toThrow(BytesError)
    expect(() => decodeOfferAnswer(Uint8Array.of(9))).toThrow(BytesError)
  })

  test('a head that is not whole, or of a newer program, is refused', () => {
    const bytes = encodeHead(from.offer.head)
    expect(decodeHead(bytes)).toEqual(from.offer.head)
    for (let at = 0; at < bytes.byteLength; at += 7) {
      const bad = bytes.slice()
      bad[at] = (bad[at] ?? 0) ^ 4
      expect(() => decodeHead(bad)).toThrow(BrokerError)
    }
    expect(() => decodeHead(bytes.subarray(0, 9))).toThrow(BrokerError)
  })

  test('a page of rows with any wrong byte is refused', () => {
    const rows = [[utf8('key'), utf8('value')] as const]
    const page = encodePage({ isLast: true, rows })
    expect(decodePage(page)).toEqual({ isLast: true, rows })
    for (let at = 0; at < page.byteLength; at++) {
      const bad = page.slice()
      bad[at] = (bad[at] ?? 0) ^ 1
      expect(() => decodePage(bad)).toThrow(BytesError)
    }
  })
})
