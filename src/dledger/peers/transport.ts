/**
 * The transport between the members of a group. Being written; the signatures stand.
 */
import type { NodeId } from '../../base/brand.ts'
import { broken } from '../../base/assert.ts'
import type { CallOptions, PeerChannel, PeerHandlers, PeerTransportOptions } from './api.ts'

export class PeerTransport {
  readonly #options: PeerTransportOptions
  readonly #handlers: PeerHandlers

  constructor(options: PeerTransportOptions, handlers: PeerHandlers) {
    this.#options = options
    this.#handlers = handlers
  }

  /** Listens and starts to dial. Rejects when the address cannot be listened on. */
  async start(): Promise<void> {
    await Promise.resolve()
    broken('not written yet', { options: this.#options.ownId, handlers: this.#handlers })
  }

  /** Closes every connection and the listener. Calls that wait end with `CLOSED`. */
  async close(): Promise<void> {
    await Promise.resolve()
  }

  /** The port that is listened on. */
  get port(): number {
    return 0
  }

  /** Whether this member's own connection to the peer is up, so that a send or a call can be tried. */
  connected(_peer: NodeId, _channel: PeerChannel): boolean {
    return false
  }

  /**
   * Sends one Raft message made of `chunks`. The frame guards `chunks[0]` with a CRC; the others must carry
   * their own (log records do). Returns false, and nothing was or will be sent, when the peer is not connected
   * or more than 64 MiB wait for it. Chunks must not be changed afterwards. Leaves at the end of this turn of
   * the event loop, or at `flush`.
   */
  sendRaft(_to: NodeId, _chunks: readonly Uint8Array[]): boolean {
    return false
  }

  /** Hands over to the system at once what the sends of this turn gathered. */
  flush(): void {}

  /** Stops reading Raft messages of a peer. Up to 64 KiB that were read already may still come. */
  pause(_from: NodeId): void {}

  resume(_from: NodeId): void {}

  /**
   * Asks a peer and resolves with its answer. Rejects with `BrokerError`: the peer's own error as it was
   * thrown; `NO_LEADER`/none when not connected, `NO_LEADER`/unknown when the connection broke while waiting;
   * `TIMEOUT`/unknown; `CANCELLED`; `BUSY`/none when too much waits; `CLOSED` when the transport closes.
   */
  async call(
    _to: NodeId,
    _kind: number,
    _body: readonly Uint8Array[],
    _options: CallOptions,
  ): Promise<Uint8Array> {
    await Promise.resolve()
    return broken('not written yet')
  }
}
