/** Makes the frames of one connection and gathers them until they are taken. */
import { GatherBuffer } from '../base/gather-buffer.ts'
import { Flag, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, FrameType, type Http2Code } from './protocol.ts'
import { NO_TABLE } from './hpack-encoder.ts'

/** Enough for the answers of a turn; 10,000 connections have one each while they are busy. */
const SLAB_BYTES = 16 * 1024
const PING_BYTES = 8
const DEBUG_BYTES_MAX = 256

export class FrameWriter {
  readonly #gathered = new GatherBuffer(SLAB_BYTES)
  #noTableDue = false

  /** How many bytes wait to be taken. */
  get bytes(): number {
    return this.#gathered.bytes
  }

  /** Everything that was written, in order. */
  take(): readonly Uint8Array[] {
    return this.#gathered.take()
  }

  shrink(): void {
    this.#gathered.shrink()
  }

  /** The client changed the size of the table that this side never uses: it wants to be told a size. */
  tableChanged(): void {
    this.#noTableDue = true
  }

  /** A block made by `headerBlock`. Large ones are continued in further frames. */
  headers(streamId: number, block: Uint8Array, endsStream: boolean): void {
    const whole = this.#noTableDue ? Buffer.concat([NO_TABLE, block]) : block
    this.#noTableDue = false
    const ends = endsStream ? Flag.endStream : 0
    if (whole.byteLength <= FRAME_BYTES_MAX) {
      this.#head(whole.byteLength, FrameType.headers, ends | Flag.endHeaders, streamId)
      this.#gathered.add(whole)
      return
    }
    for (let at = 0; at < whole.byteLength; at += FRAME_BYTES_MAX) {
      const piece = whole.subarray(at, at + FRAME_BYTES_MAX)
      const last = at + FRAME_BYTES_MAX >= whole.byteLength ? Flag.endHeaders : 0
      const type = at === 0 ? FrameType.headers : FrameType.continuation
      this.#head(piece.byteLength, type, last | (at === 0 ? ends : 0), streamId)
      this.#gathered.add(piece)
    }
  }

  /** At most a frame of bytes. They must not change any more. */
  data(streamId: number, bytes: Uint8Array, endsStream: boolean): void {
    this.#head(bytes.byteLength, FrameType.data, endsStream ? Flag.endStream : 0, streamId)
    this.#gathered.add(bytes)
  }

  resetStream(streamId: number, code: Http2Code): void {
    this.#numbers(FrameType.resetStream, streamId, [code])
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.#numbers(FrameType.windowUpdate, streamId, [bytes])
  }

  settings(values: readonly (readonly [setting: number, value: number])[]): void {
    this.#head(values.length * 6, FrameType.settings, 0, 0)
    for (const [setting, value] of values) {
      const at = this.#gathered.room(6)
      this.#gathered.slab.writeUInt16BE(setting, at)
      this.#gathered.slab.writeUInt32BE(value, at + 2)
    }
  }

  settingsAck(): void {
    this.#head(0, FrameType.settings, Flag.ack, 0)
  }

  /** `payload` has eight bytes. */
  ping(payload: Uint8Array, isAck: boolean): void {
    this.#head(PING_BYTES, FrameType.ping, isAck ? Flag.ack : 0, 0)
    this.#gathered.add(payload)
  }

  goAway(lastStreamId: number, code: Http2Code, words: string): void {
    const debug = Buffer.from(words).subarray(0, DEBUG_BYTES_MAX)
    this.#head(8 + debug.byteLength, FrameType.goAway, 0, 0)
    this.#uint32(lastStreamId)
    this.#uint32(code)
    this.#gathered.add(debug)
  }

  #numbers(type: number, streamId: number, values: readonly number[]): void {
    this.#head(values.length * 4, type, 0, streamId)
    for (const value of values) this.#uint32(value)
  }

  #uint32(value: number): void {
    const at = this.#gathered.room(4)
    this.#gathered.slab.writeUInt32BE(value, at)
  }

  #head(length: number, type: number, flags: number, streamId: number): void {
    const at = this.#gathered.room(FRAME_HEADER_BYTES)
    const { slab } = this.#gathered
    slab[at] = length >>> 16
    slab[at + 1] = length >>> 8
    slab[at + 2] = length
    slab[at + 3] = type
    slab[at + 4] = flags
    slab[at + 5] = streamId >>> 24
    slab[at + 6] = streamId >>> 16
    slab[at + 7] = streamId >>> 8
    slab[at + 8] = streamId
  }
}
