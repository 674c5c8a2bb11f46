import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeSlot, encodeSlot, readSlots, SLOT_BYTES, writeSlot } from '../../src/dledger/slot-pair.ts'
import { SimDisk } from '../support/sim-disk.ts'

const MAGIC = 0x12345678
const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER })

test('a slot reads back as it was written', () => {
  fc.assert(
    fc.property(fc.record({ sequence: whole, first: whole, second: whole }), (slot) => {
      expect(decodeSlot(MAGIC, encodeSlot(MAGIC, slot), 0)).toEqual(slot)
    }),
  )
})

test('a slot with any bit changed, cut short or of another kind is not read', () => {
  const bytes = encodeSlot(MAGIC, { sequence: 1, first: 2, second: 3 })
  for (let bit = 0; bit < 64 * 8; bit++) {
    const changed = bytes.slice()
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(decodeSlot(MAGIC, changed, 0)).toBeUndefined()
  }
  expect(decodeSlot(MAGIC, bytes.subarray(0, 63), 0)).toBeUndefined()
  expect(decodeSlot(MAGIC + 1, bytes, 0)).toBeUndefined()
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 130 }), (bytes) => {
      expect(decodeSlot(MAGIC, bytes, 0)).toBeUndefined()
    }),
  )
})

test('the newer of two whole slots counts, else the whole one, else none', async () => {
  const disk = new SimDisk()
  const file = await disk.open('slots', { create: true })
  expect(await readSlots(file, MAGIC)).toBeUndefined()
  await writeSlot(file, MAGIC, 1, { sequence: 5, first: 1, second: 0 })
  expect(await readSlots(file, MAGIC)).toMatchObject({ number: 1, newest: { sequence: 5 }, other: undefined })
  await writeSlot(file, MAGIC, 0, { sequence: 6, first: 2, second: 0 })
  expect(await readSlots(file, MAGIC)).toMatchObject({ number: 0, newest: { first: 2 }, other: { first: 1 } })
  disk.edit('slots', (bytes) => bytes.fill(0, 0, SLOT_BYTES))
  expect(await readSlots(file, MAGIC)).toMatchObject({ number: 1, newest: { first: 1 } })
})
