/** Drives ledgers inside the broker machine as the apply lane does, and keeps the rows as a table store would. */
import { expect } from 'vitest'
import type { LogIndex, LogPosition, Millis } from '../../../../src/base/brand.ts'
import { utf8, utf8Text } from '../../../../src/base/bytes.ts'
import { crc32 } from '../../../../src/base/crc32.ts'
import type { KvWrite } from '../../../../src/base/ports.ts'
import type { EncodedCommand } from '../../../../src/broker/machine/command-encode.ts'
import type { Reply } from '../../../../src/broker/machine/commands.ts'
import { BrokerMachine, encodeEntry } from '../../../../src/broker/machine/index.ts'
import type { WindowSizes } from '../../../../src/broker/machine/state.ts'
import { encodeAppend, encodeAppendBody } from '../../../../src/ledger/machine/append-codec.ts'
import { encodeLedgerCommand } from '../../../../src/ledger/machine/command-codec.ts'
import {
  isLedgerReply,
  type LedgerCommand,
  type LedgerReply,
  type Retention,
} from '../../../../src/ledger/machine/commands.ts'
import { LedgerMachine } from '../../../../src/ledger/machine/machine.ts'
import { pointerAt, pointersIn } from '../../../../src/ledger/machine/page.ts'

const SIZES: WindowSizes = { dedupeIdsMax: 1 << 10, requestsMax: 1 << 10 }
const KEYS_MAX = 256
const START_MS = 1_700_000_000_000

export const KEEP_ALL: Retention = {
  entriesMax: 1 << 20,
  bytesMax: 1 << 30,
  ageMsMax: 0,
  dropOldest: false,
}

export interface AppendOptions {
  readonly key?: string
  readonly expectedLast?: number
}

/** Both machines from rows, which may be damaged. */
export function loadAny(rows: Iterable<KvWrite>): {
  readonly machine: BrokerMachine
  readonly ledgers: LedgerMachine
  readonly problems: readonly string[]
} {
  const made: LedgerMachine[] = []
  const loader = BrokerMachine.loader(SIZES, (shared) => {
    const ledgers = new LedgerMachine(shared, KEYS_MAX)
    made.push(ledgers)
    return ledgers
  })
  for (const { key, value } of rows) if (value !== null) loader.add(key, value)
  const { machine, problems } = loader.finish()
  const [ledgers] = made
  if (ledgers === undefined) throw new Error('a part was made')
  return { machine, ledgers, problems }
}

export class LedgerHarness {
  machine: BrokerMachine
  ledgers: LedgerMachine
  readonly table = new Map<string, KvWrite>()
  nowMs = START_MS
  #log: Uint8Array[] = []
  #position = 1000

  constructor() {
    const { machine, ledgers } = loadAny([])
    this.machine = machine
    this.ledgers = ledgers
  }

  /** Applies commands as one entry, `laterMs` after the last one. */
  apply(commands: readonly EncodedCommand[], laterMs = 0): readonly LedgerReply[] {
    return this.applyAny(commands, laterMs).map((reply) => {
      if (reply.type !== 'part' || !isLedgerReply(reply.reply)) throw new Error(`answered ${reply.type}`)
      return reply.reply
    })
  }

  /** The same for commands of any machine in the log. */
  applyAny(commands: readonly EncodedCommand[], laterMs = 0): readonly Reply[] {
    this.nowMs += laterMs
    const data = Buffer.concat(encodeEntry(this.nowMs as Millis, commands).chunks)
    const index = (this.machine.appliedIndex + 1) as LogIndex
    const replies = this.machine.apply({ index, position: this.#position as LogPosition }, data)
    this.#log.push(data)
    this.#position += data.byteLength
    return replies
  }

  /** Where the log ends. */
  get end(): LogPosition {
    return this.#position as LogPosition
  }

  one(command: EncodedCommand | LedgerCommand, laterMs = 0): LedgerReply {
    const encoded = 'type' in command ? encodeLedgerCommand(command) : command
    const [reply] = this.apply([encoded], laterMs)
    if (reply === undefined) throw new Error('a command has a reply')
    return reply
  }

  create(name: string, retention: Partial<Retention> = {}): number {
    const reply = this.one({ type: 'createLedger', name, retention: { ...KEEP_ALL, ...retention } })
    if (reply.type !== 'created') throw new Error(`answered ${reply.type}`)
    return reply.ledgerId
  }

  append(ledgerId: number, texts: readonly string[], options: AppendOptions = {}, laterMs = 0): LedgerReply {
    return this.one(appendOf(ledgerId, texts, options), laterMs)
  }

  drain(): void {
    for (const { key, value } of this.machine.drain()) {
      const name = Buffer.from(key).toString('hex')
      if (value === null) this.table.delete(name)
      else this.table.set(name, { key: key.slice(), value: value.slice() })
    }
  }

  /** Goes on with machines loaded from the table. They must be exactly those that were written. */
  restart(): void {
    this.drain()
    const digest = this.digest
    const { machine, ledgers, problems } = loadAny(this.table.values())
    expect(problems).toEqual([])
    expect(machine.faults()).toEqual([])
    expect(machine.digests().applied.digest).toBe(digest)
    this.machine = machine
    this.ledgers = ledgers
  }

  get digest(): string {
    return this.machine.digests().applied.digest
  }

  /** The texts of a ledger, read through pages and log as a reader does. */
  texts(name: string): string[] {
    const ledger = this.ledgers.ledger(name)
    if (ledger === undefined) throw new Error(`no ledger ${name}`)
    const log = Buffer.concat(this.#log)
    const texts: string[] = []
    for (let index: number = ledger.firstIndex; index < ledger.nextIndex; index++) {
      const page = this.ledgers.pageAt(ledger.id, index)
      if (page === undefined) throw new Error(`no page for ${index}`)
      const row = this.table.get(Buffer.from(page.key).toString('hex'))?.value
      const pointers = page.pointers ?? (row == null ? undefined : pointersIn(row))
      if (pointers === undefined) throw new Error(`no pointers for ${index}`)
      const { position, size } = pointerAt(pointers, index - page.firstIndex)
      texts.push(utf8Text(log.subarray(position - 1000, position - 1000 + size)))
    }
    return texts
  }
}

/** The command that appends texts, whose bytes stand in one chunk with something around each. */
export function appendOf(
  ledgerId: number,
  texts: readonly string[],
  options: AppendOptions = {},
): EncodedCommand {
  const places: number[] = []
  const chunks: Uint8Array[] = []
  let at = 0
  for (const text of texts) {
    const bytes = utf8(text)
    places.push(at + 1, bytes.byteLength)
    chunks.push(Uint8Array.of(0x12), bytes)
    at += 1 + bytes.byteLength
  }
  const { key, expectedLast } = options
  const hash = Buffer.alloc(16)
  if (key !== undefined) hash.write(key)
  const terms = {
    expectedLast: expectedLast ?? null,
    key: key === undefined ? null : { hash, crc: crc32(utf8(texts.join(''))) },
  }
  return encodeAppend(ledgerId, encodeAppendBody(terms, places, [Buffer.concat(chunks)], at))
}
