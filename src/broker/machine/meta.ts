/**
 * The one row about the machine as a whole. Its core counts for the digest like a row; the digest itself
 * and the checkpoints behind it do not, so that they have a checksum of their own.
 *
 *   0  u8   version: 1, or 2 once a floor rises
 *   1  u8   0, u16 0
 *   4  u64  applied index
 *  12  u64  log time
 *  20  u32  next topic id
 *  24  u32  next group id
 *  28  u32  next queue number
 *  32  u64  dedupe ring: head
 *  40  u64  dedupe ring: tail
 *  48  u64  messages with the identity of another and another body
 *  56  u64  request ring: head
 *  64  u64  request ring: tail
 *  72  u64  floor, u64 rising floor: in version 2 only
 *   .       end of the core; u32 and u32: the digest's sums
 *   .  u32  count of checkpoints; each: u64 index, u32 and u32 sums
 *   .  u32  CRC-32 of all before
 */
import type { LogIndex, LogPosition, Millis } from '../../base/brand.ts'
import { BytesError, Reader, Writer } from '../../base/bytes.ts'
import { crc32 } from '../../base/crc32.ts'
import type { KvWrite } from '../../base/ports.ts'
import { digestText, laneA, laneB } from './digest.ts'
import type { MachineState } from './state.ts'
import { META_FLOOR_VERSION, ROW_VERSION, startKey, TABLE_META } from './tables.ts'

const CORE_BYTES = 72
const FLOOR_BYTES = 16
const CHECKPOINTS_MAX = 64

/** The digest at one index. */
export interface Checkpoint {
  readonly index: LogIndex
  readonly a: number
  readonly b: number
}

/** What the row holds beside the state. */
export interface SavedMeta {
  readonly a: number
  readonly b: number
  readonly checkpoints: readonly Checkpoint[]
  readonly dedupe: RingEnds
  readonly requests: RingEnds
}

/** Where a ring begins and ends. */
export interface RingEnds {
  readonly head: number
  readonly tail: number
}

/** Keeps the row's part in the digest and the checkpoints. */
export class Meta {
  #laneA = 0
  #laneB = 0
  #checkpoints: Checkpoint[] = []

  /** Brings the digest up to date with the core. All other rows are settled before. */
  settle(state: MachineState): void {
    const writer = new Writer(2 + CORE_BYTES + FLOOR_BYTES)
    startKey(writer, TABLE_META)
    writeCore(writer, state)
    this.#count(state, writer.done())
  }

  #count(state: MachineState, keyAndCore: Uint8Array): void {
    const crc = crc32(keyAndCore)
    const a = laneA(crc)
    const b = laneB(crc, keyAndCore.byteLength)
    state.rows.digest.move(a - this.#laneA, b - this.#laneB)
    this.#laneA = a
    this.#laneB = b
  }

  /** Notes the digest at the applied index, which is settled. */
  addCheckpoint(state: MachineState): void {
    const { a, b } = state.rows.digest
    this.#checkpoints.push({ index: state.appliedIndex, a, b })
    if (this.#checkpoints.length > CHECKPOINTS_MAX) this.#checkpoints.shift()
  }

  /** The latest checkpoints, newest last. */
  checkpoints(): { readonly index: LogIndex; readonly digest: string }[] {
    return this.#checkpoints.map(({ index, a, b }) => ({ index, digest: digestText(a, b) }))
  }

  /** The row. Everything is settled. */
  row(state: MachineState): KvWrite {
    const { a, b } = state.rows.digest
    const writer = new Writer(CORE_BYTES + FLOOR_BYTES + 16 + 16 * this.#checkpoints.length)
    writeCore(writer, state)
    writer.uint32(a).uint32(b).uint32(this.#checkpoints.length)
    for (const checkpoint of this.#checkpoints) {
      writer.uint64(checkpoint.index).uint32(checkpoint.a).uint32(checkpoint.b)
    }
    writer.uint32(crc32(writer.done()))
    return { key: startKey(new Writer(2), TABLE_META).done(), value: writer.done() }
  }

  /** Reads the row into `state`. Throws `BytesError` when it is damaged. */
  restore(state: MachineState, value: Uint8Array): SavedMeta {
    const reader = new Reader(value)
    if (value.byteLength < CORE_BYTES + 16) throw new BytesError('the meta row is too short')
    if (new Reader(value, value.byteLength - 4).uint32() !== crc32(value.subarray(0, -4))) {
      throw new BytesError('the meta row has another checksum')
    }
    const hasFloor = reader.uint8() === META_FLOOR_VERSION
    reader.skip(3)
    state.appliedIndex = reader.uint64() as LogIndex
    state.now = reader.uint64() as Millis
    state.nextTopicId = reader.uint32()
    state.nextGroupId = reader.uint32()
    state.nextQueue = reader.uint32()
    const dedupe = { head: reader.uint64(), tail: reader.uint64() }
    state.dedupe.conflicts = reader.uint64()
    const requests = { head: reader.uint64(), tail: reader.uint64() }
    if (hasFloor) {
      state.floor = reader.uint64() as LogPosition
      state.rising = reader.uint64() as LogPosition
    }
    const a = reader.uint32()
    const b = reader.uint32()
    const count = reader.uint32()
    for (let i = 0; i < count; i++) {
      const index = reader.uint64() as LogIndex
      this.#checkpoints.push({ index, a: reader.uint32(), b: reader.uint32() })
    }
    const core = value.subarray(0, hasFloor ? CORE_BYTES + FLOOR_BYTES : CORE_BYTES)
    const key = startKey(new Writer(2 + core.byteLength), TABLE_META)
    this.#count(state, key.raw(core).done())
    return { a, b, checkpoints: this.#checkpoints, dedupe, requests }
  }
}

function writeCore(into: Writer, state: MachineState): void {
  const { dedupe, requests } = state
  const hasFloor = state.rising > 0
  into
    .uint8(hasFloor ? META_FLOOR_VERSION : ROW_VERSION)
    .uint8(0)
    .uint16(0)
    .uint64(state.appliedIndex)
    .uint64(state.now)
  into.uint32(state.nextTopicId).uint32(state.nextGroupId).uint32(state.nextQueue)
  into.uint64(dedupe.ring.head).uint64(dedupe.ring.tail).uint64(dedupe.conflicts)
  into.uint64(requests.ring.head).uint64(requests.ring.tail)
  if (hasFloor) into.uint64(state.floor).uint64(state.rising)
}
