/**
 * The server's side of one HTTP/2 connection (RFC 9113): streams that clients open, flow control for what
 * comes in, and limits on what a client can make this side keep or do. It never pushes and has no priorities.
 */
import type { Socket } from 'node:net'
import type { ConnectionOptions, ConnectionUser } from './connection-user.ts'
import { EndedEarly } from './ended-early.ts'
import { type FrameSink, FrameParser } from './frame-parser.ts'
import { checkFrame, protocolError, uint31 } from './frame-rules.ts'
import { HeaderBlocks, type WholeBlock } from './header-blocks.ts'
import type { HeaderList } from './header-field.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { Outbox } from './outbox.ts'
import { ConnectionError, Flag, FrameType, Http2Code, Setting, WINDOW_BYTES_DEFAULT } from './protocol.ts'
import { CLIENT_SETTINGS, settingsAfter } from './settings.ts'
import { Stream, type StreamHost } from './stream.ts'
import { TokenBucket } from './token-bucket.ts'

/**
 * Streams that a client may reset, or make this side reset, at once, and how many more each second (rapid
 * reset, CVE-2023-44487 and CVE-2025-8671).
 */
const RESETS_AT_ONCE = 1000
const RESETS_PER_SECOND = 100
/** SETTINGS that a client may send at once, and how many more each second: each is work for every stream. */
const SETTINGS_AT_ONCE = 100
const SETTINGS_PER_SECOND = 10

export class Connection implements FrameSink, StreamHost {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #user: ConnectionUser
  readonly #parser = new FrameParser(this)
  readonly #blocks = new HeaderBlocks()
  readonly #decoder: HpackDecoder
  readonly #outbox: Outbox
  readonly #streams = new Map<number, Stream>()
  readonly #endedEarly = new EndedEarly()
  readonly #resets: TokenBucket
  readonly #settingsChanges: TokenBucket
  #clientSettings = CLIENT_SETTINGS
  #sawSettings = false
  #lastStreamId = 0
  /** The stream of the DATA that is coming in, `undefined` when it is over already. */
  #dataStream: Stream | undefined
  /** Bytes of the DATA frame that were not handed on: at its end, its padding. */
  #dataLeft = 0
  #receiveWindow: number
  /** Taken, and not yet given back to the client's window. */
  #owed = 0
  #draining = false
  /** The last stream that GOAWAY said is served. */
  #lastServedId = Infinity
  #ended = false
  /** Bytes that came after the end and were dropped. */
  #droppedBytes = 0
  #reason: string | undefined

  /** Takes over a socket whose next bytes are the preface. */
  constructor(socket: Socket, options: ConnectionOptions, user: ConnectionUser) {
    this.#socket = socket
    this.#options = options
    this.#user = user
    this.#decoder = new HpackDecoder(options.headersBytesMax)
    this.#outbox = new Outbox(socket)
    this.#resets = new TokenBucket(RESETS_AT_ONCE, RESETS_PER_SECOND, options.mono)
    this.#settingsChanges = new TokenBucket(SETTINGS_AT_ONCE, SETTINGS_PER_SECOND, options.mono)
    this.#receiveWindow = options.connectionWindowBytes
    this.#outbox.frames.settings([
      [Setting.maxConcurrentStreams, options.streamsMax],
      [Setting.initialWindowSize, options.streamWindowBytes],
      [Setting.maxHeaderListSize, options.headersBytesMax],
    ])
    this.#outbox.frames.windowUpdate(0, options.connectionWindowBytes - WINDOW_BYTES_DEFAULT)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error: Error) => {
      this.#reason ??= error.message
      socket.destroy()
    })
    socket.on('close', () => this.#closed())
  }

  /** Asks for a sign of life: `heard` follows. `payload` has eight bytes. */
  ping(payload: Uint8Array): void {
    if (this.#ended) return
    this.#outbox.frames.ping(payload, false)
    this.#outbox.flush()
    this.#outbox.shrink()
  }

  /** Resets the streams that wait for the client and have not moved since the last time. */
  resetStalled(): void {
    for (const stream of this.#streams.values()) if (stream.hasStalled()) stream.reset(Http2Code.cancel)
  }

  /** Refuses new streams, tells the client so, and closes when those under way are over. */
  drain(): void {
    if (this.#draining || this.#ended) return
    this.#draining = true
    this.#goAway(Http2Code.noError, '')
    this.#endIfDrained()
  }

  /** Cuts everything. */
  destroy(): void {
    this.#socket.destroy()
  }

  // What the parser finds.

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.#checkTurn(type, streamId)
    checkFrame(type, flags, streamId, payload)
    switch (type) {
      case FrameType.headers:
        this.#block(this.#blocks.begin(flags, streamId, payload))
        return
      case FrameType.continuation:
        this.#block(this.#blocks.continue(flags, payload))
        return
      case FrameType.settings:
        if ((flags & Flag.ack) === 0) this.#settings(payload)
        return
      case FrameType.ping:
        if ((flags & Flag.ack) === 0) this.#outbox.frames.ping(payload, true)
        return
      case FrameType.windowUpdate:
        this.#windowUpdate(streamId, payload)
        return
      case FrameType.resetStream:
        this.#resetStream(streamId)
        return
      case FrameType.priority:
        if (payload.byteLength !== 5) this.#fault(streamId, Http2Code.frameSizeError)
        else if (uint31(payload) === streamId) this.#fault(streamId, Http2Code.protocolError)
        return
      case FrameType.pushPromise:
        return protocolError('a client does not push')
      default:
      // GOAWAY needs no answer, and frames of an unknown type are passed over (RFC 9113 section 4.1).
    }
  }

  dataBegins(streamId: number, length: number): void {
    this.#checkTurn(FrameType.data, streamId)
    this.#receiveWindow -= length
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(Http2Code.flowControlError, 'more bytes than the window of the connection')
    }
    this.#dataLeft = length
    this.#dataStream = undefined
    const stream = this.#known(streamId)
    if (stream === undefined) {
      if (!this.#endedEarly.has(streamId)) this.#fault(streamId, Http2Code.streamClosed)
    } else if (stream.inputEnded) this.#fault(streamId, Http2Code.streamClosed)
    else if ((stream.receiveWindow -= length) < 0) this.#fault(streamId, Http2Code.flowControlError)
    else this.#dataStream = stream
  }

  data(chunk: Buffer): void {
    if (this.#dataStream === undefined) return
    this.#dataLeft -= chunk.byteLength
    this.#dataStream.received(chunk)
  }

  dataEnds(endsStream: boolean): void {
    const stream = this.#dataStream
    this.#dataStream = undefined
    // Padding, and bytes that nobody wants, count for the windows as well.
    if (this.#dataLeft > 0) this.#giveBack(this.#dataLeft)
    if (stream === undefined) return
    if (this.#dataLeft > 0) this.#giveBackTo(stream, this.#dataLeft)
    if (endsStream) stream.receivedEnd()
  }

  // What streams ask for.

  wantsToSend(stream: Stream): void {
    if (!this.#ended) this.#outbox.enqueue(stream)
  }

  sendHeaders(stream: Stream, block: Uint8Array, endsStream: boolean): void {
    this.#outbox.frames.headers(stream.id, block, endsStream)
  }

  sendReset(stream: Stream, code: Http2Code): void {
    this.#outbox.frames.resetStream(stream.id, code)
  }

  consumed(stream: Stream, bytes: number): void {
    this.#giveBack(bytes)
    this.#giveBackTo(stream, bytes)
  }

  forget(stream: Stream, heldBytes: number): void {
    this.#streams.delete(stream.id)
    if (stream.queued) this.#outbox.remove(stream)
    if (!stream.inputEnded) this.#endedEarly.add(stream.id)
    if (heldBytes > 0) this.#giveBack(heldBytes)
    this.#endIfDrained()
  }

  #read(chunk: Buffer): void {
    if (this.#ended) {
      this.#drop(chunk.byteLength)
      return
    }
    this.#user.heard()
    try {
      this.#parser.push(chunk)
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      this.#fail(error.code, error.message)
    }
  }

  /** SETTINGS come first, and nothing comes between the frames of one header block. */
  #checkTurn(type: number, streamId: number): void {
    if (!this.#sawSettings && type !== FrameType.settings) protocolError('SETTINGS come first')
    const open = this.#blocks.openStreamId
    if (open === undefined || (type === FrameType.continuation && streamId === open)) return
    protocolError('a header block is not complete')
  }

  /** Decoded in any case: the table of the connection depends on it. */
  #block(block: WholeBlock | undefined): void {
    if (block === undefined) return
    const { streamId, endsStream } = block
    const headers = this.#decoder.decode(block.bytes)
    if (streamId % 2 === 0) protocolError('a client opens odd streams')
    if (streamId <= this.#lastStreamId) {
      this.#trailers(streamId, endsStream, headers)
      return
    }
    this.#lastStreamId = streamId
    if (block.dependsOnItself || headers.requestFault() !== undefined) {
      this.#refuse(block, Http2Code.protocolError)
    } else if (this.#draining || this.#streams.size >= this.#options.streamsMax) {
      this.#refuse(block, Http2Code.refusedStream)
    } else {
      const { windowBytes } = this.#clientSettings
      const stream = new Stream(streamId, this, windowBytes, this.#options.streamWindowBytes)
      this.#streams.set(streamId, stream)
      // Before the call begins, so that one without a body is never told to stop.
      if (endsStream) stream.inputEnded = true
      this.#user.request(stream, headers)
    }
  }

  #refuse({ streamId, endsStream }: WholeBlock, code: Http2Code): void {
    this.#outbox.frames.resetStream(streamId, code)
    if (!endsStream) this.#endedEarly.add(streamId)
  }

  #trailers(streamId: number, endsStream: boolean, headers: HeaderList): void {
    const stream = this.#streams.get(streamId)
    if (stream === undefined) {
      if (this.#endedEarly.has(streamId)) return
      throw new ConnectionError(Http2Code.streamClosed, 'HEADERS of a stream that is over')
    }
    if (stream.inputEnded) this.#fault(streamId, Http2Code.streamClosed)
    else if (!endsStream || !headers.areTrailers) this.#fault(streamId, Http2Code.protocolError)
    else stream.receivedEnd()
  }

  #settings(payload: Buffer): void {
    if (!this.#settingsChanges.take()) tooBusy('settings change too often')
    const before = this.#clientSettings
    this.#clientSettings = settingsAfter(before, payload)
    if (this.#clientSettings.speaksOfTable) this.#outbox.frames.tableChanged()
    // Before anything that only the new settings allow.
    this.#outbox.frames.settingsAck()
    const change = this.#clientSettings.windowBytes - before.windowBytes
    if (change !== 0) {
      for (const stream of this.#streams.values()) {
        if (!stream.widen(change))
          throw new ConnectionError(Http2Code.flowControlError, 'a window is too large')
      }
    }
    if (this.#sawSettings) return
    this.#sawSettings = true
    this.#user.ready()
  }

  #windowUpdate(streamId: number, payload: Buffer): void {
    const bytes = uint31(payload)
    if (streamId === 0) {
      if (bytes === 0) protocolError('a window that grows by nothing')
      if (!this.#outbox.widen(bytes)) {
        throw new ConnectionError(Http2Code.flowControlError, 'the window of the connection is too large')
      }
      return
    }
    const stream = this.#known(streamId)
    if (stream === undefined) return
    if (bytes === 0) this.#fault(streamId, Http2Code.protocolError)
    else if (!stream.widen(bytes)) this.#fault(streamId, Http2Code.flowControlError)
  }

  #resetStream(streamId: number): void {
    const stream = this.#known(streamId)
    if (stream === undefined) return
    this.#countReset()
    stream.receivedReset()
  }

  /** The stream with that number; `undefined` when it is over. Throws for one that was never opened. */
  #known(streamId: number): Stream | undefined {
    const opened = streamId % 2 === 1 && streamId <= this.#lastStreamId
    if (!opened) protocolError('a frame of a stream that is not open')
    return this.#streams.get(streamId)
  }

  /** The client broke a rule that ends one stream, open or not. */
  #fault(streamId: number, code: Http2Code): void {
    const stream = this.#streams.get(streamId)
    if (stream === undefined) {
      this.#outbox.frames.resetStream(streamId, code)
      return
    }
    this.#countReset()
    stream.reset(code)
  }

  #countReset(): void {
    if (!this.#resets.take()) tooBusy('too many streams are opened and reset')
  }

  #giveBack(bytes: number): void {
    this.#owed += bytes
    if (this.#owed < this.#options.connectionWindowBytes / 2 || this.#ended) return
    this.#outbox.frames.windowUpdate(0, this.#owed)
    this.#receiveWindow += this.#owed
    this.#owed = 0
  }

  #giveBackTo(stream: Stream, bytes: number): void {
    stream.owed += bytes
    if (stream.owed < this.#options.streamWindowBytes / 2 || stream.closed || stream.inputEnded) return
    this.#outbox.frames.windowUpdate(stream.id, stream.owed)
    stream.receiveWindow += stream.owed
    stream.owed = 0
  }

  #fail(code: Http2Code, reason: string): void {
    this.#reason = reason
    this.#goAway(code, reason)
    this.#end()
    for (const stream of this.#streams.values()) stream.close()
  }

  /** The last stream that is served never grows again: the client may have asked somebody else for the others. */
  #goAway(code: Http2Code, reason: string): void {
    this.#lastServedId = Math.min(this.#lastServedId, this.#lastStreamId)
    this.#outbox.frames.goAway(this.#lastServedId, code, reason)
  }

  #endIfDrained(): void {
    if (this.#draining && !this.#ended && this.#streams.size === 0) this.#end()
  }

  /**
   * Sends what was gathered and the end. The client closes when it has read that: closing here at once, with
   * bytes of the client still coming, could cut off the last answers.
   */
  #end(): void {
    this.#ended = true
    this.#parser.stop()
    this.#outbox.end()
  }

  /** A client that goes on for longer than its window is not closing. */
  #drop(bytes: number): void {
    this.#droppedBytes += bytes
    if (this.#droppedBytes > this.#options.connectionWindowBytes) this.#socket.destroy()
  }

  #closed(): void {
    this.#ended = true
    this.#parser.stop()
    for (const stream of this.#streams.values()) stream.close()
    this.#user.closed(this.#reason)
  }
}

function tooBusy(message: string): never {
  throw new ConnectionError(Http2Code.enhanceYourCalm, message)
}
