import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UnknownVersionError } from '../../../src/base/state-machine.ts'
import { encodeCommand } from '../../../src/broker/machine/command-encode.ts'
import { BrokerMachine } from '../../../src/broker/machine/machine.ts'
import { encodeLedgerCommand } from '../../../src/ledger/machine/command-codec.ts'
import { appendOf, KEEP_ALL, LedgerHarness, loadAny } from './support/harness.ts'

function numbered(count: number, prefix = 'e'): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`)
}

describe('appending', () => {
  test('entries of each ledger have dense indexes of their own from 1', () => {
    const harness = new LedgerHarness()
    const [one, other] = [harness.create('one'), harness.create('other')]
    expect(harness.append(one, ['a', 'b'])).toMatchObject({ type: 'appended', firstIndex: 1, count: 2 })
    expect(harness.append(other, ['x'])).toMatchObject({ type: 'appended', firstIndex: 1, count: 1 })
    expect(harness.append(one, ['c'])).toMatchObject({ type: 'appended', firstIndex: 3, count: 1 })
    expect(harness.texts('one')).toEqual(['a', 'b', 'c'])
    expect(harness.texts('other')).toEqual(['x'])
  })

  test('an entry may be empty', () => {
    const harness = new LedgerHarness()
    harness.append(harness.create('l'), ['', 'b', ''])
    expect(harness.texts('l')).toEqual(['', 'b', ''])
  })

  test('many pages keep their entries through a restart', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    for (let round = 0; round < 9; round++) {
      harness.append(id, numbered(111, `r${round}-`))
      if (round % 3 === 1) harness.restart()
    }
    harness.restart()
    expect(harness.texts('l')).toEqual(numbered(9, '').flatMap((round) => numbered(111, `r${round}-`)))
  })

  test('pages that were handed out leave memory, the one that grows stays', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    harness.append(id, numbered(300))
    expect(harness.ledgers.pageAt(id, 1)?.pointers).toBeDefined()
    harness.drain()
    expect(harness.ledgers.pageAt(id, 1)?.pointers).toBeUndefined()
    expect(harness.ledgers.pageAt(id, 300)?.pointers).toBeDefined()
  })

  test('an expected last index lets only the append through that it was made for', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    expect(harness.append(id, ['a'], { expectedLast: 0 })).toMatchObject({ firstIndex: 1 })
    expect(harness.append(id, ['b'], { expectedLast: 0 })).toMatchObject({ code: 'CONDITION_FAILED' })
    expect(harness.append(id, ['b'], { expectedLast: 1 })).toMatchObject({ firstIndex: 2 })
    expect(harness.texts('l')).toEqual(['a', 'b'])
  })

  test('of two appends of one entry that expect the same, the first wins', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    const replies = harness.apply([
      appendOf(id, ['a'], { expectedLast: 0 }),
      appendOf(id, ['b'], { expectedLast: 0 }),
    ])
    expect(replies.map((reply) => reply.type)).toEqual(['appended', 'refused'])
  })

  test('bytes that are no append are refused and change nothing', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    const good = Buffer.concat(appendOf(id, ['abc']).chunks)
    for (let size = 8; size < good.byteLength; size++) {
      const cut = Buffer.from(good.subarray(0, size))
      cut.writeUInt32BE(size - 8, 4)
      expect(harness.one({ size, chunks: [cut] })).toMatchObject({ type: 'refused', code: 'BAD_REQUEST' })
    }
    expect(harness.ledgers.ledger('l')?.entries).toBe(0)
  })
})

describe('idempotency keys', () => {
  test('a repeat stores nothing and gets the answer of the first, also after a restart', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    const first = harness.append(id, ['a', 'b'], { key: 'k', expectedLast: 0 })
    harness.append(id, ['c'], {}, 5_000)
    harness.restart()
    const again = harness.append(id, ['a', 'b'], { key: 'k', expectedLast: 0 }, 5_000)
    expect(again).toEqual({ ...first, repeated: true })
    expect(harness.texts('l')).toEqual(['a', 'b', 'c'])
  })

  test('a key is of one ledger', () => {
    const harness = new LedgerHarness()
    const [one, other] = [harness.create('one'), harness.create('other')]
    harness.append(one, ['a'], { key: 'k' })
    expect(harness.append(other, ['a'], { key: 'k' })).toMatchObject({ firstIndex: 1, repeated: false })
  })

  test('a ledger that was made again does not know the keys of the one before', () => {
    const harness = new LedgerHarness()
    harness.append(harness.create('l'), ['a'], { key: 'k' })
    harness.one({ type: 'deleteLedger', name: 'l' })
    expect(harness.append(harness.create('l'), ['a'], { key: 'k' })).toMatchObject({ repeated: false })
  })

  test('a key with other entries is refused', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    harness.append(id, ['a'], { key: 'k' })
    expect(harness.append(id, ['b'], { key: 'k' })).toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('a key is forgotten after ten minutes of log time', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    harness.append(id, ['a'], { key: 'k' })
    expect(harness.append(id, ['a'], { key: 'k' }, 599_999)).toMatchObject({ repeated: true })
    expect(harness.append(id, ['a'], { key: 'k' }, 1)).toMatchObject({ repeated: false })
  })

  test('what a refused append asked can be asked again under its key', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    expect(harness.append(id, ['b'], { key: 'k', expectedLast: 1 })).toMatchObject({ type: 'refused' })
    harness.append(id, ['a'])
    expect(harness.append(id, ['b'], { key: 'k', expectedLast: 1 })).toMatchObject({ firstIndex: 2 })
  })
})

describe('retention', () => {
  test('a full ledger refuses appends until a trim makes room', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l', { entriesMax: 3 })
    harness.append(id, ['a', 'b'])
    expect(harness.append(id, ['c', 'd'])).toMatchObject({ code: 'LIMIT_REACHED' })
    expect(harness.append(id, ['c'])).toMatchObject({ firstIndex: 3 })
    expect(harness.one({ type: 'trimLedger', name: 'l', firstIndex: 3 })).toMatchObject({ firstIndex: 3 })
    expect(harness.append(id, ['d', 'e'])).toMatchObject({ firstIndex: 4 })
    expect(harness.texts('l')).toEqual(['c', 'd', 'e'])
  })

  test('a ledger that is full of bytes refuses appends', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l', { bytesMax: 10 })
    harness.append(id, ['12345', '12345'])
    expect(harness.append(id, ['1'])).toMatchObject({ code: 'LIMIT_REACHED' })
    expect(harness.append(id, [''])).toMatchObject({ type: 'appended' })
  })

  test('a ledger that drops the oldest keeps exactly the newest entries by count', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l', { entriesMax: 300, dropOldest: true })
    for (let round = 0; round < 10; round++) harness.append(id, numbered(100, `r${round}-`))
    expect(harness.ledgers.ledger('l')).toMatchObject({ firstIndex: 701, nextIndex: 1001, entries: 300 })
    expect(harness.texts('l')[0]).toBe('r7-0')
  })

  test('a ledger that drops the oldest by bytes loses nothing of the newest so many bytes', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l', { bytesMax: 1_600, dropOldest: true })
    for (let n = 0; n < 500; n++) {
      harness.append(id, ['0123456789'])
      const bytes = harness.ledgers.ledger('l')?.bytes ?? 0
      expect(bytes).toBeGreaterThanOrEqual(Math.min(1_600, (n + 1) * 10))
      expect(bytes).toBeLessThanOrEqual(1_600 + 200)
    }
  })

  test('entries go by age in log time, and a sweep finds them', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l', { ageMsMax: 1_000 })
    harness.append(id, ['a'])
    expect(harness.ledgers.isExpiryDue((harness.nowMs + 999) as never)).toBe(false)
    harness.one({ type: 'expireLedgers' }, 999)
    expect(harness.texts('l')).toEqual(['a'])
    expect(harness.ledgers.isExpiryDue((harness.nowMs + 1) as never)).toBe(true)
    harness.one({ type: 'expireLedgers' }, 1)
    expect(harness.ledgers.ledger('l')).toMatchObject({ firstIndex: 2, nextIndex: 2, bytes: 0 })
    harness.restart()
    expect(harness.append(id, ['b'])).toMatchObject({ firstIndex: 2 })
    harness.restart()
    expect(harness.texts('l')).toEqual(['b'])
  })

  test('the log is needed from the oldest entry of any ledger on, and not at all without one', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    expect(harness.ledgers.neededFrom()).toBeUndefined()
    harness.append(id, ['a'])
    const from = harness.ledgers.neededFrom()
    harness.append(id, ['b'])
    expect(harness.ledgers.neededFrom()).toBe(from)
    harness.one({ type: 'trimLedger', name: 'l', firstIndex: 3 })
    expect(harness.ledgers.neededFrom()).toBeUndefined()
  })

  test('a trim beyond the end is refused, a trim before the first index changes nothing', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    harness.append(id, ['a', 'b', 'c'])
    expect(harness.one({ type: 'trimLedger', name: 'l', firstIndex: 5 })).toMatchObject({
      code: 'INDEX_OUT_OF_RANGE',
    })
    harness.one({ type: 'trimLedger', name: 'l', firstIndex: 3 })
    expect(harness.one({ type: 'trimLedger', name: 'l', firstIndex: 2 })).toMatchObject({ firstIndex: 3 })
  })
})

describe('making and deleting', () => {
  test('making a ledger again with the same retention answers the same, with another it is refused', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    expect(harness.create('l')).toBe(id)
    const other = { ...KEEP_ALL, ageMsMax: 5 }
    expect(harness.one({ type: 'createLedger', name: 'l', retention: other })).toMatchObject({
      code: 'LEDGER_EXISTS',
    })
  })

  test('names and retentions out of range are refused', () => {
    const harness = new LedgerHarness()
    expect(harness.one({ type: 'createLedger', name: 'a b', retention: KEEP_ALL })).toMatchObject({
      code: 'ILLEGAL_LEDGER',
    })
    const none = { ...KEEP_ALL, entriesMax: 0 }
    expect(harness.one({ type: 'createLedger', name: 'l', retention: none })).toMatchObject({
      code: 'BAD_REQUEST',
    })
  })

  test('a large ledger goes in steps: a deletion is repeated, a trim is finished by sweeps', () => {
    const harness = new LedgerHarness()
    const texts = Array.from({ length: 8_100 }, () => '')
    const fill = (): void => {
      const id = harness.create('l')
      for (let n = 0; n < 33; n++) harness.append(id, texts)
      harness.drain()
    }
    fill()
    expect(harness.one({ type: 'deleteLedger', name: 'l' }).type).toBe('trimmed')
    expect(harness.ledgers.ledger('l')?.entries).toBe(0)
    harness.restart()
    expect(harness.one({ type: 'deleteLedger', name: 'l' }).type).toBe('done')
    harness.restart()
    fill()
    harness.one({ type: 'trimLedger', name: 'l', firstIndex: 33 * 8_100 })
    harness.restart()
    expect(harness.texts('l')).toEqual([''])
    expect(harness.ledgers.isExpiryDue(0 as never)).toBe(true)
    harness.one({ type: 'expireLedgers' })
    expect(harness.ledgers.isExpiryDue(0 as never)).toBe(false)
    harness.restart()
    expect([...harness.table.values()].filter((row) => row.key[1] === 66)).toHaveLength(1)
  })

  test('a deleted ledger leaves no row but the count of numbers', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    harness.append(id, numbered(1_000))
    harness.drain()
    harness.one({ type: 'deleteLedger', name: 'l' })
    harness.drain()
    const tables = [...harness.table.values()].map((row) => row.key[1] ?? 0).filter((table) => table >= 64)
    expect(tables).toEqual([64])
    expect(harness.append(id, ['x'])).toMatchObject({ code: 'LEDGER_NOT_FOUND' })
  })
})

describe('as a part of the broker machine', () => {
  test('commands of both stand in one entry', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    expect(() => harness.apply([appendOf(id, ['a']), encodeCommand({ type: 'advance' })])).toThrow(
      'answered done',
    )
    expect(harness.texts('l')).toEqual(['a'])
  })

  test('a kind or version that nobody knows stops the node', () => {
    const harness = new LedgerHarness()
    for (const [kind, version] of [
      [69, 1],
      [64, 2],
      [63, 1],
    ] as const) {
      const bytes = Uint8Array.of(kind, version, 0, 0, 0, 0, 0, 0)
      expect(() => harness.apply([{ size: 8, chunks: [bytes] }])).toThrow(UnknownVersionError)
    }
  })

  test('a machine without ledgers does not pass over their commands', () => {
    const entry = Buffer.alloc(24)
    entry[0] = 1
    entry.writeUInt32BE(1, 4)
    entry.set([66, 1], 16)
    expect(() => new BrokerMachine().apply({ index: 1, position: 0 } as never, entry)).toThrow(
      UnknownVersionError,
    )
  })

  test('any changed byte of any row of ledgers is a problem', () => {
    const harness = new LedgerHarness()
    const id = harness.create('l')
    for (let n = 0; n < 3; n++) harness.append(id, numbered(200, `${n}`), { key: `k${n}` })
    harness.drain()
    const rows = [...harness.table.values()]
    for (const [at, row] of rows.entries()) {
      if ((row.key[1] ?? 0) < 64 || row.value === null) continue
      for (let byte = 1; byte < Math.min(row.value.byteLength, 64); byte++) {
        const value = row.value.slice()
        value[byte] = (value[byte] ?? 0) ^ 0x10
        const damaged = rows.map((other, n) => (n === at ? { key: row.key, value } : other))
        expect(loadAny(damaged).problems.length).toBeGreaterThan(0)
      }
    }
  })

  test('the same commands give the same digest and texts, however often rows are drained or loaded', () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant('append' as const),
        count: fc.integer({ min: 1, max: 150 }),
        key: fc.option(fc.constantFrom('k1', 'k2', 'k3'), { nil: undefined }),
        later: fc.integer({ min: 0, max: 400 }),
      }),
      fc.record({ type: fc.constant('trim' as const), to: fc.integer({ min: 1, max: 500 }) }),
      fc.record({ type: fc.constant('sweep' as const), later: fc.integer({ min: 0, max: 400 }) }),
    )
    const retention = fc.record({
      entriesMax: fc.integer({ min: 1, max: 700 }),
      bytesMax: fc.integer({ min: 100, max: 5_000 }),
      ageMsMax: fc.constantFrom(0, 500),
      dropOldest: fc.boolean(),
    })
    fc.assert(
      fc.property(retention, fc.array(fc.tuple(step, fc.nat(2)), { maxLength: 30 }), (kept, steps) => {
        const plain = new LedgerHarness()
        const other = new LedgerHarness()
        const ids = [plain.create('l', kept), other.create('l', kept)]
        for (const [command, between] of steps) {
          const encoded =
            command.type === 'append'
              ? appendOf(
                  ids[0] ?? 0,
                  numbered(command.count),
                  command.key === undefined ? {} : { key: command.key },
                )
              : encodeLedgerCommand(
                  command.type === 'trim'
                    ? { type: 'trimLedger', name: 'l', firstIndex: command.to }
                    : { type: 'expireLedgers' },
                )
          const later = 'later' in command ? command.later : 0
          expect(other.apply([encoded], later)).toEqual(plain.apply([encoded], later))
          if (between === 1) other.drain()
          if (between === 2) other.restart()
          expect(other.digest).toBe(plain.digest)
        }
        expect(plain.machine.faults()).toEqual([])
        plain.drain()
        other.drain()
        expect(other.texts('l')).toEqual(plain.texts('l'))
      }),
      { numRuns: 60 },
    )
  })
})
