/**
 * The Huffman code of header strings (RFC 7541 appendix B), decoding only. The code is canonical: it follows
 * from the length of each symbol's code alone, in the order of lengths and then of symbols.
 */

/** The bits of the code of each octet. */
// biome-ignore format: sixteen in a line
const CODE_LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
] as const

/** The longest code of an octet. The end-of-string symbol has 30 bits, all ones, and never occurs. */
const CODE_LENGTH_MAX = 30
const TABLE_SIZE = 256

/**
 * Tables of 256 places, one for each level of eight bits, one behind the other. A place holds 0 (no such
 * code), a symbol (`symbol << 4 | bits used`, with LEAF set), or the number of the table for the next bits.
 */
const LEAF = 1 << 16
const places = buildTables()

/** The shortest code of an octet has five bits. */
const BITS_MIN = 5
/** Where the usual text is put together: a text made character by character costs three times as much. */
const usual = Buffer.allocUnsafeSlow(4096)

/**
 * Decodes bytes `start` to `end` (exclusive) into a text of one character an octet. `undefined` when they are
 * no such code: a wrong end, or the end-of-string symbol.
 */
export function huffmanText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const octetsMax = Math.floor(((end - start) * 8) / BITS_MIN)
  const text = octetsMax <= usual.byteLength ? usual : Buffer.allocUnsafe(octetsMax)
  let length = 0
  let table = 0
  let bits = 0
  let bitCount = 0
  /** Bits since the last symbol: they must be padding at the end. */
  let open = 0
  for (let at = start; at < end || bitCount > 0; ) {
    if (bitCount < 8 && at < end) {
      bits = ((bits << 8) | (bytes[at] as number)) & 0xffff
      bitCount += 8
      at++
    }
    // At the end the missing bits are ones, as padding is.
    const index = bitCount >= 8 ? bits >> (bitCount - 8) : (bits << (8 - bitCount)) | (0xff >> bitCount)
    const place = places[table * TABLE_SIZE + (index & 0xff)] as number
    if (place === 0) return undefined
    const isLeaf = (place & LEAF) !== 0
    const used = isLeaf ? place & 0xf : 8
    if (used > bitCount) {
      open += bitCount
      return isPadding(open, bits, bitCount) ? text.toString('latin1', 0, length) : undefined
    }
    bitCount -= used
    bits &= (1 << bitCount) - 1
    if (isLeaf) {
      text[length++] = (place >> 4) & 0xff
      table = 0
      open = 0
    } else {
      table = place
      open += 8
    }
  }
  return open === 0 ? text.toString('latin1', 0, length) : undefined
}

/** Padding is fewer than eight bits, all ones. */
function isPadding(open: number, bits: number, bitCount: number): boolean {
  return open < 8 && bits === (1 << bitCount) - 1
}

function buildTables(): Int32Array {
  const tables: Int32Array[] = [new Int32Array(TABLE_SIZE)]
  let code = 0
  for (let length = 1; length <= CODE_LENGTH_MAX; length++) {
    for (let symbol = 0; symbol < CODE_LENGTHS.length; symbol++) {
      if (CODE_LENGTHS[symbol] === length) placeSymbol(tables, symbol, code++, length)
    }
    code *= 2
  }
  const all = new Int32Array(tables.length * TABLE_SIZE)
  for (const [at, table] of tables.entries()) all.set(table, at * TABLE_SIZE)
  return all
}

function placeSymbol(tables: Int32Array[], symbol: number, code: number, length: number): void {
  let table = tables[0] as Int32Array
  let left = length
  while (left > 8) {
    left -= 8
    const index = Math.floor(code / 2 ** left) & 0xff
    if (table[index] === 0) {
      table[index] = tables.length
      tables.push(new Int32Array(TABLE_SIZE))
    }
    table = tables[table[index] as number] as Int32Array
  }
  const first = (code << (8 - left)) & 0xff
  table.fill(LEAF | (symbol << 4) | left, first, first + (1 << (8 - left)))
}
