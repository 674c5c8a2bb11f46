/**
 * The server's side of one HTTP/2 connection (RFC 9113): streams that clients open, flow control for what
 * comes in, and limits on what a client can make this side keep or do. It never pushes and has no priorities.
 */
import type { Socket } from 'node:net'
import { type FrameSink, FrameParser } from './frame-parser.ts'
import { HeaderBlocks, type WholeBlock } from './header-blocks.ts'
import type { HeaderList } from './header-field.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { Outbox } from './outbox.ts'
import { ConnectionError, Flag, FrameType, Http2Code, Setting, WINDOW_BYTES_DEFAULT } from './protocol.ts'
import { CLIENT_SETTINGS, settingsAfter } from './settings.ts'
import { Stream, type StreamHost } from './stream.ts'
import { TokenBucket } from './token-bucket.ts'

/** Streams that a client may reset at once, and how many more each second (rapid reset, CVE-2023-44487). */
const RESETS_AT_ONCE = 1000
const RESETS_PER_SECOND = 100

export interface ConnectionOptions {
  /** Calls at once. More are refused. */
  readonly streamsMax: number
  /** What a client may send ahead on one stream, and on all together, in bytes. */
  readonly streamWindowBytes: number
  readonly connectionWindowBytes: number
  /** Names and values of a request's headers together. Announced, and marked in the list when exceeded. */
  readonly headersBytesMax: number
  /** A clock in milliseconds that never goes back. */
  readonly mono: () => number
}

/** Who serves what a client asks for. */
export interface ConnectionUser {
  /** A request begins. Sets `stream.user`, or ends the stream. */
  request(stream: Stream, headers: HeaderList): void
  /** The client has sent its settings. */
  ready(): void
  /** An answer to a ping. */
  pong(): void
  /** The connection is closed. Comes once, after all streams were told. `reason` when it was not in order. */
  closed(reason: string | undefined): void
}

export class Connection implements FrameSink, StreamHost {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #user: ConnectionUser
  readonly #parser = new FrameParser(this)
  readonly #blocks = new HeaderBlocks()
  readonly #decoder: HpackDecoder
  readonly #outbox: Outbox
  readonly #streams = new Map<number, Stream>()
  readonly #resets: TokenBucket
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
  #ended = false
  #reason: string | undefined

  /** Takes over a socket whose next bytes are the preface. */
  constructor(socket: Socket, options: ConnectionOptions, user: ConnectionUser) {
    this.#socket = socket
    this.#options = options
    this.#user = user
    this.#decoder = new HpackDecoder(options.headersBytesMax)
    this.#outbox = new Outbox(socket)
    this.#resets = new TokenBucket(RESETS_AT_ONCE, RESETS_PER_SECOND, options.mono)
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

  /** Asks for a sign of life: `pong` follows. `payload` has eight bytes. */
  ping(payload: Uint8Array): void {
    if (this.#ended) return
    this.#outbox.frames.ping(payload, false)
    this.#outbox.shrink()
  }

  /** Refuses new streams, tells the client so, and closes when those under way are over. */
  drain(): void {
    if (this.#draining || this.#ended) return
    this.#draining = true
    this.#outbox.frames.goAway(this.#lastStreamId, Http2Code.noError, '')
    this.#endIfDrained()
  }

  /** Cuts everything. */
  destroy(): void {
    this.#socket.destroy()
  }

  // What the parser finds.

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.#checkTurn(type, streamId)
    switch (type) {
      case FrameType.headers:
        if (streamId === 0) protocolError('HEADERS of no stream')
        this.#block(this.#blocks.begin(flags, streamId, payload))
        return
      case FrameType.continuation:
        this.#block(this.#blocks.continue(flags, payload))
        return
      case FrameType.settings:
        this.#settings(flags, streamId, payload)
        return
      case FrameType.ping:
        this.#ping(flags, streamId, payload)
        return
      case FrameType.windowUpdate:
        this.#windowUpdate(streamId, payload)
        return
      case FrameType.resetStream:
        this.#resetStream(streamId, payload)
        return
      case FrameType.priority:
        if (streamId === 0) protocolError('PRIORITY of no stream')
        if (payload.byteLength !== 5) this.#fault(streamId, Http2Code.frameSizeError)
        else if (uint31(payload) === streamId) this.#fault(streamId, Http2Code.protocolError)
        return
      case FrameType.goAway:
        if (streamId !== 0) protocolError('GOAWAY of a stream')
        return
      case FrameType.pushPromise:
        return protocolError('a client does not push')
      default:
      // Frames of an unknown type are passed over (RFC 9113 section 4.1).
    }
  }

  dataBegins(streamId: number, length: number): void {
    this.#checkTurn(FrameType.data, streamId)
    this.#receiveWindow -= length
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(Http2Code.flowControlError, 'more bytes than the window of the connection')
    }
    this.#dataLeft = length
    this.#dataStream = this.#known(streamId)
    if (this.#dataStream === undefined) {
      // It was answered or reset, or its request is over. Only the last is a fault, and both can be told off.
      this.#fault(streamId, Http2Code.streamClosed)
    } else if (this.#dataStream.inputEnded) {
      this.#fault(streamId, Http2Code.streamClosed)
      this.#dataStream = undefined
    } else if ((this.#dataStream.receiveWindow -= length) < 0) {
      this.#fault(streamId, Http2Code.flowControlError)
      this.#dataStream = undefined
    }
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
    if (heldBytes > 0) this.#giveBack(heldBytes)
    this.#endIfDrained()
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return
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
    if (streamId <= this.#lastStreamId) {
      this.#trailers(streamId, endsStream, headers)
      return
    }
    if (streamId % 2 === 0) protocolError('a client opens odd streams')
    this.#lastStreamId = streamId
    if (block.dependsOnItself || headers.requestFault() !== undefined) {
      this.#fault(streamId, Http2Code.protocolError)
    } else if (this.#draining || this.#streams.size >= this.#options.streamsMax) {
      this.#fault(streamId, Http2Code.refusedStream)
    } else {
      const { windowBytes } = this.#clientSettings
      const stream = new Stream(streamId, this, windowBytes, this.#options.streamWindowBytes)
      this.#streams.set(streamId, stream)
      // Before the call begins, so that one without a body is never told to stop.
      if (endsStream) stream.inputEnded = true
      this.#user.request(stream, headers)
    }
  }

  #trailers(streamId: number, endsStream: boolean, headers: HeaderList): void {
    const stream = this.#known(streamId)
    if (stream === undefined || stream.inputEnded) this.#fault(streamId, Http2Code.streamClosed)
    else if (!endsStream || !headers.areTrailers) this.#fault(streamId, Http2Code.protocolError)
    else stream.receivedEnd()
  }

  #settings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) protocolError('SETTINGS of a stream')
    if ((flags & Flag.ack) !== 0) {
      if (payload.byteLength > 0)
        throw new ConnectionError(Http2Code.frameSizeError, 'an answer with settings')
      return
    }
    const before = this.#clientSettings
    this.#clientSettings = settingsAfter(before, payload)
    const change = this.#clientSettings.windowBytes - before.windowBytes
    if (change !== 0) {
      for (const stream of this.#streams.values()) {
        if (!stream.widen(change))
          throw new ConnectionError(Http2Code.flowControlError, 'a window is too large')
      }
    }
    if (this.#clientSettings.speaksOfTable) this.#outbox.frames.tableChanged()
    this.#outbox.frames.settingsAck()
    if (this.#sawSettings) return
    this.#sawSettings = true
    this.#user.ready()
  }

  #ping(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) protocolError('PING of a stream')
    if (payload.byteLength !== 8)
      throw new ConnectionError(Http2Code.frameSizeError, 'a PING has eight bytes')
    if ((flags & Flag.ack) === 0) this.#outbox.frames.ping(payload, true)
    else this.#user.pong()
  }

  #windowUpdate(streamId: number, payload: Buffer): void {
    if (payload.byteLength !== 4) {
      throw new ConnectionError(Http2Code.frameSizeError, 'a WINDOW_UPDATE has four bytes')
    }
    const bytes = uint31(payload)
    if (streamId === 0) {
      if (bytes === 0) protocolError('a window that grows by nothing')
      if (!this.#outbox.widen(bytes)) {
        throw new ConnectionError(Http2Code.flowControlError, 'the window of the connection is too large')
      }
      return
    }
    const stream = this.#known(streamId)
    if (bytes === 0) this.#fault(streamId, Http2Code.protocolError)
    else if (stream?.widen(bytes) === false) this.#fault(streamId, Http2Code.flowControlError)
  }

  #resetStream(streamId: number, payload: Buffer): void {
    if (payload.byteLength !== 4) {
      throw new ConnectionError(Http2Code.frameSizeError, 'a RST_STREAM has four bytes')
    }
    const stream = this.#known(streamId)
    if (stream === undefined) return
    if (!this.#resets.take()) {
      throw new ConnectionError(Http2Code.enhanceYourCalm, 'too many streams are opened and reset')
    }
    stream.receivedReset()
  }

  /** The stream with that number; `undefined` when it is over. Throws for one that was never opened. */
  #known(streamId: number): Stream | undefined {
    if (streamId === 0 || streamId > this.#lastStreamId) protocolError('a frame of a stream that is not open')
    return this.#streams.get(streamId)
  }

  /** The client broke a rule that ends one stream, open or not. */
  #fault(streamId: number, code: Http2Code): void {
    const stream = this.#streams.get(streamId)
    if (stream === undefined) this.#outbox.frames.resetStream(streamId, code)
    else stream.reset(code)
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
    this.#outbox.frames.goAway(this.#lastStreamId, code, reason)
    this.#end()
  }

  #endIfDrained(): void {
    if (this.#draining && !this.#ended && this.#streams.size === 0) this.#end()
  }

  /** Sends what was gathered and closes. */
  #end(): void {
    this.#ended = true
    this.#parser.stop()
    this.#outbox.end()
    this.#socket.destroySoon()
  }

  #closed(): void {
    this.#ended = true
    this.#parser.stop()
    for (const stream of this.#streams.values()) stream.close()
    this.#user.closed(this.#reason)
  }
}

function uint31(payload: Buffer): number {
  return payload.readUInt32BE(0) & 0x7fff_ffff
}

function protocolError(message: string): never {
  throw new ConnectionError(Http2Code.protocolError, message)
}
