/** What the connections to the other members tell: who is gone, who refuses whom. */
import type { NodeId } from '../base/brand.ts'
import type { ConnectionEvent } from '../dledger/peers/index.ts'
import { PeerWatch } from './peer-watch.ts'

/** The log as connections change it. */
export interface WatchedLog {
  gone(peer: NodeId): void
  unreachable(peer: NodeId): void
  refuse(reason: string): void
}

export class ConnectionWatch {
  /** Why this member and another do not talk, in one sentence. */
  readonly refusals = new Map<NodeId, string>()
  readonly #watch = new PeerWatch()
  readonly #log: WatchedLog

  constructor(log: WatchedLog) {
    this.#log = log
  }

  changed(event: ConnectionEvent): void {
    if (this.#watch.sees(event)) this.#log.gone(event.peer)
    if (event.type === 'up') {
      this.refusals.delete(event.peer)
      return
    }
    if (event.type === 'refused') {
      this.refusals.set(event.peer, event.reason)
      if (event.refused === 'own' && event.folderRefused) this.#log.refuse(event.reason)
      return
    }
    const lost = event.type === 'down' && event.channel === 'raft' && event.direction === 'out'
    if (lost) this.#log.unreachable(event.peer)
  }
}
