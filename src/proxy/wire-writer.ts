/**
 * Writes protobuf fields into bytes that grow. A nested message is written with its own writer and then put
 * in as bytes. Fields with the default value of proto3 are the caller's to leave out.
 *
 * Pure.
 */
import { assert } from '../base/assert.ts'
import { WIRE_BYTES, WIRE_VARINT } from '../base/wire.ts'

const encoder = new TextEncoder()

/** How many bytes the varint of a whole number below 2^53 has. */
export function varintBytes(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1
  return length
}

/** Grows as needed. `clear` makes it ready for the next message without giving its memory back. */
export class WireWriter {
  #bytes: Uint8Array
  #at = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#at
  }

  /** Forgets what was written and keeps the memory. */
  clear(): this {
    this.#at = 0
    return this
  }

  /** A whole number below 2^53, without a tag. */
  varint(value: number): this {
    assert(value >= 0, 'a varint is written from a number that is not negative', { value })
    this.#room(10)
    let rest = value
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80
    }
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
    this.#bytes[this.#at++] = rest
    return this
  }

  /** A field of a whole number below 2^53. */
  number(field: number, value: number): this {
    return this.varint((field << 3) | WIRE_VARINT).varint(value)
  }

  bytes(field: number, value: Uint8Array): this {
    return this.varint((field << 3) | WIRE_BYTES)
      .varint(value.byteLength)
      .raw(value)
  }

  text(field: number, value: string): this {
    // Rule: a UTF-16 unit becomes at most three bytes. Short texts have a length of one byte, which is
    // written after the text.
    if (value.length > 42) return this.bytes(field, encoder.encode(value))
    this.varint((field << 3) | WIRE_BYTES).#room(1 + value.length * 3)
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(this.#at + 1))
    this.#bytes[this.#at] = written
    this.#at += 1 + written
    return this
  }

  /** Bytes as they are, without tag and length. */
  raw(bytes: Uint8Array): this {
    this.#room(bytes.byteLength)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.byteLength
    return this
  }

  /** `bytes[start, end)` as they are. Short pieces are cheaper this way than by a view. */
  copy(bytes: Uint8Array, start: number, end: number): this {
    if (end - start > 64) return this.raw(bytes.subarray(start, end))
    this.#room(end - start)
    for (let i = start; i < end; i += 1) this.#bytes[this.#at++] = bytes[i] as number
    return this
  }

  /** What was written: a view, valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  /** What was written, as bytes of their own. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  #room(length: number): void {
    if (this.#at + length <= this.#bytes.byteLength) return
    const larger = new Uint8Array(Math.max(this.#at + length, this.#bytes.byteLength * 2))
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
  }
}

/** The content of a google.protobuf.Timestamp or Duration of so many milliseconds, 0 or more. */
export function writeMillis(into: WireWriter, ms: number): WireWriter {
  const seconds = Math.floor(ms / 1000)
  const nanos = Math.floor(ms % 1000) * 1_000_000
  if (seconds !== 0) into.number(1, seconds)
  if (nanos !== 0) into.number(2, nanos)
  return into
}
