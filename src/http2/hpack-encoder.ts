/**
 * Encodes header blocks without a table: literals that nobody keeps, names of the static table by number. A
 * block so made is the same on every connection, so the usual ones are made once.
 */
import { STATIC_TABLE } from './hpack-static-table.ts'

/** Tells the client that this side keeps no table. Due in the first block after it changed the size. */
export const NO_TABLE = Uint8Array.of(0x20)

/** Fields in order, names in lower case, values of one octet a character. */
export type Fields = readonly (readonly [name: string, value: string])[]

export function headerBlock(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => encoded(name, value)))
}

function encoded(name: string, value: string): readonly Uint8Array[] {
  const whole = STATIC_TABLE.findIndex((field) => field.name === name && field.value === value)
  if (whole >= 0) return [integer(0x80, 7, whole + 1)]
  const named = STATIC_TABLE.findIndex((field) => field.name === name)
  if (named >= 0) return [integer(0, 4, named + 1), ...text(value)]
  return [Uint8Array.of(0), ...text(name), ...text(value)]
}

function text(characters: string): readonly Uint8Array[] {
  const bytes = Buffer.from(characters, 'latin1')
  return [integer(0, 7, bytes.byteLength), bytes]
}

/** A number whose first bits are the last `prefixBits` of the first byte (RFC 7541 section 5.1). */
function integer(pattern: number, prefixBits: number, value: number): Uint8Array {
  const mask = (1 << prefixBits) - 1
  if (value < mask) return Uint8Array.of(pattern | value)
  const bytes = [pattern | mask]
  let rest = value - mask
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
