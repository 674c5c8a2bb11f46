/** The one checksum of this system: CRC-32 as in zlib. The only pure file that imports from `node:`. */
import { crc32 as zlibCrc32 } from 'node:zlib'

/** CRC-32 of `bytes`, going on from `seed` (the CRC of what came before). Returns 0 to 2^32 - 1. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlibCrc32(bytes, seed)
}
