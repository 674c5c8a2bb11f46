import { expect, test } from 'vitest'
import { BytesError, Reader, Writer } from '../../../src/base/bytes.ts'
import { UnknownVersionError } from '../../../src/base/state-machine.ts'
import {
  MACHINE_ROWS_END,
  MACHINE_ROWS_START,
  pageRowKey,
  readRowVersion,
  readTable,
  startKey,
  TABLE_META,
  TABLE_PAGE,
} from '../../../src/broker/machine/tables.ts'

test('every key stands between the start and the end', () => {
  for (const table of [1, 5, 255]) {
    const key = startKey(new Writer(), table).done()
    expect(Buffer.compare(MACHINE_ROWS_START, key)).toBeLessThan(0)
    expect(Buffer.compare(key, MACHINE_ROWS_END)).toBeLessThan(0)
    expect(readTable(new Reader(key))).toBe(table)
  }
})

test('pages of a queue sort by their numbers', () => {
  const keys = [pageRowKey(1, 0), pageRowKey(1, 255), pageRowKey(1, 2 ** 33), pageRowKey(2, 0)]
  expect([...keys].sort((one, other) => Buffer.compare(one, other))).toEqual(keys)
  expect(keys[0]?.[1]).toBe(TABLE_PAGE)
})

test('a key of somebody else is refused', () => {
  expect(() => readTable(new Reader(Uint8Array.of(1, 2)))).toThrow(BytesError)
})

test('a newer row stops the node', () => {
  expect(() => readRowVersion(new Reader(Uint8Array.of(3)), TABLE_PAGE)).toThrow(UnknownVersionError)
  readRowVersion(new Reader(Uint8Array.of(2)), TABLE_PAGE)
  readRowVersion(new Reader(Uint8Array.of(2)), TABLE_META)
  expect(() => readRowVersion(new Reader(Uint8Array.of(3)), TABLE_META)).toThrow(UnknownVersionError)
})
