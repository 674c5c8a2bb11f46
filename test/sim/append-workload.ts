/**
 * Clients of the append machine, and what a history of their calls must show: what was acknowledged is in the
 * log once and where it was said to be, each client's commands stand in its order, and what was answered
 * before another call began stands before it.
 */
import { assert } from '../../src/base/assert.ts'
import type { LogIndex } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import {
  AppendMachine,
  encodeAppend,
  FLOOR_CLIENT,
  readCommands,
  type AppendReply,
} from './append-machine.ts'
import type { Row } from './tables.ts'
import type { Action, Asked, Workload } from './workload.ts'

/** One acknowledged call. Times are counted in answers and calls of all clients. */
interface Answered {
  readonly client: number
  readonly number: number
  readonly place: number
  readonly begun: number
  readonly ended: number
}

interface Open {
  readonly number: number
  readonly filling: number
  /** When the client began with this number; repeats do not change it. */
  readonly begun: number
  /** An earlier try had no known outcome. */
  mayBeThere: boolean
}

export class AppendWorkload implements Workload<AppendReply, AppendMachine> {
  #events = 0
  readonly #numbers = new Map<number, number>()
  readonly #open = new Map<number, Open>()
  readonly #answered: Answered[] = []
  /** What the log stores, in its order, each number once: the model, built from the bytes alone. */
  readonly #stored: string[] = []
  /** Numbers of which every try was told that nothing happened. */
  readonly #refused = new Set<string>()
  readonly #last = new Map<number, number>()

  /** How many calls were acknowledged. */
  get acknowledgedCount(): number {
    return this.#answered.length
  }

  start(rows: readonly Row[]): AppendMachine {
    return AppendMachine.fromRows(rows)
  }

  act(client: number, _asked: Asked<AppendMachine>, prng: Prng): Action<AppendReply> {
    const open = this.#open.get(client) ?? this.#begin(client, prng)
    return {
      data: encodeAppend({ client, number: open.number }, open.filling),
      done: (outcome) => {
        if (this.#open.get(client) !== open) return
        if (outcome.type === 'unknown') open.mayBeThere = true
        if (outcome.type === 'none' && !open.mayBeThere) {
          this.#refused.add(`${client}/${open.number}`)
          this.#open.delete(client)
        }
        if (outcome.type !== 'applied') return
        const place = outcome.replies[0]?.place ?? 0
        this.#open.delete(client)
        this.#answered.push({ client, number: open.number, place, begun: open.begun, ended: ++this.#events })
      },
    }
  }

  observe(index: LogIndex, data: Uint8Array, replies: readonly AppendReply[]): void {
    const commands = readCommands(data)
    assert(commands.length === replies.length, 'each command has an answer', { index })
    commands.forEach(({ client, number }, at) => {
      if (client === FLOOR_CLIENT) return
      const last = this.#last.get(client) ?? 0
      const reply = replies[at]
      assert(reply?.repeated === number <= last, 'a repeat is known as one', { client, number })
      if (reply.repeated) return
      assert(!this.#refused.has(`${client}/${number}`), 'what was refused is nowhere', { client, number })
      assert(number > last, 'a client’s commands stand in its order', { client, number, last })
      this.#last.set(client, number)
      this.#stored.push(`${client}/${number}`)
      assert(reply.place === this.#stored.length, 'places have no gap', { client, number })
    })
  }

  finish(): void {
    for (const name of this.#stored) {
      assert(!this.#refused.has(name), 'what was refused is nowhere', { name })
    }
    let before = 0
    const byBegin = [...this.#answered].sort((a, b) => a.begun - b.begun)
    const byEnd = [...this.#answered]
    let at = 0
    for (const { client, number, place, begun } of byBegin) {
      assert(this.#stored[place - 1] === `${client}/${number}`, 'what was acknowledged is there', {
        client,
        number,
        place,
      })
      for (; (byEnd[at]?.ended ?? Number.POSITIVE_INFINITY) < begun; at++) {
        before = Math.max(before, byEnd[at]?.place ?? 0)
      }
      assert(place > before, 'what was answered first stands first', { client, number, place, before })
    }
  }

  #begin(client: number, prng: Prng): Open {
    const number = (this.#numbers.get(client) ?? 0) + 1
    const open = {
      number,
      filling: prng.below(prng.chance(0.1) ? 100 : 30),
      begun: ++this.#events,
      mayBeThere: false,
    }
    this.#numbers.set(client, number)
    this.#open.set(client, open)
    return open
  }
}
