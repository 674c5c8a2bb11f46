/**
 * Bounds-checked reading and writing of binary layouts. All numbers are big-endian, so that keys sort as
 * numbers. 64-bit numbers are two halves, because a bigint costs six times as much.
 */
import { assert } from './assert.ts'

const TWO_32 = 0x1_0000_0000
const utf8Decoder = new TextDecoder('utf-8', { fatal: false })
const utf8Encoder = new TextEncoder()

/** Bytes end before the layout does, or hold a number that no layout allows. The bytes are refused. */
export class BytesError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BytesError'
  }
}

export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text)
}

export function utf8Text(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes)
}

/** Writes a whole number below 2^53 as eight bytes. */
export function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_32))
  view.setUint32(at + 4, value >>> 0)
}

/** Reads eight bytes as a whole number. Throws `BytesError` beyond 2^53. */
export function getUint64(view: DataView, at: number): number {
  const high = view.getUint32(at)
  if (high > 0x1f_ffff) throw new BytesError('a 64-bit number is beyond 2^53')
  return high * TWO_32 + view.getUint32(at + 4)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Reads a layout from start to end. Every read past the end throws `BytesError`. */
export class Reader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #at: number

  constructor(bytes: Uint8Array, start = 0) {
    this.bytes = bytes
    this.#view = viewOf(bytes)
    this.#at = start
  }

  get at(): number {
    return this.#at
  }

  get left(): number {
    return this.bytes.byteLength - this.#at
  }

  #take(length: number): number {
    const at = this.#at
    if (length < 0 || at + length > this.bytes.byteLength) throw new BytesError('bytes end too early')
    this.#at = at + length
    return at
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  uint64(): number {
    return getUint64(this.#view, this.#take(8))
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number): Uint8Array {
    const at = this.#take(length)
    return this.bytes.subarray(at, at + length)
  }

  skip(length: number): void {
    this.#take(length)
  }

  /** Text with a 16-bit length before it. */
  text16(): string {
    return utf8Text(this.take(this.uint16()))
  }

  /** Bytes with a 32-bit length before them: a view, not a copy. */
  bytes32(): Uint8Array {
    return this.take(this.uint32())
  }

  /** Throws `BytesError` unless everything was read. */
  end(): void {
    if (this.left !== 0) throw new BytesError('bytes are left over')
  }
}

/** Writes a layout into a buffer that grows. */
export class Writer {
  #bytes: Uint8Array
  #view: DataView
  #at = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = viewOf(this.#bytes)
  }

  get length(): number {
    return this.#at
  }

  #room(length: number): number {
    const at = this.#at
    const end = at + length
    if (end > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.byteLength * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = viewOf(larger)
    }
    this.#at = end
    return at
  }

  uint8(value: number): this {
    const at = this.#room(1)
    this.#view.setUint8(at, value)
    return this
  }

  uint16(value: number): this {
    assert(value <= 0xffff, 'the value fits 16 bits', { value })
    const at = this.#room(2)
    this.#view.setUint16(at, value)
    return this
  }

  uint32(value: number): this {
    const at = this.#room(4)
    this.#view.setUint32(at, value)
    return this
  }

  uint64(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'the value is a whole number', { value })
    const at = this.#room(8)
    setUint64(this.#view, at, value)
    return this
  }

  raw(bytes: Uint8Array): this {
    // Room comes first: it may replace the buffer.
    const at = this.#room(bytes.byteLength)
    this.#bytes.set(bytes, at)
    return this
  }

  text16(text: string): this {
    const bytes = utf8(text)
    return this.uint16(bytes.byteLength).raw(bytes)
  }

  bytes32(bytes: Uint8Array): this {
    return this.uint32(bytes.byteLength).raw(bytes)
  }

  /** The bytes written so far: a view, valid until the next write. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }
}
