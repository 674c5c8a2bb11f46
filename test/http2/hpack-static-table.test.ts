import { expect, test } from 'vitest'
import { STATIC_TABLE } from '../../src/http2/hpack-static-table.ts'

test('the table has the 61 fields of RFC 7541 appendix A in their places', () => {
  expect(STATIC_TABLE.length).toBe(61)
  const at = (index: number): string => `${STATIC_TABLE[index - 1]?.name}=${STATIC_TABLE[index - 1]?.value}`
  expect([1, 2, 3, 4, 5, 6, 7].map(at)).toEqual([
    ':authority=',
    ':method=GET',
    ':method=POST',
    ':path=/',
    ':path=/index.html',
    ':scheme=http',
    ':scheme=https',
  ])
  expect([8, 14, 16, 31, 32, 38, 46, 54, 58, 61].map(at)).toEqual([
    ':status=200',
    ':status=500',
    'accept-encoding=gzip, deflate',
    'content-type=',
    'cookie=',
    'host=',
    'location=',
    'server=',
    'user-agent=',
    'www-authenticate=',
  ])
})
