import { expect, test } from 'vitest'
import { BrokerError, type ErrorCode } from '../../src/base/errors.ts'
import { readEverywhere } from '../../src/client/ledger-reader.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import type { ReadRequest, ReadResponse } from '../../src/rpc/ledger-types.ts'

type Part = { readonly indexes: readonly number[]; readonly end?: ErrorCode }

/** Reads from members that give these parts one after the other; returns what came and what was asked. */
async function readParts(parts: readonly Part[], request: Draft<ReadRequest>) {
  const asked: string[] = []
  const got: number[] = []
  const left = [...parts]
  let closed = 0
  const failure = await readEverywhere({
    addresses: ['a', 'b', 'c'],
    request,
    take: ({ index }) => got.push(index),
    moved: () => undefined,
    pause: () => Promise.resolve(),
    open: (address) => ({
      async each(_name, read, _options, take) {
        const { fromIndex, fromTimeMs } = read as ReadRequest
        asked.push(`${address} ${fromIndex ?? ''}${fromTimeMs == null ? '' : `@${fromTimeMs}`}`)
        const part = left.shift() ?? { indexes: [], end: 'CLOSED' as const }
        const entries = part.indexes.map((index) => ({ index, appendedAtMs: 0, body: new Uint8Array(0) }))
        if (entries.length > 0) await take({ entries } satisfies ReadResponse as never)
        await Promise.resolve()
        if (part.end !== undefined) throw new BrokerError(part.end, 'no', { outcome: 'unknown' })
      },
      close: () => {
        closed++
      },
    }),
  }).then(
    () => undefined,
    (error: unknown) => (error instanceof BrokerError ? error.code : error),
  )
  expect(closed).toBe(asked.length)
  return { asked, got, failure }
}

test('a read that breaks off goes on at the next member behind the last entry', async () => {
  const parts: Part[] = [
    { indexes: [5, 6], end: 'CLOSED' },
    { indexes: [], end: 'NO_LEADER' },
    { indexes: [7] },
  ]
  const { asked, got, failure } = await readParts(parts, { ledger: 'l', fromTimeMs: 9 })
  expect(asked).toEqual(['a @9', 'b 7', 'c 7'])
  expect(got).toEqual([5, 6, 7])
  expect(failure).toBeUndefined()
})

test('what a member refuses is not asked of another one', async () => {
  const { asked, failure } = await readParts([{ indexes: [], end: 'LEDGER_NOT_FOUND' }], { ledger: 'l' })
  expect(asked).toHaveLength(1)
  expect(failure).toBe('LEDGER_NOT_FOUND')
})

test('a read ends when no member can be reached for long', async () => {
  const { asked, failure } = await readParts([], { ledger: 'l' })
  expect(asked).toHaveLength(60)
  expect(failure).toBe('CLOSED')
})
