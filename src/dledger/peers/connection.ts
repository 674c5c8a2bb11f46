/**
 * One TCP connection between two members, in either direction: cuts what comes in into frames, gathers what
 * goes out into one write a turn, and notices when nothing is heard any more.
 *
 * Both sides send an empty frame whenever they sent nothing else for a quarter of `silenceMs`. So a connection
 * on which nothing comes in for `silenceMs` is dead or the peer is stuck, whatever TCP still hopes for, and a
 * long queue in one direction does not look like silence in the other (reliability notes 0.3).
 */
import type { Socket } from 'node:net'
import { assert } from '../../base/assert.ts'
import { PEER_FRAME_BYTES_MAX } from '../../base/limits.ts'
import type { Ending } from './api.ts'
import { FrameError, FrameKind, FrameParser } from './frame-codec.ts'
import { GREETING_BYTES_MAX } from './greeting-codec.ts'
import { SendBuffer } from './send-buffer.ts'

/** More than this is never queued for one connection: 64 MiB. */
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024
/** How many ticks make up `silenceMs`. */
export const TICKS_PER_SILENCE = 4

assert(PEER_FRAME_BYTES_MAX < QUEUE_BYTES_MAX, 'the largest frame fits an empty queue')

const NO_CHUNKS: readonly Uint8Array[] = []

/** Who owns the connection at the moment: the greeting first, then what the channel carries. */
export interface ConnectionUser {
  /** A frame that is whole. A `FrameError` thrown here ends the connection as `broken`. */
  frame(kind: number, body: Uint8Array, link: number): void
  /** Called once. Nothing comes after it. */
  ended(ending: Ending, reason: string): void
}

export class Connection {
  readonly #socket: Socket
  readonly #parser: FrameParser
  readonly #buffer = new SendBuffer()
  readonly #flush: () => void
  #user: ConnectionUser
  #outLink = 0
  #bound = false
  #flushScheduled = false
  #ended = false
  #paused = false
  #heard = true
  #sent = true
  #silentTicks = 0

  /** Takes over a socket. It may still be connecting. */
  constructor(socket: Socket, user: ConnectionUser) {
    this.#socket = socket
    this.#user = user
    this.#parser = new FrameParser(
      { frame: (kind, body, link) => this.#frame(kind, body, link) },
      GREETING_BYTES_MAX,
    )
    this.#flush = () => this.flush()
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
    socket.on('error', (error: Error) => this.end('reset', error.message))
    socket.on('end', () => this.end('closed', 'the peer closed the connection'))
    socket.on('close', () => this.end('closed', 'the connection is closed'))
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Whether `bytes` more may be queued. */
  hasRoom(bytes: number): boolean {
    return this.#socket.writableLength + this.#buffer.bytes + bytes <= QUEUE_BYTES_MAX
  }

  /** From now on another owner gets the frames and the end. */
  handTo(user: ConnectionUser): void {
    this.#user = user
  }

  /** What this side sends is bound to `outLink`. */
  bindOut(outLink: number): void {
    this.#outLink = outLink
  }

  /** Only frames that are bound to `inLink` pass, with bodies up to the limit of the system. */
  bindIn(inLink: number, bodyBytesMax?: number): void {
    this.#bound = true
    this.#parser.bind(inLink, bodyBytesMax)
  }

  /**
   * Queues one frame; it leaves with the others of this turn. `covered`: how many chunks the frame's CRC guards.
   * Returns false, and nothing is sent, when the connection ended or the queue is full.
   */
  send(kind: number, chunks: readonly Uint8Array[], covered: number): boolean {
    if (this.#ended) return false
    let bytes = 0
    for (const chunk of chunks) bytes += chunk.byteLength
    if (!this.hasRoom(bytes)) return false
    this.#buffer.add(kind, this.#outLink, chunks, covered)
    this.#sent = true
    if (!this.#flushScheduled) {
      this.#flushScheduled = true
      process.nextTick(this.#flush)
    }
    return true
  }

  /** Hands over to the system what was gathered, as one write. */
  flush(): void {
    this.#flushScheduled = false
    if (this.#ended || this.#buffer.bytes === 0) return
    const pieces = this.#buffer.take()
    const socket = this.#socket
    if (pieces.length === 1) {
      socket.write(pieces[0] as Uint8Array)
      return
    }
    socket.cork()
    for (const piece of pieces) socket.write(piece)
    socket.uncork()
  }

  /** Stops reading. While it is paused, silence means nothing. */
  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#silentTicks = 0
    this.#socket.resume()
  }

  /**
   * To be called `TICKS_PER_SILENCE` times in `silenceMs`. `judge` is false when the caller itself was late, for
   * then bytes may have come that nobody had time to read.
   */
  tick(judge: boolean): void {
    if (this.#ended) return
    if (!this.#sent && this.#socket.writableLength === 0) this.send(FrameKind.alive, NO_CHUNKS, 0)
    this.#sent = false
    if (this.#heard || this.#paused) this.#silentTicks = 0
    else if (judge) this.#silentTicks++
    this.#heard = false
    if (this.#silentTicks >= TICKS_PER_SILENCE) this.end('silent', 'nothing was heard for too long')
  }

  /** Ends the connection at once; what is queued is lost. The user is told unless the end came before. */
  end(ending: Ending, reason: string): void {
    this.#socket.destroy()
    if (this.#ended) return
    this.#ended = true
    this.#parser.stop()
    this.#user.ended(ending, reason)
  }

  /**
   * Sends what is queued, says goodbye and hears nothing more. The user is not told. Whoever calls this also
   * calls `end` later, in case the peer does not close its side.
   */
  endAfterSending(): void {
    if (this.#ended) return
    this.flush()
    this.#ended = true
    this.#parser.stop()
    this.#socket.end()
  }

  /** Signs of life are for nobody but the tick; before the connection is bound they are not allowed. */
  #frame(kind: number, body: Uint8Array, link: number): void {
    if (kind !== FrameKind.alive || !this.#bound) this.#user.frame(kind, body, link)
  }

  #received(chunk: Uint8Array): void {
    if (this.#ended) return
    this.#heard = true
    try {
      this.#parser.push(chunk)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.end('broken', error.message)
    }
  }
}
