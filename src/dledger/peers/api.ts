/**
 * What the transport between the members of a group takes, tells and promises, as types. The transport is
 * allowed to lose anything and to lose it silently: Raft repairs that. What it never does is to hand over
 * bytes twice, out of order, cut, merged, or from somebody else than the member it names.
 */
import type { NodeId } from '../../base/brand.ts'
import type { Clock, Logger } from '../../base/ports.ts'

/** `raft` carries Raft messages one way; `call` carries requests one way and their answers back. */
export type PeerChannel = 'raft' | 'call'

/** Who opened the connection: `out` this member, `in` the peer. */
export type Direction = 'out' | 'in'

/** Where a member listens for the others. */
export interface PeerAddress {
  readonly id: NodeId
  readonly host: string
  readonly port: number
}

/** What tells one run of a member on its data folder from every other run, and from copies of the folder. */
export interface PeerIdentity {
  /** Made once, when the member's data folder was made. */
  readonly folderId: string
  /** Counts the starts on this folder, from 1. Durable before the transport starts. */
  readonly startCount: number
  /**
   * Made by chance at each start of the program. Tells two processes apart that come with the same start
   * count, which is what happens when a folder is set back by exactly one start.
   */
  readonly processId: string
}

/** What a peer said of itself, after cluster, group and members were found right. */
export interface PeerGreeting extends PeerIdentity {
  readonly fromId: NodeId
  readonly channel: PeerChannel
  /** Program version, for people. Empty when this member called and the peer answered. */
  readonly version: string
}

/** The answer to a greeting. `folderRefused`: for good, the folder is not the one that belongs to the member. */
export type Verdict =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: string; readonly folderRefused: boolean }

/**
 * How a connection ended. `closed`: the peer closed it, as the system does for a process that died. `reset`:
 * the system says that it is broken. `silent`: nothing was heard for `silenceMs`. `broken`: the peer sent
 * what is not allowed. `replaced`: the peer opened a newer one. `local`: this member closed it.
 */
export type Ending = 'closed' | 'reset' | 'silent' | 'broken' | 'replaced' | 'local'

/** What happens to the connections. `up` and `down` come in pairs for each peer, channel and direction. */
export type ConnectionEvent =
  | {
      readonly type: 'up'
      readonly peer: NodeId
      readonly channel: PeerChannel
      readonly direction: Direction
    }
  | {
      readonly type: 'down'
      readonly peer: NodeId
      readonly channel: PeerChannel
      readonly direction: Direction
      readonly ending: Ending
      readonly reason: string
    }
  | {
      /** A try to connect failed before the greeting was answered. */
      readonly type: 'unreached'
      readonly peer: NodeId
      readonly channel: PeerChannel
      readonly direction: 'out'
      readonly ending: Ending
    }
  | {
      readonly type: 'refused'
      readonly peer: NodeId
      readonly channel: PeerChannel
      readonly direction: Direction
      /** `own`: the peer does not take this member. `peer`: this member does not take the peer. */
      readonly refused: 'own' | 'peer'
      readonly reason: string
      readonly folderRefused: boolean
    }

/** What the shell does with what comes in. All of them are called on the event loop, never from inside a send. */
export interface PeerHandlers {
  /**
   * Judges who wants to talk, on every connection, both of those that come in and of the peer that answered
   * a call of ours. Remembering must be durable before `accepted`, or a restart forgets it (admission.ts).
   */
  judgePeer(greeting: PeerGreeting): Verdict | Promise<Verdict>
  /**
   * One Raft message, in the order in which the peer sent them. `body` shares a buffer of up to 64 KiB with
   * its neighbours unless it is larger: nobody writes into it later, but who keeps a small one keeps all.
   */
  onRaft(from: NodeId, body: Uint8Array): void
  /**
   * One call. Rejecting with a `BrokerError` sends code, outcome and message to the caller. `signal` aborts
   * when the caller gave up or its connection is gone; what the handler then answers is dropped. The same
   * rule for `body` as above. The bytes given back are not changed any more.
   */
  onCall(from: NodeId, kind: number, body: Uint8Array, signal: AbortSignal): Promise<readonly Uint8Array[]>
  onConnection(event: ConnectionEvent): void
}

export interface PeerTransportOptions {
  readonly ownId: NodeId
  /** The members of the group at first: see `PeerTransport.setMembers`. The own one may be among them. */
  readonly members: readonly PeerAddress[]
  /** Others may greet too, and are judged by `judgePeer` alone. Not there: only members. */
  readonly isOpen?: boolean
  /** Port 0 takes any free one; see `PeerTransport.port`. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly clusterId: string
  readonly group: string
  readonly identity: PeerIdentity
  /** Program version, for people. */
  readonly version: string
  readonly clock: Clock
  readonly logger: Logger
  /** Seed of the jitter of redials. */
  readonly seed: number
  /** The pause before dialling again: doubles from `min` to `max`, less up to half of it by chance. */
  readonly redialMs: { readonly min: number; readonly max: number }
  /** From the first SYN to the answer to the greeting. */
  readonly connectTimeoutMs: number
  /** A connection on which nothing comes in for so long is destroyed and dialled again. About one election. */
  readonly silenceMs: number
}

/** How a call is limited. */
export interface CallOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}
