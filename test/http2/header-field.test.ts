import { describe, expect, test } from 'vitest'
import {
  type FieldKind,
  type HeaderField,
  headerField,
  HeaderList,
  sizeOf,
  withValue,
} from '../../src/http2/header-field.ts'

const kinds: readonly (readonly [name: string, value: string, kind: FieldKind])[] = [
  [':method', 'GET', 'method'],
  [':scheme', 'https', 'scheme'],
  [':authority', 'a:1', 'authority'],
  [':path', '/', 'path'],
  [':status', '200', 'forbidden'],
  [':', '', 'forbidden'],
  ['x-trace-bin', 'AAE=', 'regular'],
  ['user-agent', 'grpc-java-netty/1.60', 'regular'],
  ['x', 'tab\tand \xff', 'regular'],
  ['te', 'trailers', 'regular'],
  ['te', 'gzip', 'forbidden'],
  ['te', '', 'forbidden'],
  ['connection', 'close', 'forbidden'],
  ['transfer-encoding', 'chunked', 'forbidden'],
  ['upgrade', 'h2c', 'forbidden'],
  ['X', 'a', 'forbidden'],
  ['', 'a', 'forbidden'],
  ['a b', 'a', 'forbidden'],
  ['a:', 'a', 'forbidden'],
  ['x', 'a\0', 'forbidden'],
  ['x', 'a\r', 'forbidden'],
  ['x', '\na', 'forbidden'],
  [':path', '/\n', 'forbidden'],
  ['constructor', 'a', 'regular'],
]

test.each(kinds)('%s: %j is %s', (name, value, kind) => {
  expect(headerField(name, value).kind).toBe(kind)
  for (const other of ['', 'trailers', 'a\0']) {
    expect(withValue(headerField(name, other), value)).toEqual(headerField(name, value))
  }
})

test('a field counts 32 bytes beside its name and value', () => {
  expect(sizeOf(headerField('abc', 'de'))).toBe(37)
})

function listOf(text: string, tooLarge = false): HeaderList {
  const fields: HeaderField[] = text.split(' ').map((word) => {
    const at = word.indexOf('=')
    return headerField(word.slice(0, at), word.slice(at + 1))
  })
  return new HeaderList(fields, tooLarge)
}

describe('a request', () => {
  test.each([
    ':method=GET :scheme=http :path=/',
    ':path=/ :authority=a :scheme=x :method=POST te=trailers x=y',
  ])('is %s', (text) => {
    expect(listOf(text).requestFault()).toBeUndefined()
  })

  test.each([
    ':scheme=http :path=/',
    ':method=GET :path=/',
    ':method=GET :scheme=http',
    ':method=GET :scheme=http :path=',
    ':method=GET :method=GET :scheme=http :path=/',
    ':method=GET :scheme=http :path=/ :path=/',
    ':method=GET :scheme=http :scheme=http :path=/',
    ':method=GET :scheme=http :path=/ :authority=a :authority=b',
    ':method=GET :scheme=http x=y :path=/',
    ':method=GET :scheme=http :path=/ :status=200',
    ':method=GET :scheme=http :path=/ upgrade=x',
  ])('is not %s', (text) => {
    expect(listOf(text).requestFault()).toBeDefined()
  })

  test('that is cut for its size may lack what comes behind, but holds nothing forbidden', () => {
    expect(listOf(':method=GET', true).requestFault()).toBeUndefined()
    expect(listOf(':method=GET upgrade=x', true).requestFault()).toBeDefined()
  })
})

test('the first field of a name is the one that counts', () => {
  expect(listOf('a=1 a=2').get('a')).toBe('1')
  expect(listOf('a=1').get('b')).toBeUndefined()
})

test('trailers have regular fields only', () => {
  expect(listOf('a=1 te=trailers').areTrailers).toBe(true)
  expect(listOf('a=1 :path=/').areTrailers).toBe(false)
  expect(listOf('a=1 upgrade=x').areTrailers).toBe(false)
})
