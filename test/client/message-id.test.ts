/** The form of message ids. */
import { expect, test } from 'vitest'
import { MessageIds } from '../../src/client/message-id.ts'

const NOW = 1_609_459_200_000 + 5_000

test('an id has version, machine, process, seconds and a count', () => {
  const ids = new MessageIds('0a0b0c0d0e0f', 0x12345, NOW)
  expect(ids.next()).toBe('010A0B0C0D0E0F23450000000500000000')
  expect(ids.next()).toBe('010A0B0C0D0E0F23450000000500000001')
})

test('the ids of one client differ', () => {
  const ids = new MessageIds('0a0b0c0d0e0f', 7, NOW)
  const made = Array.from({ length: 1_000 }, () => ids.next())
  expect(new Set(made).size).toBe(1_000)
  expect(made.every((id) => /^01[0-9A-F]{32}$/.test(id))).toBe(true)
})
