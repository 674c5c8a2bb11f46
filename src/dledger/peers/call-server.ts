/**
 * The calls that run for one incoming connection: bounded by count and bytes, cancelled by their caller or by
 * the end of the connection. What a cancelled call answers is dropped.
 */
import { InvariantError } from '../../base/assert.ts'
import type { NodeId } from '../../base/brand.ts'
import { BrokerError, messageOf } from '../../base/errors.ts'
import { REQUESTS_WAITING_MAX } from '../../base/limits.ts'
import type { Logger } from '../../base/ports.ts'
import type { PeerHandlers } from './api.ts'
import { errorBody, numberHead, readCall, readCancel } from './call-codec.ts'
import type { Connection } from './connection.ts'
import { FrameError, FrameKind } from './frame-codec.ts'

/** Requests of calls that run for one connection hold at most so many bytes: 128 MiB. */
export const CALL_BYTES_RUNNING_MAX = 128 * 1024 * 1024

export class CallServer {
  readonly #peer: NodeId
  readonly #connection: Connection
  readonly #handlers: Pick<PeerHandlers, 'onCall'>
  readonly #logger: Logger
  /** The calls that somebody still waits for. */
  readonly #running = new Map<number, AbortController>()
  // Rule: both count the calls whose handler is at work, also of those that were given up.
  #count = 0
  #bytes = 0

  constructor(peer: NodeId, connection: Connection, handlers: Pick<PeerHandlers, 'onCall'>, logger: Logger) {
    this.#peer = peer
    this.#connection = connection
    this.#handlers = handlers
    this.#logger = logger
  }

  /** A frame of the connection. Throws `FrameError` when it may not come here. */
  frame(kind: number, body: Uint8Array): void {
    if (kind === FrameKind.call) this.#start(body)
    else if (kind === FrameKind.callCancel) this.#giveUp(readCancel(body))
    else throw new FrameError(`frame kind ${kind} may not come on a connection for calls`)
  }

  /** The connection is gone: every handler learns it, no answer leaves. */
  ended(): void {
    for (const number of this.#running.keys()) this.#giveUp(number)
  }

  #start(body: Uint8Array): void {
    const { number, kind, request } = readCall(body)
    if (this.#running.has(number)) throw new FrameError('two calls have the same number')
    if (this.#count >= REQUESTS_WAITING_MAX || this.#bytes + body.byteLength > CALL_BYTES_RUNNING_MAX) {
      this.#answerError(number, new BrokerError('BUSY', 'the member works on too many calls of this one'))
      return
    }
    const controller = new AbortController()
    this.#running.set(number, controller)
    void this.#run(number, controller.signal, kind, request)
  }

  async #run(number: number, signal: AbortSignal, kind: number, request: Uint8Array): Promise<void> {
    this.#count++
    this.#bytes += request.byteLength
    try {
      const reply = await this.#handlers.onCall(this.#peer, kind, request, signal)
      // The caller may have given up, and used the number again, while the handler was at work.
      if (signal.aborted) return
      this.#running.delete(number)
      this.#send(FrameKind.callReply, [numberHead(number), ...reply])
    } catch (error) {
      if (error instanceof InvariantError) throw error
      if (signal.aborted) return
      this.#running.delete(number)
      this.#answerError(number, this.#asBrokerError(error, kind))
    } finally {
      this.#count--
      this.#bytes -= request.byteLength
    }
  }

  #asBrokerError(error: unknown, kind: number): BrokerError {
    if (error instanceof BrokerError) return error
    this.#logger.error({ peer: this.#peer, kind, error: messageOf(error) }, 'peer call failed')
    return new BrokerError('CLOSED', 'the call failed inside the other member', { outcome: 'unknown' })
  }

  #answerError(number: number, error: BrokerError): void {
    this.#send(FrameKind.callError, [errorBody(number, error)])
  }

  /** A caller that does not read its answers loses the connection rather than single answers. */
  #send(kind: number, chunks: readonly Uint8Array[]): void {
    if (this.#connection.send(kind, chunks, chunks.length)) return
    this.#connection.end('silent', 'the peer does not read its answers')
  }

  #giveUp(number: number): void {
    const controller = this.#running.get(number)
    this.#running.delete(number)
    controller?.abort()
  }
}
