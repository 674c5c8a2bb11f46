/** An encoder of header blocks that uses everything RFC 7541 offers, as the dice fall. */
import type { Fields } from '../../../src/http2/hpack-encoder.ts'
import { STATIC_TABLE } from '../../../src/http2/hpack-static-table.ts'
import { huffmanEncoded } from './huffman-code.ts'

type Pair = readonly [name: string, value: string]

const statics: readonly Pair[] = STATIC_TABLE.map(({ name, value }) => [name, value])

export class ReferenceEncoder {
  readonly #dice: () => number
  #table: Pair[] = []
  #bytesMax = 4096

  /** `dice` gives a number from 0 to 255 for each choice. */
  constructor(dice: () => number) {
    this.#dice = dice
  }

  encode(fields: Fields): Buffer {
    const updates = this.#dice() < 32 ? [this.#resized(this.#dice() * 16)] : []
    return Buffer.concat([...updates, ...fields.map((field) => this.#encoded(field))])
  }

  #resized(bytesMax: number): Buffer {
    this.#bytesMax = bytesMax
    this.#evict()
    return integer(0x20, 5, bytesMax)
  }

  #encoded([name, value]: Pair): Buffer {
    const all = [...statics, ...this.#table]
    const whole = all.findIndex((other) => other[0] === name && other[1] === value)
    if (whole >= 0 && this.#dice() < 200) return integer(0x80, 7, whole + 1)
    const named = this.#dice() < 200 ? all.findIndex((other) => other[0] === name) + 1 : 0
    const kept = this.#dice() < 128
    const head = kept ? integer(0x40, 6, named) : integer(this.#dice() < 128 ? 0 : 0x10, 4, named)
    if (kept) {
      this.#table.unshift([name, value])
      this.#evict()
    }
    return Buffer.concat([head, ...(named === 0 ? [this.#text(name)] : []), this.#text(value)])
  }

  #evict(): void {
    const size = (): number =>
      this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)
    while (size() > this.#bytesMax) this.#table.pop()
  }

  #text(characters: string): Buffer {
    const plain = Buffer.from(characters, 'latin1')
    if (this.#dice() < 128) return Buffer.concat([integer(0, 7, plain.byteLength), plain])
    const coded = huffmanEncoded(plain)
    return Buffer.concat([integer(0x80, 7, coded.byteLength), coded])
  }
}

export function integer(pattern: number, prefixBits: number, value: number): Buffer {
  const mask = 2 ** prefixBits - 1
  if (value < mask) return Buffer.of(pattern | value)
  const bytes = [pattern | mask]
  let rest = value - mask
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128))
  return Buffer.of(...bytes, rest)
}
