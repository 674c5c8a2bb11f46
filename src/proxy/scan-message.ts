/**
 * Where the parts of one `Message` of a SendMessageRequest are, found without decoding it. The scan also
 * makes sure that every official client can decode the message when it gets it back: known fields have
 * their wire type, texts are UTF-8, times are in range. Fields that are not known may hold anything.
 *
 * Pure.
 */
import { isUtf8, WIRE_BYTES, WIRE_VARINT, WireError, WireReader } from '../base/wire.ts'

const TEXT = 1
const NUMBER = 2
const TIME = 3
const OPAQUE = 4

/**
 * What SystemProperties holds in which field. OPAQUE is length-delimited and never delivered: body_digest,
 * store_timestamp, store_host, receipt_handle, invisible_duration and dead_letter_queue are the broker's.
 */
const SYSTEM_KINDS: readonly number[] = (() => {
  const kinds: number[] = Array.from({ length: 23 }, () => 0)
  for (const field of [1, 2, 3, 8, 17, 18, 21]) kinds[field] = TEXT
  for (const field of [5, 6, 13, 14, 16, 22]) kinds[field] = NUMBER
  for (const field of [7, 11, 19]) kinds[field] = TIME
  for (const field of [4, 9, 10, 12, 15, 20]) kinds[field] = OPAQUE
  return kinds
})()

/** 0001-01-01 and 9999-12-31, the range of google.protobuf.Timestamp. */
const SECONDS_MIN = -62_135_596_800
const SECONDS_MAX = 253_402_300_799
const NANOS_MAX = 999_999_999

/** A range of bytes: `start` inclusive, `end` exclusive. Both 0: the field is absent. */
interface Range {
  start: number
  end: number
}

/** One object is used for all messages of a request. Ranges are positions in the request's bytes. */
export class MessageScan {
  readonly bytes: Uint8Array
  readonly #outer: WireReader
  readonly #inner: WireReader
  readonly #time: WireReader
  start = 0
  end = 0
  readonly namespace: Range = { start: 0, end: 0 }
  readonly topic: Range = { start: 0, end: 0 }
  readonly system: Range = { start: 0, end: 0 }
  readonly body: Range = { start: 0, end: 0 }
  readonly tag: Range = { start: 0, end: 0 }
  readonly messageId: Range = { start: 0, end: 0 }
  readonly messageGroup: Range = { start: 0, end: 0 }
  readonly liteTopic: Range = { start: 0, end: 0 }
  /** User properties, and the bytes of their names and values. */
  propertyCount = 0
  propertyBytes = 0
  keyCount = 0
  keyBytes = 0
  /** As the client says, 0 when it says nothing. */
  messageType = 0
  /** -1 when absent: a negative priority is none. */
  priority = -1
  /** Milliseconds; NaN when absent. */
  deliveryMs = Number.NaN
  recoveryMs = Number.NaN

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#outer = new WireReader(bytes)
    this.#inner = new WireReader(bytes)
    this.#time = new WireReader(bytes)
  }

  /** Scans the message in `[start, end)`. Throws `WireError` for what no client could decode. */
  scan(start: number, end: number): void {
    this.#clear(start, end)
    const outer = this.#outer
    outer.reset(start, end)
    while (outer.next()) {
      if (outer.field > 4) continue
      if (outer.wireType !== WIRE_BYTES) throw new WireError('a field has the wrong wire type')
      if (outer.field === 1) {
        once(this.topic.end === 0)
        this.#topic(outer.valueStart, outer.valueEnd)
      } else if (outer.field === 2) this.#property(outer.valueStart, outer.valueEnd)
      else if (outer.field === 3) {
        once(this.system.end === 0)
        this.#system(outer.valueStart, outer.valueEnd)
      } else {
        once(this.body.end === 0)
        set(this.body, outer.valueStart, outer.valueEnd)
      }
    }
  }

  #clear(start: number, end: number): void {
    this.start = start
    this.end = end
    set(this.namespace, 0, 0)
    set(this.topic, 0, 0)
    set(this.system, 0, 0)
    set(this.body, 0, 0)
    set(this.tag, 0, 0)
    set(this.messageId, 0, 0)
    set(this.messageGroup, 0, 0)
    set(this.liteTopic, 0, 0)
    this.propertyCount = 0
    this.propertyBytes = 0
    this.keyCount = 0
    this.keyBytes = 0
    this.messageType = 0
    this.priority = -1
    this.deliveryMs = Number.NaN
    this.recoveryMs = Number.NaN
  }

  #topic(start: number, end: number): void {
    const inner = this.#inner
    inner.reset(start, end)
    // An empty name has a range too, so that a second topic is found.
    set(this.topic, end, end)
    while (inner.next()) {
      if (inner.field > 2) continue
      this.#text(inner)
      set(inner.field === 1 ? this.namespace : this.topic, inner.valueStart, inner.valueEnd)
    }
  }

  #property(start: number, end: number): void {
    const inner = this.#inner
    inner.reset(start, end)
    this.propertyCount += 1
    while (inner.next()) {
      if (inner.field > 2) continue
      this.#text(inner)
      this.propertyBytes += inner.valueEnd - inner.valueStart
    }
  }

  #system(start: number, end: number): void {
    const inner = this.#inner
    inner.reset(start, end)
    set(this.system, start, end)
    while (inner.next()) {
      const kind = SYSTEM_KINDS[inner.field]
      if (kind === undefined || kind === 0) continue
      if (kind === TEXT) this.#systemText(inner)
      else if (kind === NUMBER) this.#systemNumber(inner)
      else if (kind === TIME) this.#systemTime(inner)
      else if (inner.wireType !== WIRE_BYTES) throw new WireError('a field has the wrong wire type')
    }
  }

  #systemText(at: WireReader): void {
    this.#text(at)
    if (at.field === 1) set(this.tag, at.valueStart, at.valueEnd)
    else if (at.field === 2) {
      this.keyCount += 1
      this.keyBytes += at.valueEnd - at.valueStart
    } else if (at.field === 3) set(this.messageId, at.valueStart, at.valueEnd)
    else if (at.field === 17) set(this.messageGroup, at.valueStart, at.valueEnd)
    else if (at.field === 21) set(this.liteTopic, at.valueStart, at.valueEnd)
  }

  #systemNumber(at: WireReader): void {
    if (at.wireType !== WIRE_VARINT) throw new WireError('a field has the wrong wire type')
    if (at.field === 6) this.messageType = at.low | 0
    else if (at.field === 22) this.priority = at.low | 0
  }

  #systemTime(at: WireReader): void {
    if (at.wireType !== WIRE_BYTES) throw new WireError('a field has the wrong wire type')
    const ms = this.#millis(at.valueStart, at.valueEnd)
    if (at.field === 11) this.deliveryMs = ms
    else if (at.field === 19) this.recoveryMs = ms
  }

  /** A Timestamp or a Duration. */
  #millis(start: number, end: number): number {
    const time = this.#time
    time.reset(start, end)
    let seconds = 0
    let nanos = 0
    while (time.next()) {
      if (time.field > 2) continue
      if (time.wireType !== WIRE_VARINT) throw new WireError('a field has the wrong wire type')
      if (time.field === 1) seconds = time.signed()
      else nanos = time.low | 0
    }
    const inRange = seconds >= SECONDS_MIN && seconds <= SECONDS_MAX && nanos >= 0 && nanos <= NANOS_MAX
    if (!inRange) throw new WireError('a time is out of range')
    return seconds * 1000 + nanos / 1_000_000
  }

  #text(at: WireReader): void {
    if (at.wireType !== WIRE_BYTES) throw new WireError('a field has the wrong wire type')
    if (!isUtf8(this.bytes, at.valueStart, at.valueEnd)) throw new WireError('a text is not UTF-8')
  }
}

function set(range: Range, start: number, end: number): void {
  range.start = start
  range.end = end
}

/** Merging two copies of a part is legal in protobuf, and some clients merge otherwise than others. */
function once(first: boolean): void {
  if (!first) throw new WireError('a part of the message is there twice')
}
