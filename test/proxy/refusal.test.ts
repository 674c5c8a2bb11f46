import { expect, test } from 'vitest'
import { Refusal, refuse } from '../../src/proxy/refusal.ts'

test('a refusal carries the code and the sentence for the client', () => {
  expect(() => refuse(40002, 'no such name')).toThrow(new Refusal(40002, 'no such name'))
})
