/**
 * Decodes header blocks (RFC 7541). The table that the client fills lives as long as the connection, so every
 * block is decoded, also of streams that nobody wants any more.
 */
import { headerField, type HeaderField, HeaderList, sizeOf, withValue } from './header-field.ts'
import { STATIC_TABLE } from './hpack-static-table.ts'
import { huffmanText } from './huffman.ts'
import { ConnectionError, HEADER_TABLE_BYTES_DEFAULT, Http2Code } from './protocol.ts'

/** More bits than any index, size or length of ours has. */
const INTEGER_BITS_MAX = 28

export class HpackDecoder {
  /** What a list may have, each field counted as in a table (RFC 9113 section 6.5.2). */
  readonly #listBytesMax: number
  /** Newest first. */
  #table: HeaderField[] = []
  #tableBytes = 0
  #tableBytesMax = HEADER_TABLE_BYTES_DEFAULT
  #block: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax
  }

  /** Decodes one whole block. Throws `ConnectionError` COMPRESSION_ERROR for bytes that are none. */
  decode(block: Buffer): HeaderList {
    this.#block = block
    this.#at = 0
    const fields: HeaderField[] = []
    let bytes = 0
    let begun = false
    while (this.#at < block.byteLength) {
      const first = block[this.#at] as number
      if ((first & 0xe0) === 0x20) {
        if (begun) fail('a table changes its size inside a block')
        this.#resize(this.#integer(5))
        continue
      }
      begun = true
      const field = this.#field(first)
      bytes += sizeOf(field)
      if (bytes <= this.#listBytesMax) fields.push(field)
    }
    return new HeaderList(fields, bytes > this.#listBytesMax)
  }

  #field(first: number): HeaderField {
    // Most fields of a call are an index of one byte.
    if (first > 0x80 && first < 0xff) {
      this.#at++
      return this.#indexed(first - 0x80)
    }
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(7))
    const kept = (first & 0x40) !== 0
    const nameIndex = this.#integer(kept ? 6 : 4)
    const field =
      nameIndex === 0
        ? headerField(this.#text(), this.#text())
        : withValue(this.#indexed(nameIndex), this.#text())
    if (kept) this.#insert(field)
    return field
  }

  #indexed(index: number): HeaderField {
    const field =
      index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : this.#table[index - STATIC_TABLE.length - 1]
    return field ?? fail(`there is no field ${index} in the table`)
  }

  #insert(field: HeaderField): void {
    const bytes = sizeOf(field)
    this.#shrink(this.#tableBytesMax - bytes)
    if (bytes > this.#tableBytesMax) return
    this.#table.unshift(field)
    this.#tableBytes += bytes
  }

  #resize(bytesMax: number): void {
    if (bytesMax > HEADER_TABLE_BYTES_DEFAULT) fail('a table is larger than allowed')
    this.#tableBytesMax = bytesMax
    this.#shrink(bytesMax)
  }

  /** Drops the oldest fields until the rest has at most `bytesMax`. */
  #shrink(bytesMax: number): void {
    while (this.#tableBytes > bytesMax) {
      const oldest = this.#table.pop()
      if (oldest === undefined) break
      this.#tableBytes -= sizeOf(oldest)
    }
  }

  /** A number whose first bits are the last `prefixBits` of this byte (section 5.1). */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1
    let value = this.#byte() & mask
    if (value < mask) return value
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte()
      if (shift > INTEGER_BITS_MAX) fail('a number is too large')
      value += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) return value
    }
  }

  /** A string (section 5.2). */
  #text(): string {
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0
    const length = this.#integer(7)
    const start = this.#at
    const end = start + length
    if (end > this.#block.byteLength) fail('a string ends behind its block')
    this.#at = end
    if (isHuffman) return huffmanText(this.#block, start, end) ?? fail('a string is no Huffman code')
    return this.#block.toString('latin1', start, end)
  }

  #byte(): number {
    if (this.#at >= this.#block.byteLength) fail('a block ends too early')
    return this.#block[this.#at++] as number
  }
}

function fail(message: string): never {
  throw new ConnectionError(Http2Code.compressionError, message)
}
