/**
 * Reads named properties out of a stored message without decoding it: user properties, and what a message
 * says of itself under the names that RocketMQ keeps it (MessageConst). The body is stepped over.
 */
import { utf8, utf8Text } from '../../base/bytes.ts'
import { WIRE_BYTES, WIRE_VARINT, WireError, WireReader } from '../../base/wire.ts'
import { readStoredHeader } from '../machine/stored-message.ts'

// Fields of `Message` and of a map entry.
const USER_PROPERTIES = 2
const KEY = 1
const VALUE = 2
// Fields of `SystemProperties`.
const KEYS = 2
/** Where the system properties hold what RocketMQ keeps as a property. */
const SYSTEM_TEXTS: ReadonlyMap<string, number> = new Map([
  ['TAGS', 1],
  ['KEYS', KEYS],
  ['UNIQ_KEY', 3],
  ['__BORNHOST', 8],
  ['__SHARDINGKEY', 17],
  ['TRACE_CONTEXT', 18],
])
const SYSTEM_TIMES: ReadonlyMap<string, number> = new Map([
  ['BORN_TIMESTAMP', 7],
  ['TIMER_DELIVER_MS', 11],
])
const TIME_FIELDS: ReadonlySet<number> = new Set(SYSTEM_TIMES.values())

/** Reads always the same names. Not for two readers at once: the answer is used again. */
export class MessageProperties {
  readonly #user: readonly Uint8Array[]
  /** For each field of the system properties the slot that wants it. */
  readonly #system = new Map<number, number>()
  readonly #texts: (string | null)[]

  constructor(names: readonly string[]) {
    this.#user = names.map((name) => utf8(name))
    this.#texts = names.map(() => null)
    for (const [slot, name] of names.entries()) {
      const field = SYSTEM_TEXTS.get(name) ?? SYSTEM_TIMES.get(name)
      if (field !== undefined) this.#system.set(field, slot)
    }
  }

  /**
   * The texts of the names, in their order; `null` for what is missing or empty, as RocketMQ stores no empty
   * property. `undefined` when the bytes are no message. Valid until the next call.
   */
  read(stored: Uint8Array): readonly (string | null)[] | undefined {
    this.#texts.fill(null)
    const header = readStoredHeader(stored)
    if (header === undefined) return undefined
    const start = header.headerBytes
    try {
      this.#readUser(stored, start, start + header.rawLength)
      const system = start + header.systemStart
      if (this.#system.size > 0) this.#readSystem(stored, system, system + header.systemLength)
    } catch (error) {
      if (error instanceof WireError) return undefined
      throw error
    }
    return this.#texts
  }

  #readUser(bytes: Uint8Array, start: number, end: number): void {
    const outer = new WireReader(bytes, start, end)
    const entry = new WireReader(bytes)
    while (outer.next()) {
      if (outer.field !== USER_PROPERTIES || outer.wireType !== WIRE_BYTES) continue
      let slot = -1
      let valueStart = 0
      let valueEnd = 0
      entry.reset(outer.valueStart, outer.valueEnd)
      while (entry.next()) {
        if (entry.field === KEY) slot = this.#slotOf(bytes, entry.valueStart, entry.valueEnd)
        else if (entry.field === VALUE) [valueStart, valueEnd] = [entry.valueStart, entry.valueEnd]
      }
      if (slot !== -1) this.#texts[slot] = textOf(bytes, valueStart, valueEnd)
    }
  }

  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    for (const [slot, name] of this.#user.entries()) {
      if (name.byteLength === end - start && hasBytes(bytes, start, name)) return slot
    }
    return -1
  }

  #readSystem(bytes: Uint8Array, start: number, end: number): void {
    const reader = new WireReader(bytes, start, end)
    while (reader.next()) {
      const slot = reader.wireType === WIRE_BYTES ? this.#system.get(reader.field) : undefined
      if (slot === undefined) continue
      const before = this.#texts[slot] ?? null
      const { field, valueStart, valueEnd } = reader
      const text = TIME_FIELDS.has(field)
        ? millisOf(bytes, valueStart, valueEnd)
        : textOf(bytes, valueStart, valueEnd)
      // Several keys stand in one property, with blanks between them.
      this.#texts[slot] = field === KEYS && before !== null && text !== null ? `${before} ${text}` : text
    }
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string | null {
  return start === end ? null : utf8Text(bytes.subarray(start, end))
}

/** A Timestamp as milliseconds since 1970. */
function millisOf(bytes: Uint8Array, start: number, end: number): string {
  const reader = new WireReader(bytes, start, end)
  let ms = 0
  while (reader.next()) {
    if (reader.wireType !== WIRE_VARINT) continue
    if (reader.field === 1) ms += reader.signed() * 1000
    else if (reader.field === 2) ms += Math.floor(reader.low / 1_000_000)
  }
  return String(ms)
}

function hasBytes(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.byteLength; i += 1) if (bytes[start + i] !== wanted[i]) return false
  return true
}
