import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { MessageIdentity } from '../../src/proxy/message-identity.ts'

function both(clientId: string, topic: string, messageId: string): readonly [number, number] {
  const identity = new MessageIdentity(clientId, topic)
  return [identity.first(utf8(messageId)), identity.second(utf8(messageId))]
}

test('client, topic and message id are kept apart', () => {
  expect(both('ab', 'c', 'd')).not.toEqual(both('a', 'bc', 'd'))
  expect(both('a', 'bc', 'd')).not.toEqual(both('a', 'b', 'cd'))
})

test('the same message has the same two hashes, of 32 bits each', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (clientId, topic, messageId) => {
      const hashes = both(clientId, topic, messageId)
      expect(both(clientId, topic, messageId)).toEqual(hashes)
      for (const hash of hashes) expect(hash >>> 0).toBe(hash)
    }),
  )
})

test('neighbouring ids collide in neither hash', () => {
  const identity = new MessageIdentity('host@1@0@abc', 'orders')
  const ids = Array.from({ length: 20_000 }, (_, i) =>
    utf8(`01A0B1C2D3E4F52F1A0C5B3D4E${i.toString(16).toUpperCase().padStart(8, '0')}`),
  )
  expect(new Set(ids.map((id) => identity.first(id))).size).toBe(ids.length)
  expect(new Set(ids.map((id) => identity.second(id))).size).toBeGreaterThan(ids.length - 3)
})
