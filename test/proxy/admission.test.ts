import { expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { Admission } from '../../src/proxy/admission.ts'

const busy = expect.objectContaining({ code: 'BUSY', outcome: 'none' })

test('no more requests come in than the limit', () => {
  const admission = new Admission(2, 100)
  admission.enter(0)
  admission.enter(0)
  expect(() => admission.enter(0)).toThrow(busy)
  admission.leave(0)
  admission.enter(0)
  expect(admission.count).toBe(2)
})

test('no more bytes come in than the limit', () => {
  const admission = new Admission(10, 100)
  admission.enter(60)
  expect(() => admission.enter(41)).toThrow(busy)
  admission.enter(40)
  expect(admission.bytes).toBe(100)
})

test('nobody leaves who did not come in', () => {
  expect(() => new Admission(1, 1).leave(0)).toThrow(InvariantError)
})
