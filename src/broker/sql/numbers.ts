/**
 * Numbers of SQL filters: 64-bit integers and doubles, read from the text of a property as Java's
 * `Long.valueOf` and `Double.valueOf` read them (but ASCII digits only, and no hexadecimal doubles).
 *
 * Pure.
 */

/** An integer of 64 bits: a `number` where that is exact, otherwise a `bigint`. The two compare exactly. */
export type Integer = number | bigint

const LONG_MAX = 2n ** 63n - 1n
const LONG_MIN = -(2n ** 63n)
/** So many digits are exact in a `number`, whatever they are. */
const SAFE_DIGITS = 15
const LONG_DIGITS = 19

const INTEGER = /^[+-]?\d+$/
const DOUBLE = /^[+-]?(?:NaN|Infinity|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/

/** The integer that the whole text is; `undefined` when it is none or has more than 64 bits. */
export function parseInteger(text: string): Integer | undefined {
  if (!INTEGER.test(text)) return undefined
  const digits = text.length - leadingOf(text)
  if (digits > LONG_DIGITS) return undefined
  if (digits <= SAFE_DIGITS) return Number(text) + 0
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return value > LONG_MAX || value < LONG_MIN ? undefined : value
}

/** The double that the text is, blanks around it aside; `undefined` when it is none. */
export function parseDouble(text: string): number | undefined {
  const trimmed = trim(text)
  if (!DOUBLE.test(trimmed)) return undefined
  return Number(/[fFdD]$/.test(trimmed) ? trimmed.slice(0, -1) : trimmed)
}

/** Below 0, 0 or above: as Java orders doubles, where NaN is the largest and equal to itself, and -0.0 < 0.0. */
export function compareDoubles(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return a === 0 ? Math.sign(1 / a - 1 / b) || 0 : 0
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  return -1
}

/** Exact, whatever the two are kept as. */
export function compareIntegers(a: Integer, b: Integer): number {
  if (a < b) return -1
  return a > b ? 1 : 0
}

/** How many characters stand before the first digit that counts. */
function leadingOf(text: string): number {
  let at = text.startsWith('+') || text.startsWith('-') ? 1 : 0
  while (text[at] === '0') at += 1
  return at
}

/** As `String.trim`: everything up to and with the blank is cut off. */
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) <= 32) start += 1
  while (end > start && text.charCodeAt(end - 1) <= 32) end -= 1
  return text.slice(start, end)
}
