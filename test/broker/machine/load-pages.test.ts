import { describe, expect, test } from 'vitest'
import type { QueueOffset } from '../../../src/base/brand.ts'
import { BytesError } from '../../../src/base/bytes.ts'
import { Queue } from '../../../src/broker/machine/consume-queue.ts'
import { PageLoader } from '../../../src/broker/machine/load-pages.ts'
import { RowLedger } from '../../../src/broker/machine/rows.ts'
import { MachineState } from '../../../src/broker/machine/state.ts'

/** The page rows of a queue with `count` messages, and an empty queue of that length to load them into. */
function pagesOf(count: number) {
  const rows = new RowLedger()
  const queue = new Queue(1, 1, 0)
  for (let i = 0; i < count; i++) queue.append(rows, i, 60, 0)
  rows.settle()
  const pages = rows
    .take()
    .filter(({ key }) => key[1] === 5)
    .map(({ key, value }) => ({ key, value: value as Uint8Array }))
  const empty = new Queue(1, 1, 0)
  empty.nextOffset = queue.nextOffset
  return { pages, queue, empty }
}

describe('pages', () => {
  test('all count, and the newest stays, in whatever order they come', () => {
    for (const count of [1, 127, 128, 129, 256, 300]) {
      for (const turn of [0, 1]) {
        const { pages, queue, empty } = pagesOf(count)
        const state = new MachineState()
        const loader = new PageLoader(state)
        for (const { key, value } of turn === 0 ? pages : [...pages].reverse()) loader.add(key, value)
        expect(loader.finish(new Map([[1, empty]]))).toEqual([])
        expect(empty.pages.total.text()).toBe(queue.pages.total.text())
        expect(state.rows.digest.text()).toBe(queue.pages.total.text())
        const last = (count - 1) as QueueOffset
        expect(empty.pointerInMemory(last)).toEqual(queue.pointerInMemory(last))
        empty.append(state.rows, 5, 60, 0)
        expect(empty.nextOffset).toBe(count + 1)
      }
    }
  })

  test('with a hole, of no queue or missing are a problem', () => {
    const { pages, empty } = pagesOf(300)
    const problems = (some: typeof pages, queues = new Map([[1, empty]])) => {
      const loader = new PageLoader(new MachineState())
      for (const { key, value } of some) loader.add(key, value)
      return loader.finish(queues)
    }
    expect(problems(pages.slice(1))).not.toEqual([])
    expect(problems(pages.slice(0, 2))).not.toEqual([])
    expect(problems(pages.filter((_, i) => i !== 1))).not.toEqual([])
    expect(problems(pages, new Map())).toHaveLength(1)
    expect(problems([])).toHaveLength(1)
  })

  test('with another length or place are refused', () => {
    const { pages } = pagesOf(3)
    const [{ key, value } = { key: new Uint8Array(), value: new Uint8Array() }] = pages
    const loader = new PageLoader(new MachineState())
    const moved = value.slice()
    moved[15] = 1
    expect(() => loader.add(key, value.subarray(1))).toThrow(BytesError)
    expect(() => loader.add(key, value.subarray(0, 8))).toThrow(BytesError)
    expect(() => loader.add(key, moved)).toThrow(BytesError)
    expect(() => loader.add(key.subarray(0, 13), value)).toThrow(BytesError)
  })
})
