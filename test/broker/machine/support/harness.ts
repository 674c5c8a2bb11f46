/** Drives a machine as the apply lane does, and keeps its rows as a table store would. */
import { expect } from 'vitest'
import type { LogIndex, LogPosition, Millis, QueueOffset } from '../../../../src/base/brand.ts'
import type { KvWrite } from '../../../../src/base/ports.ts'
import { encodeCommand } from '../../../../src/broker/machine/command-encode.ts'
import type { Command, Pointer, Reply } from '../../../../src/broker/machine/commands.ts'
import { DigestSum } from '../../../../src/broker/machine/digest.ts'
import { encodeEntry } from '../../../../src/broker/machine/entry-codec.ts'
import { BrokerMachine } from '../../../../src/broker/machine/machine.ts'
import type { WindowSizes } from '../../../../src/broker/machine/state.ts'
import { TABLE_META } from '../../../../src/broker/machine/tables.ts'

const META_CORE_BYTES = [0, 72, 88]
export const START_MS = 1_700_000_000_000

export interface LoggedEntry {
  readonly index: LogIndex
  readonly position: LogPosition
  readonly data: Uint8Array
}

/** Room that tests fill without effort; the system's own takes longer to make than most tests run. */
export const SMALL_WINDOWS: WindowSizes = {
  dedupeIdsMax: 1 << 14,
  requestsMax: 1 << 12,
  endedTransactionsMax: 1 << 10,
}

/** One machine with its log and its table. */
export class Harness {
  machine: BrokerMachine
  readonly sizes: WindowSizes
  readonly log: LoggedEntry[] = []
  readonly table = new Map<string, KvWrite>()
  nowMs = START_MS
  #position = 1000

  constructor(sizes: WindowSizes = SMALL_WINDOWS) {
    this.sizes = sizes
    this.machine = BrokerMachine.withWindows(sizes)
  }

  /** Applies commands as one entry, `laterMs` after the last one. */
  apply(commands: readonly Command[], laterMs = 0): readonly Reply[] {
    this.nowMs += laterMs
    return this.applyData(entryOf(this.nowMs, commands))
  }

  /** Applies one command as an entry of its own. */
  one(command: Command, laterMs = 0): Reply {
    const [reply] = this.apply([command], laterMs)
    if (reply === undefined) throw new Error('a command has a reply')
    return reply
  }

  applyData(data: Uint8Array): readonly Reply[] {
    const index = (this.machine.appliedIndex + 1) as LogIndex
    const entry = { index, position: this.#position as LogPosition, data }
    const replies = this.machine.apply(entry, data)
    this.log.push(entry)
    this.#position += data.byteLength + 40
    return replies
  }

  /** Writes what the machine drains into the table. */
  drain(): KvWrite[] {
    const writes = this.machine.drain()
    const keys = writes.map(({ key }) => Buffer.from(key).toString('hex'))
    expect(new Set(keys).size).toBe(keys.length)
    for (const [i, write] of writes.entries()) {
      const key = keys[i] as string
      if (write.value === null) this.table.delete(key)
      else this.table.set(key, { key: write.key.slice(), value: write.value.slice() })
    }
    return writes
  }

  /** The digest over all rows of the table, computed from nothing. */
  tableDigest(): string {
    const sum = new DigestSum()
    for (const { key, value } of this.table.values()) {
      if (value === null) continue
      sum.addRow(key, key[1] === TABLE_META ? value.subarray(0, META_CORE_BYTES[value[0] ?? 0]) : value)
    }
    return sum.text()
  }

  get digest(): string {
    return this.machine.digests().applied.digest
  }

  /** Where a message of a queue stands. Drains when it must. */
  pointer(queue: number, offset: QueueOffset): Pointer {
    const known = this.machine.pointerInMemory(queue, offset)
    if (known !== undefined) return known
    this.drain()
    const page = this.table.get(Buffer.from(this.machine.pageKey(queue, offset)).toString('hex'))?.value
    const pointer =
      this.machine.pointerInMemory(queue, offset) ?? (page && this.machine.pointerInPage(page, offset))
    if (pointer === undefined || pointer === null) throw new Error(`no pointer of ${queue}:${offset}`)
    return pointer
  }

  /** The bytes of the log at a pointer. */
  bytesAt({ position, size }: Pointer): Uint8Array {
    const entry = this.log.findLast((one) => one.position <= position)
    const at = position - (entry?.position ?? 0)
    return entry?.data.slice(at, at + size) ?? new Uint8Array()
  }

  /** Drains, and loads another machine from the table. */
  reload(): BrokerMachine {
    this.drain()
    return load(this.table.values(), this.sizes)
  }

  /** Goes on with a machine loaded from the table, as after a restart. */
  restart(): void {
    this.machine = this.reload()
  }
}

/** Loads a machine from rows that must be whole. */
export function load(rows: Iterable<KvWrite>, sizes: WindowSizes = SMALL_WINDOWS): BrokerMachine {
  const { machine, problems } = loadAny(rows, sizes)
  expect(problems).toEqual([])
  expect(machine.faults()).toEqual([])
  return machine
}

export function loadAny(rows: Iterable<KvWrite>, sizes: WindowSizes = SMALL_WINDOWS) {
  const loader = BrokerMachine.loader(sizes)
  const sorted = [...rows].sort((one, other) => Buffer.compare(one.key, other.key))
  for (const { key, value } of sorted) if (value !== null) loader.add(key, value)
  return loader.finish()
}

export function entryOf(stampMs: number, commands: readonly Command[]): Uint8Array {
  return Buffer.concat(encodeEntry(stampMs as Millis, commands.map(encodeCommand)).chunks)
}
