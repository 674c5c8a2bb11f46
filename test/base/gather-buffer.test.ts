import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatherBuffer } from '../../src/base/gather-buffer.ts'

const SLAB = 16 * 1024

test('what was added is taken in order, whatever the sizes, and stays as it was', () => {
  const sizes = fc.oneof(
    fc.nat(64),
    fc.integer({ min: 4000, max: 4200 }),
    fc.integer({ max: 40_000, min: 0 }),
  )
  const step = fc.oneof(
    fc.record({ add: sizes }),
    fc.record({ room: fc.integer({ min: 1, max: SLAB }) }),
    fc.constant('take'),
    fc.constant('shrink'),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const gather = new GatherBuffer(SLAB)
      const expected: Buffer[] = []
      const taken: (readonly Uint8Array[])[] = []
      let byte = 0
      let waiting = 0
      for (const one of steps) {
        byte = (byte + 1) & 0xff
        if (one === 'take') {
          taken.push(gather.take())
          waiting = 0
        } else if (one === 'shrink') {
          gather.shrink()
        } else {
          const size = 'add' in one ? one.add : one.room
          expected.push(Buffer.alloc(size, byte))
          if ('add' in one) {
            gather.add(Buffer.alloc(size, byte))
          } else {
            const at = gather.room(size)
            gather.slab.fill(byte, at, at + size)
          }
          waiting += size
        }
        expect(gather.bytes).toBe(waiting)
      }
      taken.push(gather.take())
      expect(Buffer.concat(taken.flat()).equals(Buffer.concat(expected))).toBe(true)
    }),
  )
})

test('small pieces are copied together and large ones passed on as they are', () => {
  const gather = new GatherBuffer(SLAB)
  const large = Buffer.alloc(4096)
  gather.add(Buffer.from('a'))
  gather.add(Buffer.from('b'))
  gather.add(large)
  gather.add(Buffer.from('c'))
  const pieces = gather.take()
  expect(pieces.map((piece) => piece.byteLength)).toEqual([2, 4096, 1])
  expect(pieces[1]).toBe(large)
})

test('nothing gives no piece', () => {
  const gather = new GatherBuffer(SLAB)
  gather.add(new Uint8Array(0))
  expect(gather.take()).toEqual([])
})

test('a slab is let go of only while nothing waits in it', () => {
  const gather = new GatherBuffer(SLAB)
  gather.add(Buffer.from('a'))
  const { slab } = gather
  gather.shrink()
  expect(gather.slab).toBe(slab)
  gather.take()
  gather.shrink()
  expect(gather.slab).not.toBe(slab)
})
