import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { viewOf } from '../../src/base/bytes.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { LEDGER_APPEND_ENTRIES_MAX, LEDGER_ENTRY_BYTES_MAX } from '../../src/base/limits.ts'
import { bodyOf, type CutAppend, cutAppend } from '../../src/ledger/cut-append.ts'
import { readAppend } from '../../src/ledger/machine/append-codec.ts'
import type { AppendRequest } from '../../src/rpc/ledger-types.ts'
import { codecOf } from '../../src/rpc/protos.ts'

const requests = codecOf<AppendRequest>('dledger.v1.AppendRequest')

/** The entries of appends as the machine finds them in the log. */
function stored(appends: readonly CutAppend[]): { readonly entries: string[]; readonly hasKey: boolean } {
  const body = Buffer.concat(bodyOf(appends).chunks)
  const view = viewOf(body)
  const place = readAppend(view, 0, body.byteLength)
  if (place === undefined) throw new Error('the machine does not take it')
  const entries: string[] = []
  for (let at = place.placesAt; at < place.rawAt; at += 8) {
    const start = place.rawAt + view.getUint32(at)
    entries.push(body.subarray(start, start + view.getUint32(at + 4)).toString('hex'))
  }
  return { entries, hasKey: place.hasKey }
}

const anyEntries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 8 })

describe('a request', () => {
  test('is cut into what the codec would decode, without decoding it', () => {
    fc.assert(
      fc.property(anyEntries, fc.option(fc.nat(), { nil: undefined }), fc.string(), (entries, last, key) => {
        const draft = { ledger: 'l', entries, idempotencyKey: key }
        const cut = cutAppend(
          requests.encode(last === undefined ? draft : { ...draft, expectedLastIndex: last }),
        )
        expect(cut.ledger).toBe('l')
        expect(cut.expectedLast).toBe(last ?? null)
        expect(cut.key === null ? '' : Buffer.from(cut.key).toString()).toBe(Buffer.from(key).toString())
        const { entries: found, hasKey } = stored([cut])
        expect(found).toEqual(entries.map((entry) => Buffer.from(entry).toString('hex')))
        expect(hasKey).toBe(key !== '')
      }),
    )
  })

  test('stands beside others in one command', () => {
    fc.assert(
      fc.property(fc.array(anyEntries, { minLength: 1, maxLength: 5 }), (lists) => {
        const cuts = lists.map((entries) => cutAppend(requests.encode({ ledger: 'l', entries })))
        expect(stored(cuts).entries).toEqual(lists.flat().map((entry) => Buffer.from(entry).toString('hex')))
      }),
    )
  })

  test('of any bytes is cut or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          cutAppend(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(BrokerError)
        }
      }),
    )
  })

  test('without entries, with too many or with a too large one is refused', () => {
    const many = Array.from({ length: LEDGER_APPEND_ENTRIES_MAX + 1 }, () => new Uint8Array(0))
    for (const entries of [[], many, [new Uint8Array(LEDGER_ENTRY_BYTES_MAX + 1)]]) {
      expect(() => cutAppend(requests.encode({ ledger: 'l', entries }))).toThrow(BrokerError)
    }
  })
})
