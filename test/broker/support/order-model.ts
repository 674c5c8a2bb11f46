/**
 * The semantics of fifo groups in the plainest words: each lane is a list that is walked. What the machine answers
 * must be what this answers. One group, one topic; what is sent is told to it with queue, offset and hash.
 */
import type { ClaimInOrder, Command, Delivery, Receipt } from '../../../src/broker/machine/commands.ts'

interface Entry {
  readonly queue: number
  readonly offset: number
  /** It was handed out. What was not stands behind what was. */
  open: boolean
  attempt: number
  visibleAt: number
  acked: boolean
  /** Acked before and owed again. */
  owed: boolean
  request: string
  client: string
}

export class OrderModel {
  now = 0
  readonly cursors = new Map<number, number>()
  readonly ends = new Map<number, number>()
  readonly lanes = new Map<number, Entry[]>()
  readonly attemptsMax: number
  readonly #answers = new Map<string, unknown>()
  readonly #claims = new Set<string>()

  constructor(attemptsMax: number) {
    this.attemptsMax = attemptsMax
  }

  apply(command: Command): unknown {
    if (command.type === 'claimInOrder') return this.#claim(command)
    if (command.type === 'ack') {
      return this.#once(command.request, () => ({
        type: 'acked',
        valid: command.receipts.map((receipt) => this.#ack(receipt)),
      }))
    }
    if (command.type === 'changeInvisible') {
      return this.#once(command.request, () => this.#change(command.receipt, command.invisibleMs))
    }
    if (command.type === 'release') {
      for (const delivery of command.deliveries) this.#release(delivery)
    } else if (command.type === 'releaseClient') {
      for (const entry of this.#entries()) {
        if (entry.client === text(command.client) && entry.visibleAt > this.now) this.#free(entry)
      }
    } else if (command.type === 'deadLetter') {
      for (const { offset } of command.items) this.#bury(command.queue, offset)
    }
    return { type: 'done' }
  }

  inFlight(queue: number): number {
    return this.#entries().filter((entry) => entry.queue === queue && entry.open).length
  }

  parked(queue: number): number {
    return this.#entries().filter((entry) => entry.queue === queue && !entry.open).length
  }

  committed(queue: number): number {
    const offsets = this.#entries().flatMap((entry) => (entry.queue === queue ? [entry.offset] : []))
    return Math.min(this.cursors.get(queue) ?? 0, ...offsets)
  }

  #entries(): Entry[] {
    return [...this.lanes.values()].flat()
  }

  #once(request: Uint8Array, make: () => unknown): unknown {
    const key = text(request)
    if (!this.#answers.has(key)) this.#answers.set(key, make())
    return this.#answers.get(key)
  }

  #claim(command: ClaimInOrder): unknown {
    const request = text(command.request)
    if (this.#claims.has(request)) return this.#stillHeld(request)
    this.#claims.add(request)
    const given: Entry[] = []
    for (const { key, messages } of command.lanes) {
      const lane = this.lanes.get(key) ?? []
      const next = lane.slice(0, messages.length)
      const same = next.every((entry, i) => isAt(entry, messages[i]))
      const held = lane.some((entry) => entry.open && !entry.acked && entry.visibleAt > this.now)
      const fits = messages.length > 0 && next.length === messages.length && same
      if (!fits || held || next.some((entry) => this.#exhausted(entry))) continue
      for (const entry of lane.slice(messages.length)) {
        if (entry.acked) Object.assign(entry, { acked: false, owed: true })
      }
      for (const entry of next) this.#give(entry, command, given)
    }
    const holds = command.cursors.every(
      ({ queue, start, end }) =>
        this.cursors.get(queue) === start && end >= start && end <= (this.ends.get(queue) ?? 0),
    )
    if (!holds) return claimed(given)
    for (const { queue, end } of command.cursors) this.cursors.set(queue, end)
    for (const { queue, offset, orderHash, handedOut } of command.messages) {
      const key = orderHash === 0 ? 2 ** 32 + queue : orderHash
      const lane = this.lanes.get(key) ?? []
      this.lanes.set(key, lane)
      const free = lane.every((entry) => entry.open && entry.request === request)
      const entry = { queue, offset, open: false, attempt: 0, visibleAt: 0, acked: false, owed: false }
      lane.push({ ...entry, request: '', client: '' })
      if (handedOut && free) this.#give(lane.at(-1) as Entry, command, given)
    }
    return claimed(given)
  }

  /** What a claim that is repeated still holds, lane after lane. */
  #stillHeld(request: string): unknown {
    const keys = [...this.lanes.keys()].sort((one, other) => one - other)
    const entries = keys.flatMap((key) => this.lanes.get(key) ?? [])
    return claimed(entries.filter((entry) => entry.request === request && entry.visibleAt > this.now))
  }

  #give(entry: Entry, command: ClaimInOrder, given: Entry[]): void {
    Object.assign(entry, { open: true, acked: false, owed: false, request: text(command.request) })
    entry.client = text(command.client)
    entry.attempt++
    entry.visibleAt = this.now + command.invisibleMs
    given.push({ ...entry })
  }

  #exhausted(entry: Entry): boolean {
    return entry.open && entry.attempt >= this.attemptsMax && !entry.acked && !entry.owed
  }

  #find(queue: number, offset: number): readonly [Entry, Entry[]] | undefined {
    for (const lane of this.lanes.values()) {
      const entry = lane.find((one) => one.open && isAt(one, { queue, offset }))
      if (entry !== undefined) return [entry, lane]
    }
    return undefined
  }

  #held({ queue, offset, attempt }: Delivery): readonly [Entry, Entry[]] | undefined {
    const found = this.#find(queue, offset)
    return found?.[0].attempt === attempt && found[0].visibleAt > this.now ? found : undefined
  }

  #ack(receipt: Receipt): boolean {
    const found = this.#find(receipt.queue, receipt.offset)
    const isPast = receipt.offset < (this.cursors.get(receipt.queue) ?? 0)
    if (found === undefined) return isPast && receipt.deadline > this.now
    if (found[0].acked && found[0].attempt === receipt.attempt) return receipt.deadline > this.now
    if (this.#held(receipt) === undefined) return false
    const [entry, lane] = found
    Object.assign(entry, { acked: true, visibleAt: this.now, request: '', client: '' })
    this.#commit(lane)
    return true
  }

  #commit(lane: Entry[]): void {
    while (lane[0]?.acked === true) lane.shift()
    for (const [key, one] of this.lanes) if (one.length === 0) this.lanes.delete(key)
  }

  #change(receipt: Receipt, invisibleMs: number): unknown {
    const found = this.#held(receipt)
    if (found === undefined) return { type: 'changed', valid: false, deadline: 0 }
    found[0].visibleAt = this.now + invisibleMs
    return { type: 'changed', valid: true, deadline: found[0].visibleAt }
  }

  #release(delivery: Delivery & { readonly deadline?: number }): void {
    const entry = this.#find(delivery.queue, delivery.offset)?.[0]
    if (entry === undefined || entry.request === '' || entry.attempt !== delivery.attempt) return
    if (delivery.deadline !== undefined && delivery.deadline !== entry.visibleAt) return
    entry.attempt--
    if (this.#exhausted(entry)) entry.owed = true
    this.#free(entry)
  }

  #free(entry: Entry): void {
    Object.assign(entry, { visibleAt: this.now, request: '', client: '' })
  }

  #bury(queue: number, offset: number): void {
    const found = this.#find(queue, offset)
    if (found === undefined) return
    const [entry, lane] = found
    if (lane[0] !== entry || entry.visibleAt > this.now || !this.#exhausted(entry)) return
    lane.shift()
    this.#commit(lane)
  }
}

function isAt(entry: Entry, place: { readonly queue: number; readonly offset: number } | undefined): boolean {
  return entry.queue === place?.queue && entry.offset === place.offset
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function claimed(given: readonly Entry[]): unknown {
  const messages = given.map(({ queue, offset, attempt, visibleAt }) => {
    return { queue, offset, attempt, deadline: visibleAt }
  })
  return { type: 'claimed', messages }
}
