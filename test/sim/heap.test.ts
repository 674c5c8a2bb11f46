/** The heap of deadlines gives its values in the order of their keys. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from './heap.ts'

test('values come out in the order of their keys, between any pushes', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer(), { nil: null })), (steps) => {
      const heap = new Heap<number>()
      const model: number[] = []
      for (const step of steps) {
        if (step === null) {
          expect(heap.pop()).toBe(model.shift())
        } else {
          heap.push(step, step)
          model.push(step)
          model.sort((a, b) => a - b)
        }
        expect([heap.size, heap.peekKey(), heap.peek()]).toEqual([model.length, model[0], model[0]])
      }
    }),
  )
})

test('a cleared heap is empty', () => {
  const heap = new Heap<string>()
  heap.push(1, 'a')
  heap.clear()
  expect([heap.size, heap.pop(), heap.peekKey()]).toEqual([0, undefined, undefined])
})
