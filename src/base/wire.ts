/**
 * Walks the bytes of a protobuf message without decoding it: where each field begins and ends. Only for the
 * hot path, where messages are cut out and joined untouched; everything else uses the codec of `src/rpc`.
 * Source: protobuf wire format (tag = field << 3 | wire type). Groups, long out of use, are refused.
 *
 * Pure.
 */

/** A number in groups of seven bits. */
export const WIRE_VARINT = 0
/** Length-delimited: texts, bytes and sub-messages. */
export const WIRE_BYTES = 2
const WIRE_FIXED64 = 1
const WIRE_FIXED32 = 5

const TWO_32 = 0x1_0000_0000

/** The bytes are no protobuf message. They come from a client and are refused. */
export class WireError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WireError'
  }
}

/** Stands on one field after the other of `bytes[start, end)`. Every step stays inside these bounds. */
export class WireReader {
  readonly #bytes: Uint8Array
  #end: number
  #at: number
  /** The number of the field it stands on. */
  field = 0
  wireType = 0
  /** Where the field's tag starts. */
  fieldStart = 0
  /** Where its value starts and ends; for a length-delimited field the content without the length. */
  valueStart = 0
  valueEnd = 0
  /** The value of a varint field: its low and high 32 bits, unsigned. */
  low = 0
  high = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.byteLength) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Starts again with other bounds in the same bytes. */
  reset(start: number, end: number): void {
    this.#at = start
    this.#end = end
  }

  /** Goes to the next field; `false` at the end. Throws `WireError` for malformed bytes. */
  next(): boolean {
    if (this.#at === this.#end) return false
    this.fieldStart = this.#at
    this.#varint()
    this.field = this.low >>> 3
    this.wireType = this.low & 7
    if (this.high !== 0 || this.field === 0) throw new WireError('a field number is out of range')
    if (this.wireType === WIRE_BYTES) this.#varint()
    this.valueStart = this.#at
    if (this.wireType === WIRE_BYTES) this.#skip(this.high === 0 ? this.low : TWO_32)
    else if (this.wireType === WIRE_VARINT) this.#varint()
    else if (this.wireType === WIRE_FIXED64) this.#skip(8)
    else if (this.wireType === WIRE_FIXED32) this.#skip(4)
    else throw new WireError('a wire type is unknown')
    this.valueEnd = this.#at
    return true
  }

  /** The varint value as a signed 64-bit number; exact up to 2^53 either way. */
  signed(): number {
    return (this.high | 0) * TWO_32 + this.low
  }

  #skip(length: number): void {
    if (length > this.#end - this.#at) throw new WireError('a field ends outside its message')
    this.#at += length
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new WireError('a number ends outside its message')
    return this.#bytes[this.#at++] as number
  }

  #varint(): void {
    let byte = this.#byte()
    let low = byte & 0x7f
    this.high = 0
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 63) throw new WireError('a number is longer than ten bytes')
      byte = this.#byte()
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        this.high = bits >>> 4
      } else this.high |= bits << (shift - 32)
    }
    this.low = low >>> 0
    this.high >>>= 0
  }
}

/** Whether `bytes[start, end)` is well-formed UTF-8: every official client refuses a string that is not. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end) {
    const byte = bytes[at] as number
    if (byte < 0x80) {
      at += 1
      continue
    }
    const more = byte >= 0xc2 && byte < 0xe0 ? 1 : byte >= 0xe0 && byte < 0xf0 ? 2 : 3
    if (byte < 0xc2 || byte > 0xf4 || at + more >= end) return false
    const second = bytes[at + 1] as number
    const secondMin = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
    const secondMax = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
    if (second < secondMin || second > secondMax) return false
    for (let i = 2; i <= more; i += 1) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return false
    at += more + 1
  }
  return true
}
