import { expect, test } from 'vitest'
import { RequestKeys } from '../../src/proxy/request-keys.ts'

test('no two keys are equal, of one process or of two', () => {
  const makers = [new RequestKeys(), new RequestKeys()]
  const keys = makers.flatMap((maker) => Array.from({ length: 1000 }, () => maker.next()))
  expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(2000)
  expect(keys.every((key) => key.byteLength === 16)).toBe(true)
})
