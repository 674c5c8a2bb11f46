/**
 * A small file with two slots, each in its own 4 KiB, for facts that change often. While one
 * slot is being written nothing touches the sector of the other, so a torn write never loses the fact.
 *
 * ```
 *  0  u32  magic of the file's kind
 *  4  u32  format version, 1
 *  8  u64  sequence: the slot with the higher one is newer
 * 16  u64  first value
 * 24  u64  second value
 * 32       28 zero bytes
 * 60  u32  CRC-32 of the 60 bytes before it
 * ```
 */
import { setUint64, viewOf } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import type { DiskFile } from '../base/ports.ts'

/** The distance of the two slots: what Linux and large disks write as a whole. */
export const SLOT_BYTES = 4096

const CONTENT_BYTES = 64
const CRC_AT = 60
const VERSION = 1
const HIGH_HALF_MAX = 0x1f_ffff

/** What a slot holds. */
export interface Slot {
  readonly sequence: number
  readonly first: number
  readonly second: number
}

/** Which of the two slots. */
export type SlotNumber = 0 | 1

/** The other one of the two slots. */
export function otherSlot(slot: SlotNumber): SlotNumber {
  return slot === 0 ? 1 : 0
}

/** The bytes of a slot, zeros behind its content. */
export function encodeSlot(magic: number, slot: Slot): Uint8Array {
  const bytes = new Uint8Array(SLOT_BYTES)
  const view = viewOf(bytes)
  view.setUint32(0, magic)
  view.setUint32(4, VERSION)
  setUint64(view, 8, slot.sequence)
  setUint64(view, 16, slot.first)
  setUint64(view, 24, slot.second)
  view.setUint32(CRC_AT, crc32(bytes.subarray(0, CRC_AT)))
  return bytes
}

/** Reads the slot at `at`. `undefined` when it is torn, damaged or of another kind. Never throws. */
export function decodeSlot(magic: number, bytes: Uint8Array, at: number): Slot | undefined {
  if (bytes.byteLength < at + CONTENT_BYTES) return undefined
  const view = viewOf(bytes)
  if (view.getUint32(at + CRC_AT) !== crc32(bytes.subarray(at, at + CRC_AT))) return undefined
  if (view.getUint32(at) !== magic || view.getUint32(at + 4) !== VERSION) return undefined
  const [sequence, first, second] = [uint53(view, at + 8), uint53(view, at + 16), uint53(view, at + 24)]
  if (sequence === undefined || first === undefined || second === undefined) return undefined
  return { sequence, first, second }
}

/** Writes one slot in its place. Not durable before the file's `sync`. */
export async function writeSlot(
  file: DiskFile,
  magic: number,
  number: SlotNumber,
  slot: Slot,
): Promise<void> {
  await file.write([encodeSlot(magic, slot)], number * SLOT_BYTES)
}

/** Reads both slots: the newest of those that are whole, and where it stands. `undefined` when none is. */
export async function readSlots(
  file: DiskFile,
  magic: number,
): Promise<
  { readonly newest: Slot; readonly number: SlotNumber; readonly other: Slot | undefined } | undefined
> {
  const bytes = new Uint8Array(2 * SLOT_BYTES)
  const count = await file.read(bytes, 0)
  const there = bytes.subarray(0, count)
  const left = decodeSlot(magic, there, 0)
  const right = decodeSlot(magic, there, SLOT_BYTES)
  if (left !== undefined && (right === undefined || left.sequence >= right.sequence)) {
    return { newest: left, number: 0, other: right }
  }
  return right === undefined ? undefined : { newest: right, number: 1, other: left }
}

function uint53(view: DataView, at: number): number | undefined {
  const high = view.getUint32(at)
  return high > HIGH_HALF_MAX ? undefined : high * 0x1_0000_0000 + view.getUint32(at + 4)
}
