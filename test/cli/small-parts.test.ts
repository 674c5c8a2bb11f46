/** Small parts of the command line: addresses, numbers, messages to produce. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entryPoints, parseAddresses } from '../../src/cli/entry-points.ts'
import { bytesText, durationText, listText } from '../../src/cli/format.ts'
import { parseStart } from '../../src/cli/group-command.ts'
import { messageOf } from '../../src/cli/produce-command.ts'

describe('entry points', () => {
  test('the flag wins over the environment, and that over the development cluster', () => {
    const environment = { DLEDGER_ENDPOINTS: 'b:1' }
    expect(entryPoints('a:1;a:2', environment, '/nowhere').addresses).toEqual(['a:1', 'a:2'])
    expect(entryPoints(undefined, environment, '/nowhere')).toEqual({ addresses: ['b:1'], given: true })
    expect(entryPoints(undefined, {}, '/nowhere').addresses).toEqual([
      '127.0.0.1:8081',
      '127.0.0.1:8082',
      '127.0.0.1:8083',
    ])
  })

  test('a development cluster on other ports is found by the note in its folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dledger-entry-'))
    mkdirSync(join(folder, '.dledger'))
    writeFileSync(join(folder, '.dledger', 'dev.json'), JSON.stringify({ clients: ['127.0.0.1:9081'] }))
    expect(entryPoints(undefined, {}, folder).addresses).toEqual(['127.0.0.1:9081'])
    writeFileSync(join(folder, '.dledger', 'dev.json'), 'no JSON')
    expect(entryPoints(undefined, {}, folder).addresses).toHaveLength(3)
    rmSync(folder, { recursive: true })
  })

  test.each(['', 'localhost', 'a:1,b'])('%j is no list of addresses', (text) => {
    expect(() => parseAddresses(text)).toThrow(/HOST:PORT/)
  })
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_536, '1.5 KB'],
  [50_000_000_000, '46.6 GB'],
  [500 * 1_048_576, '500 MB'],
])('%i bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})

test.each([
  [0, '0s'],
  [61_000, '1m1s'],
  [3_600_000, '1h'],
  [90_000_000, '1d1h'],
])('%i ms are %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test('lists end with "and"', () => {
  expect([listText([]), listText(['a']), listText(['a', 'b']), listText(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ])
})

test('a group starts at a place or a time', () => {
  expect(parseStart('earliest')).toEqual({ start: 'earliest', startTimeMs: 0 })
  expect(parseStart('2026-11-01T12:00:00Z')).toEqual({ start: 'time', startTimeMs: 1_793_534_400_000 })
  expect(() => parseStart('yesterday')).toThrow(/give earliest, latest or a time/)
})

describe('messages to produce', () => {
  const text = (body: Uint8Array): string => Buffer.from(body).toString()
  test('one message is what was given, several get their numbers', () => {
    expect(text(messageOf(0, 'hi', { count: 1 }).body)).toBe('hi')
    expect(text(messageOf(1, 'hi', { count: 2 }).body)).toBe('hi 2')
    expect(text(messageOf(0, undefined, { count: 1 }).body)).toBe('hello')
  })

  test('a body is filled up to a size, never cut', () => {
    expect(messageOf(0, 'hi', { count: 1, size: 100 }).body).toHaveLength(100)
    expect(text(messageOf(0, 'a longer text', { count: 1, size: 3 }).body)).toBe('a longer text')
  })
})
