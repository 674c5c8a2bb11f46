import { describe, expect, test } from 'vitest'
import { SQL_FILTERS_KEPT_MAX } from '../../../src/base/limits.ts'
import { MessageProperties } from '../../../src/broker/sql/message-properties.ts'
import { SqlFilter, sqlFilterOf } from '../../../src/broker/sql/sql-filter.ts'
import { SqlFault } from '../../../src/broker/sql/tree.ts'
import { storedFor } from '../../support/stored.ts'

function read(stored: Uint8Array, ...names: string[]): readonly (string | null)[] | undefined {
  return new MessageProperties(names).read(stored)
}

describe('the properties of a stored message', () => {
  test('are those that the sender gave it', () => {
    const stored = storedFor({}, { a: '1', bb: 'zwei', ba: '3', empty: '' })
    expect(read(stored, 'bb', 'a', 'missing', 'empty', 'b')).toEqual(['zwei', '1', null, null, null])
  })

  test('and what it says of itself under the names of RocketMQ', () => {
    const stored = storedFor({
      tag: 'red',
      keys: ['k1', 'k2'],
      messageId: 'id 1',
      bornHost: 'host',
      bornTimestamp: { seconds: 1_700_000_000, nanos: 123_456_789 },
      traceContext: 'trace',
    })
    const names = ['TAGS', 'KEYS', 'UNIQ_KEY', '__BORNHOST', 'BORN_TIMESTAMP', 'TRACE_CONTEXT']
    expect(read(stored, ...names)).toEqual(['red', 'k1 k2', 'id 1', 'host', '1700000000123', 'trace'])
    expect(read(storedFor({}), 'TAGS', 'KEYS', 'BORN_TIMESTAMP')).toEqual([null, null, null])
  })

  test('are read anew for each message', () => {
    const reader = new MessageProperties(['a', 'TAGS'])
    expect(reader.read(storedFor({ tag: 't' }, { a: '1' }))).toEqual(['1', 't'])
    expect(reader.read(storedFor({}))).toEqual([null, null])
  })

  test('are not there when the bytes are no message', () => {
    expect(read(new Uint8Array(100), 'a')).toBeUndefined()
    const stored = storedFor({}, { a: '1' }).slice()
    stored.fill(0xff, 48, 60)
    expect(read(stored, 'a')).toBeUndefined()
  })
})

describe('an SQL filter', () => {
  test('matches what is true, and neither what is unknown nor what cannot be evaluated', () => {
    const filter = new SqlFilter("amount > 100 AND region = 'eu' AND TAGS <> 'test'")
    const matches = (amount: string, tag = 'order'): boolean =>
      filter.matches(storedFor({ tag }, { amount, region: 'eu' }))
    expect(matches('101')).toBe(true)
    expect(matches('100')).toBe(false)
    expect(matches('many')).toBe(false)
    expect(matches('101', 'test')).toBe(false)
    expect(filter.matches(storedFor({}, { amount: '101', region: 'eu' }))).toBe(false)
    expect(filter.matches(new Uint8Array(5))).toBe(false)
  })

  test('has to read messages, whatever their tag', () => {
    const filter = new SqlFilter('a = 1')
    expect([filter.readsMessage, filter.mayMatch()]).toEqual([true, true])
  })

  test('is compiled once, and the one used longest ago is forgotten first', () => {
    const first = sqlFilterOf('kept = 0')
    const second = sqlFilterOf('kept = 1')
    for (let i = 2; i < SQL_FILTERS_KEPT_MAX; i++) sqlFilterOf(`kept = ${i}`)
    expect(sqlFilterOf('kept = 0')).toBe(first)
    sqlFilterOf('one = 1')
    expect(sqlFilterOf('kept = 0')).toBe(first)
    expect(sqlFilterOf('kept = 1')).not.toBe(second)
  })

  test('that is illegal is not kept', () => {
    expect(() => sqlFilterOf('a =')).toThrow(SqlFault)
    expect(() => sqlFilterOf('a =')).toThrow(SqlFault)
  })
})
