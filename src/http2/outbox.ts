/**
 * What goes out on one connection. Everything that a turn of the event loop wants to send leaves as one
 * write. DATA stops at the windows of the client and, so that nothing piles up for a client that does not
 * read, while the socket holds more than SOCKET_BYTES_MAX; it then waits in its stream. Streams take turns.
 */
import type { Socket } from 'node:net'
import { FrameWriter } from './frame-writer.ts'
import { FRAME_BYTES_MAX, WINDOW_BYTES_DEFAULT, WINDOW_BYTES_MAX } from './protocol.ts'
import type { Stream } from './stream.ts'

/** DATA waits in its stream while the socket holds more than that. */
const SOCKET_BYTES_MAX = 256 * 1024
/** A client that lets so many bytes pile up does not read: it is cut. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024

export class Outbox {
  readonly #socket: Socket
  readonly #writer = new FrameWriter()
  readonly #flush: () => void
  /** Streams with bytes to send, each once. */
  #queue: Stream[] = []
  #window = WINDOW_BYTES_DEFAULT
  #flushScheduled = false
  #pumping = false
  #ended = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.#flush = () => this.flush()
    socket.on('drain', () => this.#pump())
  }

  /** For frames other than DATA: they leave with this turn. */
  get frames(): FrameWriter {
    if (!this.#flushScheduled) {
      this.#flushScheduled = true
      process.nextTick(this.#flush)
    }
    return this.#writer
  }

  /** A stream has bytes to send, or only its end. */
  enqueue(stream: Stream): void {
    if (stream.queued) return
    // An end without bytes needs no window, so it does not wait behind those that do.
    if (stream.pendingBytes === 0) {
      stream.settle()
      return
    }
    stream.queued = true
    this.#queue.push(stream)
    this.#pump()
  }

  /** A stream that waits its turn is over. */
  remove(stream: Stream): void {
    stream.queued = false
    this.#queue.splice(this.#queue.indexOf(stream), 1)
  }

  /** The window of the connection grows. False beyond what a window may have. */
  widen(bytes: number): boolean {
    if (this.#window + bytes > WINDOW_BYTES_MAX) return false
    this.#window += bytes
    this.#pump()
    return true
  }

  /** Lets go of memory that an idle connection does not need. */
  shrink(): void {
    this.#writer.shrink()
  }

  /** Hands over to the system what was gathered, as one write. */
  flush(): void {
    this.#flushScheduled = false
    if (this.#ended || this.#writer.bytes === 0) return
    const socket = this.#socket
    const pieces = this.#writer.take()
    if (pieces.length === 1) {
      socket.write(pieces[0] as Uint8Array)
    } else {
      socket.cork()
      for (const piece of pieces) socket.write(piece)
      socket.uncork()
    }
    if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy()
    else this.#pump()
  }

  /** Sends what was gathered, and the end. */
  end(): void {
    this.flush()
    this.#ended = true
    this.#socket.end()
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#queue.length > 0 && this.#hasRoom()) {
      const stream = this.#queue.shift() as Stream
      stream.queued = false
      this.#serve(stream)
    }
    this.#pumping = false
  }

  /** Sends one frame of a stream and puts it behind the others if more can go. */
  #serve(stream: Stream): void {
    const bytes = stream.next(Math.min(FRAME_BYTES_MAX, stream.sendWindow, this.#window))
    // Only its own window can be in the way here: it comes again when that grows.
    if (bytes === undefined) return
    stream.sendWindow -= bytes.byteLength
    this.#window -= bytes.byteLength
    this.frames.data(stream.id, bytes, false)
    if (stream.pendingBytes > 0) this.enqueue(stream)
    else stream.settle()
  }

  #hasRoom(): boolean {
    return this.#window > 0 && this.#socket.writableLength + this.#writer.bytes <= SOCKET_BYTES_MAX
  }
}
