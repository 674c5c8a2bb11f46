/**
 * The digest of a machine's state: two 32-bit sums over all rows. A sum can be kept up to date row by row
 * and does not depend on the order of rows. Each row counts with its CRC-32 sent through a non-linear mix,
 * since the CRC is linear: without the mix, values swapped between two rows would cancel out.
 */
import { crc32 } from '../../base/crc32.ts'

/** CRC-32 of a row: of its key, then its value. */
export function rowCrc(key: Uint8Array, value: Uint8Array): number {
  return crc32(value, crc32(key))
}

/** What a row adds to the first sum (the finaliser of MurmurHash3). */
export function laneA(crc: number): number {
  let h = crc ^ 0x2545f491
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** What a row of `length` bytes adds to the second sum (the finaliser lowbias32, which mixes differently). */
export function laneB(crc: number, length: number): number {
  let h = ((crc << 15) | (crc >>> 17)) ^ Math.imul(length, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return (h ^ (h >>> 16)) >>> 0
}

/** The 16 hexadecimal characters of two sums. */
export function digestText(a: number, b: number): string {
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0')
}

/** Two sums modulo 2^32. */
export class DigestSum {
  a = 0
  b = 0

  /** Adds what a change of one row brings: new lanes minus old lanes. */
  move(deltaA: number, deltaB: number): void {
    this.a = (this.a + deltaA) >>> 0
    this.b = (this.b + deltaB) >>> 0
  }

  /** Adds a whole row. */
  addRow(key: Uint8Array, value: Uint8Array): void {
    const crc = rowCrc(key, value)
    this.move(laneA(crc), laneB(crc, key.byteLength + value.byteLength))
  }

  text(): string {
    return digestText(this.a, this.b)
  }
}
