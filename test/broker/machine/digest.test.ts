import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DigestSum, digestText, laneA, laneB } from '../../../src/broker/machine/digest.ts'

type Pair = readonly [key: Uint8Array, value: Uint8Array]

function digestOf(rows: readonly Pair[]): string {
  const sum = new DigestSum()
  for (const [key, value] of rows) sum.addRow(key, value)
  return sum.text()
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 })

test('values swapped between two rows change the digest', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, bytes, (keyA, keyB, one, other) => {
      fc.pre(Buffer.compare(keyA, keyB) !== 0 && Buffer.compare(one, other) !== 0)
      const straight = digestOf([
        [keyA, one],
        [keyB, other],
      ])
      const swapped = digestOf([
        [keyA, other],
        [keyB, one],
      ])
      expect(swapped).not.toBe(straight)
    }),
  )
})

test('the order of rows does not matter, their number does', () => {
  const a: Pair = [Uint8Array.of(1), Uint8Array.of(2)]
  const b: Pair = [Uint8Array.of(3), Uint8Array.of(4)]
  expect(digestOf([a, b])).toBe(digestOf([b, a]))
  expect(digestOf([a, a])).not.toBe(digestOf([]))
  expect(digestOf([a])).not.toBe(digestOf([a, b]))
})

test('a changed bit changes both halves of the digest', () => {
  const value = new Uint8Array(40)
  const before = digestOf([[Uint8Array.of(1), value]])
  for (let bit = 0; bit < 320; bit++) {
    const changed = value.slice()
    changed[bit >> 3] = 1 << (bit & 7)
    const after = digestOf([[Uint8Array.of(1), changed]])
    expect(after.slice(0, 8)).not.toBe(before.slice(0, 8))
    expect(after.slice(8)).not.toBe(before.slice(8))
  }
})

test('a digest is sixteen hexadecimal characters', () => {
  expect(digestText(0, 1)).toBe('0000000000000001')
  expect(digestText(-1, 0x1_0000_0002)).toBe('ffffffff00000002')
})

test('each sum mixes: one bit of the checksum changes about half of its bits', () => {
  for (const lane of [laneA, (crc: number) => laneB(crc, 50)]) {
    let changed = 0
    for (let crc = 0; crc < 32_000; crc += 1000) {
      for (let bit = 0; bit < 32; bit++) changed += ones(lane(crc) ^ lane(crc ^ (1 << bit)))
    }
    const average = changed / (32 * 32)
    expect(average).toBeGreaterThan(14)
    expect(average).toBeLessThan(18)
  }
})

function ones(value: number): number {
  let count = 0
  for (let bits = value >>> 0; bits !== 0; bits >>>= 1) count += bits & 1
  return count
}
