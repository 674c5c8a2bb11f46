/**
 * Reads the pages of consume queues back: all count for the digest, only the newest of each queue stays in
 * memory.
 */
import { broken } from '../../base/assert.ts'
import { BytesError, Reader, viewOf } from '../../base/bytes.ts'
import { POINTER_BYTES, QUEUE_PAGE_POINTERS } from '../../base/limits.ts'
import type { QueueNumber } from './commands.ts'
import { ORDER_HASH_BYTES, Page, PAGE_HEADER_BYTES, pageOf, type Queue } from './consume-queue.ts'
import { DigestSum } from './digest.ts'
import type { MachineState } from './state.ts'
import { PAGE_ORDER_VERSION } from './tables.ts'

interface FoundPage {
  readonly number: number
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** The pages of one queue so far. */
interface FoundPages {
  /** What each page but the newest adds to the digest, by their numbers. */
  readonly older: Map<number, DigestSum>
  olderFull: boolean
  first: number
  newest: FoundPage
}

/** Takes pages in any order. */
export class PageLoader {
  readonly #state: MachineState
  readonly #found = new Map<QueueNumber, FoundPages>()

  constructor(state: MachineState) {
    this.#state = state
  }

  /** Takes one page; a page that is not the newest is only counted. Throws `BytesError`. */
  add(key: Uint8Array, value: Uint8Array): void {
    const reader = new Reader(key, 2)
    const queue = reader.uint32()
    const page: FoundPage = { number: reader.uint64(), key, value }
    reader.end()
    checkPage(page)
    const found = this.#found.get(queue)
    if (found === undefined) {
      const { number } = page
      this.#found.set(queue, { older: new Map(), olderFull: true, first: number, newest: copy(page) })
      return
    }
    found.first = Math.min(found.first, page.number)
    const isNewer = page.number > found.newest.number
    const older = isNewer ? found.newest : page
    const sum = new DigestSum()
    sum.addRow(older.key, older.value)
    found.older.set(older.number, sum)
    if (pointerCount(older) !== QUEUE_PAGE_POINTERS) found.olderFull = false
    if (isNewer) found.newest = copy(page)
  }

  /** Gives each queue its newest page. Returns what is wrong. */
  finish(queues: ReadonlyMap<QueueNumber, Queue>): string[] {
    const problems: string[] = []
    for (const [number, found] of this.#found) {
      const queue = queues.get(number)
      if (queue !== undefined && isWhole(queue, found)) {
        this.#restore(queue, found)
      } else {
        problems.push('the pages of a queue do not fit it')
        for (const sum of found.older.values()) this.#state.rows.restoreSum(sum)
        this.#state.rows.digest.addRow(found.newest.key, found.newest.value)
      }
    }
    for (const queue of queues.values()) {
      if (queue.nextOffset > queue.minOffset && queue.page === undefined)
        problems.push('a queue lacks its pages')
    }
    return problems
  }

  #restore(queue: Queue, found: FoundPages): void {
    const { newest, older } = found
    const page = new Page(queue, newest.number)
    page.fill(newest.value, pointerCount(newest))
    queue.page = page
    for (let number = found.first; number < newest.number; number++) {
      const sum = older.get(number) ?? broken('pages have no holes', { number })
      queue.pages.add(number, sum)
      this.#state.rows.restoreSum(sum)
    }
    queue.pages.add(newest.number)
    this.#state.rows.restore(page, newest.key, newest.value)
  }
}

function copy(page: FoundPage): FoundPage {
  return { number: page.number, key: new Uint8Array(page.key), value: new Uint8Array(page.value) }
}

function pointerCount(page: FoundPage): number {
  return viewOf(page.value).getUint16(2)
}

function checkPage(page: FoundPage): void {
  if (page.value.byteLength < PAGE_HEADER_BYTES) throw new BytesError('a page is too short')
  const count = pointerCount(page)
  const fits = count > 0 && count <= QUEUE_PAGE_POINTERS
  const first = new Reader(page.value, 8).uint64()
  const slotBytes = POINTER_BYTES + (page.value[0] === PAGE_ORDER_VERSION ? ORDER_HASH_BYTES : 0)
  if (!fits || page.value.byteLength !== PAGE_HEADER_BYTES + count * slotBytes) {
    throw new BytesError('a page has another length than its pointers')
  }
  if (first !== page.number * QUEUE_PAGE_POINTERS) throw new BytesError('a page stands in a wrong place')
}

function isWhole(queue: Queue, found: FoundPages): boolean {
  const { first, newest, older, olderFull } = found
  const end = newest.number * QUEUE_PAGE_POINTERS + pointerCount(newest)
  const noHoles = older.size === newest.number - first && olderFull
  return noHoles && first <= pageOf(queue.minOffset) && end === queue.nextOffset
}
