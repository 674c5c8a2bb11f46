import { expect, test } from 'vitest'
import type { QueueOffset } from '../../../src/base/brand.ts'
import { pageOf, pointerInPage, Queue } from '../../../src/broker/machine/consume-queue.ts'
import { RowLedger } from '../../../src/broker/machine/rows.ts'
import { pageRowKey } from '../../../src/broker/machine/tables.ts'

function filled(count: number): { queue: Queue; rows: RowLedger } {
  const rows = new RowLedger()
  const queue = new Queue(4, 1, 0)
  for (let i = 0; i < count; i++) expect(queue.append(rows, i * 1000, 60 + i, i)).toBe(i)
  return { queue, rows }
}

test('pages stand at fixed offsets and hold every pointer', () => {
  const { queue, rows } = filled(300)
  const pages = new Map(rows.take().map(({ key, value }) => [Buffer.from(key).toString('hex'), value]))
  for (let offset = 0; offset < 300; offset++) {
    const page = pages.get(Buffer.from(pageRowKey(4, pageOf(offset))).toString('hex'))
    if (page === undefined || page === null) throw new Error('each page is written')
    const expected = { position: offset * 1000, size: 60 + offset, tagHash: offset }
    expect(pointerInPage(page, offset)).toEqual(expected)
    expect(queue.pointerInMemory(offset as QueueOffset)).toEqual(offset < 256 ? undefined : expected)
  }
  expect(queue.nextOffset).toBe(300 as QueueOffset)
})

test('only the newest page is written when it grows', () => {
  const { queue, rows } = filled(300)
  rows.take()
  queue.append(rows, 5, 60, 0)
  expect(rows.take().map(({ key }) => Buffer.from(key).toString('hex'))).toEqual([
    Buffer.from(pageRowKey(4, 2)).toString('hex'),
    '6d0400000004',
  ])
})

test('a page does not hold what is before or after it, nor is damage read as a pointer', () => {
  const { rows } = filled(130)
  const page = rows.take().find(({ key }) => Buffer.compare(key, pageRowKey(4, 1)) === 0)?.value
  if (page === undefined || page === null) throw new Error('the page is written')
  expect(pointerInPage(page, 129)).toBeDefined()
  expect(pointerInPage(page, 127)).toBeUndefined()
  expect(pointerInPage(page, 130)).toBeUndefined()
  expect(pointerInPage(page.subarray(0, 50), 129)).toBeUndefined()
  expect(pointerInPage(page.subarray(0, 9), 129)).toBeUndefined()
  const newer = page.slice()
  newer[0] = 2
  expect(pointerInPage(newer, 129)).toBeUndefined()
  const beyond = page.slice().fill(0xff, 8, 12)
  expect(pointerInPage(beyond, 129)).toBeUndefined()
})

test('a queue that is deleted takes its part of the digest along', () => {
  const { queue, rows } = filled(300)
  rows.settle()
  queue.append(rows, 5, 60, 0)
  queue.remove(rows)
  const writes = rows.take()
  expect(writes.every(({ value }) => value === null)).toBe(true)
  expect(rows.digest.text()).toBe('0000000000000000')
})

test('a full page stays in memory until it was handed out, so that no pointer is ever missing', () => {
  const { queue, rows } = filled(200)
  rows.take()
  for (let i = 200; i < 600; i++) queue.append(rows, i * 1000, 60 + i, i)
  rows.settle()
  const found = (): number[] =>
    Array.from({ length: 600 }, (_, i) => i).filter((i) => queue.pointerInMemory(i as QueueOffset))
  expect(found()).toEqual(Array.from({ length: 600 - 128 }, (_, i) => 128 + i))
  expect(queue.entryInMemory(300)?.position).toBe(300_000)
  queue.dropPages(rows, 2)
  expect(found()[0]).toBe(256)
  rows.take()
  expect(found()[0]).toBe(512)
  expect(queue.full?.size).toBe(0)
})
