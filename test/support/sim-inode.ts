/** One file of the simulated disk: what was written, what is synced, and which sectors differ. */
import type { Prng } from '../../src/base/prng.ts'

/** What a disk writes as a whole. */
export const SECTOR_BYTES = 512

export class SimInode {
  #written: Uint8Array = new Uint8Array(0)
  #size = 0
  #synced: Uint8Array = new Uint8Array(0)
  #syncedSize = 0
  /** Sectors written since the last sync. */
  #dirty = new Set<number>()

  get size(): number {
    return this.#size
  }

  bytes(): Uint8Array {
    return this.#written.slice(0, this.#size)
  }

  /** What is synced at this place, as a view. */
  durableBytes(position: number, size: number): Uint8Array {
    return this.#synced.subarray(position, Math.min(this.#syncedSize, position + size))
  }

  copy(): SimInode {
    const copy = new SimInode()
    copy.#written = this.#written.slice()
    copy.#size = this.#size
    copy.#synced = this.#synced.slice()
    copy.#syncedSize = this.#syncedSize
    copy.#dirty = new Set(this.#dirty)
    return copy
  }

  /** Sets the content, durably. */
  replace(bytes: Uint8Array): void {
    this.#written = bytes.slice()
    this.#size = bytes.byteLength
    this.#synced = bytes.slice()
    this.#syncedSize = bytes.byteLength
    this.#dirty.clear()
  }

  read(into: Uint8Array, position: number): number {
    const bytes = this.#written.subarray(position, Math.min(this.#size, position + into.byteLength))
    into.set(bytes)
    return bytes.byteLength
  }

  /** Writes the first `limit` bytes of the chunks. */
  write(chunks: readonly Uint8Array[], position: number, limit: number): void {
    let at = position
    const end = position + limit
    this.#written = withRoom(this.#written, end)
    for (const chunk of chunks) {
      const part = chunk.subarray(0, Math.max(0, end - at))
      this.#written.set(part, at)
      at += part.byteLength
    }
    this.#touch(Math.min(position, this.#size), end)
    this.#size = Math.max(this.#size, end)
  }

  truncate(size: number): void {
    this.#written = withRoom(this.#written, size)
    this.#written.fill(0, size)
    this.#touch(Math.min(size, this.#size), Math.max(size, this.#size))
    this.#size = size
  }

  sync(): void {
    this.#synced = withRoom(this.#synced, this.#size)
    for (const sector of this.#dirty) copySector(this.#written, this.#synced, sector)
    this.#syncedSize = this.#size
    this.#synced.fill(0, this.#size)
    this.#dirty.clear()
  }

  /** As Linux does: the pages count as clean, readers see them, and they never reach the disk. */
  failSync(): void {
    this.#dirty.clear()
  }

  /** Goes back to what is synced plus a part of the sectors written since, and any size on the way. */
  crash(prng: Prng, shorn: boolean): void {
    const low = Math.min(this.#size, this.#syncedSize)
    const high = Math.max(this.#size, this.#syncedSize)
    const size = prng.pick([this.#size, this.#syncedSize, prng.below(high + 1, low)])
    const sectors = [...this.#dirty].sort((a, b) => a - b)
    const mode = prng.pick(['all', 'none', 'some', 'prefix'] as const)
    const prefix = prng.below(sectors.length + 1)
    const image = withRoom(this.#synced.slice(), high)
    for (const [i, sector] of sectors.entries()) {
      const kept =
        mode === 'all' || (mode === 'some' && prng.chance(0.5)) || (mode === 'prefix' && i < prefix)
      if (kept) copySector(this.#written, image, sector)
    }
    for (const sector of shorn ? sectors : []) {
      if (prng.chance(0.6)) continue
      const start = sector * SECTOR_BYTES
      for (let at = start; at < start + SECTOR_BYTES; at++) image[at] = prng.below(256)
    }
    this.replace(image.slice(0, size))
  }

  /** Changes a bit or loses a sector of what is synced, for readers too. False when nothing is. */
  rot(prng: Prng): boolean {
    if (this.#syncedSize === 0) return false
    const at = prng.below(this.#syncedSize)
    const sector = at - (at % SECTOR_BYTES)
    const isSector = prng.chance(0.3)
    const bit = 1 << prng.below(8)
    for (const bytes of [this.#synced, this.#written]) {
      if (isSector) bytes.fill(0, sector, Math.min(sector + SECTOR_BYTES, this.#syncedSize))
      else bytes[at] = (bytes[at] ?? 0) ^ bit
    }
    return true
  }

  #touch(start: number, end: number): void {
    for (let at = start - (start % SECTOR_BYTES); at < end; at += SECTOR_BYTES) {
      this.#dirty.add(at / SECTOR_BYTES)
    }
  }
}

/** The same bytes with room for `size`, in whole sectors, zeros behind them. */
function withRoom(bytes: Uint8Array, size: number): Uint8Array {
  if (size <= bytes.byteLength) return bytes
  const larger = new Uint8Array(Math.ceil(Math.max(size, bytes.byteLength * 2) / SECTOR_BYTES) * SECTOR_BYTES)
  larger.set(bytes)
  return larger
}

/** A sector behind the end of `to` was cut off since it was written. */
function copySector(from: Uint8Array, to: Uint8Array, sector: number): void {
  const start = sector * SECTOR_BYTES
  if (start >= to.byteLength) return
  to.set(from.subarray(start, Math.min(start + SECTOR_BYTES, to.byteLength)), start)
}
