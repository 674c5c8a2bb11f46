/**
 * Tells from what happens to connections whether a peer's process is gone: a connection ended because the peer
 * or its system closed it, and a new one is turned away at once. Silence never counts, and neither does a
 * connection that can be made again: a live leader whose links were reset stays the leader. Pure.
 */
import { unreachable } from '../base/assert.ts'
import type { NodeId } from '../base/brand.ts'
import type { ConnectionEvent, Ending } from '../dledger/peers/index.ts'

export class PeerWatch {
  readonly #closed = new Set<NodeId>()

  /** True once, when the event shows that its peer's process is gone. */
  sees(event: ConnectionEvent): boolean {
    switch (event.type) {
      case 'up':
        this.#closed.delete(event.peer)
        return false
      case 'down':
        if (isAnswer(event.ending)) this.#closed.add(event.peer)
        return false
      case 'unreached':
        return isAnswer(event.ending) && this.#closed.delete(event.peer)
      case 'refused':
        return false
      default:
        return unreachable(event)
    }
  }
}

/** Somebody answered, be it the system in place of the process. */
function isAnswer(ending: Ending): boolean {
  return ending === 'closed' || ending === 'reset'
}
