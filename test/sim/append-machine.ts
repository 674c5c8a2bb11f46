/**
 * A small machine with all that makes exactly-once hard: numbered commands of clients that repeat what had no
 * known outcome. It stores each number once and answers a repeat with the place of the first.
 *
 * An entry is a run of commands: u32 client, u32 number, u16 length, filling. Rows: one a client, and one for
 * the whole. A command of the client FLOOR_CLIENT moves the floor of the log instead, to the position that is its
 * number.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, logPosition, type LogIndex, type LogPosition } from '../../src/base/brand.ts'
import { Reader, Writer } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/crc32.ts'
import type { KvWrite } from '../../src/base/ports.ts'
import type { EntryMeta, MachineDigests, StateMachine } from '../../src/base/state-machine.ts'
import type { Row } from './tables.ts'

/** A client's command. */
export interface AppendCommand {
  readonly client: number
  /** From 1 on, one after the other. */
  readonly number: number
}

/** `place` counts everything stored, from 1 on; 0: a later number of the client is known already. */
export interface AppendReply {
  readonly place: number
  readonly repeated: boolean
}

interface Last {
  readonly number: number
  readonly place: number
}

/** Who moves the floor: no client that stores anything. */
export const FLOOR_CLIENT = 0xffff_ffff

const WHOLE_KEY = Uint8Array.of(0)
const CLIENT_KEY = 1

export class AppendMachine implements StateMachine<AppendReply> {
  #floor = logPosition(0)
  #appliedIndex = logIndex(0)
  #stored = 0
  #sum = 0
  readonly #clients = new Map<number, Last>()
  readonly #changed = new Set<number>()

  static fromRows(rows: readonly Row[]): AppendMachine {
    const machine = new AppendMachine()
    for (const [key, value] of rows) {
      const reader = new Reader(value)
      if (key[0] === CLIENT_KEY) {
        machine.#clients.set(new Reader(key.slice(1)).uint32(), {
          number: reader.uint32(),
          place: reader.uint32(),
        })
      } else {
        machine.#appliedIndex = logIndex(reader.uint64())
        machine.#stored = reader.uint32()
        machine.#sum = reader.uint32()
        machine.#floor = logPosition(reader.uint64())
      }
    }
    return machine
  }

  get floor(): LogPosition {
    return this.#floor
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex
  }

  apply(meta: EntryMeta, data: Uint8Array): readonly AppendReply[] {
    assert(meta.index === this.#appliedIndex + 1, 'entries are applied in order', { index: meta.index })
    this.#appliedIndex = meta.index
    this.#sum = crc32(data, this.#sum)
    const replies = readCommands(data).map((command) => this.#take(command))
    for (const { place } of replies) this.#sum = crc32(new Writer(4).uint32(place).done(), this.#sum)
    return replies
  }

  drain(): KvWrite[] {
    const rows = [...this.#changed].map((client) => {
      const last = this.#clients.get(client)
      assert(last !== undefined, 'a changed client is known', { client })
      return {
        key: new Writer(5).uint8(CLIENT_KEY).uint32(client).done(),
        value: new Writer(8).uint32(last.number).uint32(last.place).done(),
      }
    })
    this.#changed.clear()
    const whole = new Writer(24).uint64(this.#appliedIndex).uint32(this.#stored).uint32(this.#sum)
    return [...rows, { key: WHOLE_KEY, value: whole.uint64(this.#floor).done() }]
  }

  digests(): MachineDigests {
    const digest = `${this.#stored}-${this.#sum.toString(16)}-${this.#floor}`
    return { applied: { index: this.#appliedIndex, digest }, checkpoints: [] }
  }

  #take({ client, number }: AppendCommand): AppendReply {
    if (client === FLOOR_CLIENT) {
      this.#floor = logPosition(Math.max(this.#floor, number))
      return { place: 0, repeated: true }
    }
    const last = this.#clients.get(client)
    if (last !== undefined && number <= last.number) {
      return { place: number === last.number ? last.place : 0, repeated: true }
    }
    const place = ++this.#stored
    this.#clients.set(client, { number, place })
    this.#changed.add(client)
    return { place, repeated: false }
  }
}

/** The bytes of one command. */
export function encodeAppend({ client, number }: AppendCommand, filling: number): Uint8Array {
  return new Writer()
    .uint32(client)
    .uint32(number)
    .uint16(filling)
    .raw(new Uint8Array(filling).fill(number))
    .done()
}

/** The commands of one entry. */
export function readCommands(data: Uint8Array): AppendCommand[] {
  const commands: AppendCommand[] = []
  const reader = new Reader(data)
  while (reader.left > 0) {
    commands.push({ client: reader.uint32(), number: reader.uint32() })
    reader.skip(reader.uint16())
  }
  return commands
}
