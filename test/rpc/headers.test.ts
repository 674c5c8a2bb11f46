import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureTrailers, percentEncoded, refusalOf, timeoutMs } from '../../src/rpc/headers.ts'
import { headerField, HeaderList } from '../../src/http2/header-field.ts'
import { GrpcCode, GrpcFailure } from '../../src/rpc/service.ts'

function list(fields: Record<string, string>): HeaderList {
  return new HeaderList(
    Object.entries(fields).map(([name, value]) => headerField(name, value)),
    false,
  )
}

describe('grpc-timeout', () => {
  test.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['30S', 30_000],
    ['100m', 100],
    ['500u', 0.5],
    ['1000000n', 1],
    ['0S', 0],
    ['99999999S', 99_999_999_000],
  ])('%s is %d ms', (header, ms) => {
    expect(timeoutMs(header)).toBeCloseTo(ms)
  })

  test.each([undefined, '', 'S', '1', '1s', '-1S', '1.5S', '123456789S', '1 S', '١S'])(
    '%j is none',
    (header) => {
      expect(timeoutMs(header)).toBe(Infinity)
    },
  )
})

describe('grpc-message', () => {
  test('keeps plain words', () => {
    expect(percentEncoded('a plain (text), with: marks~')).toBe('a plain (text), with: marks~')
  })

  test('is visible ASCII and can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = percentEncoded(text)
        expect(encoded).toMatch(/^[ -~]*$/)
        expect(decodeURIComponent(encoded)).toBe(text)
      }),
    )
  })
})

test.each([
  ['application/grpc', undefined],
  ['application/grpc+proto', undefined],
  ['application/grpc;charset=utf-8', undefined],
  ['application/grpc-web', 415],
  ['application/grpcx', 415],
  ['text/html', 415],
  [undefined, 415],
])('the content type %s is refused with %s', (type, expected) => {
  const headers = list({ ':method': 'POST', ...(type === undefined ? {} : { 'content-type': type }) })
  expect(refusalOf(headers)).toBe(expected)
})

test('only POST is taken', () => {
  expect(refusalOf(list({ ':method': 'GET', 'content-type': 'application/grpc' }))).toBe(405)
})

test('a failure with many words still fits what clients take', () => {
  const failure = new GrpcFailure(GrpcCode.INTERNAL, '\u20ac'.repeat(5000))
  const bytes = failureTrailers(failure).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  expect(bytes).toBeLessThan(8192)
})

test('a failure becomes status, message and its metadata', () => {
  const failure = new GrpcFailure(GrpcCode.ABORTED, '50 %', { metadata: { 'x-a': 'b\r\nc' } })
  expect(failureTrailers(failure)).toEqual([
    ['grpc-status', '10'],
    ['grpc-message', '50 %25'],
    ['x-a', 'b%0D%0Ac'],
  ])
})
