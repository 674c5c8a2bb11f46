/** What the facade needs to know of the broker group, and its way to the leader when that is another node. */
import type { CallHead } from './call-head.ts'

/** Where the leader is, as far as this node knows. */
export type LeaderPlace = 'here' | 'elsewhere' | 'nobody'

/**
 * The broker group as one member sees it. The facade's calls have a `CallHead` and are bytes; another service
 * brings its own kinds of heads, requests and replies.
 */
export interface Cluster<Head = CallHead, Request = Uint8Array, Reply = readonly Uint8Array[]> {
  leaderPlace(): LeaderPlace
  /**
   * Resolves at the next change of leadership that this node hears of: of the place, of the leader, or of
   * the term. Rejects with the signal's reason when it aborts.
   */
  leaderChange(signal: AbortSignal): Promise<void>
  /**
   * Runs the call's leader part (`runLeaderCall`) on the leader and returns its reply, the bytes of each
   * response message. Throws what the leader part throws there, and `BrokerError` NOT_LEADER, NO_LEADER, BUSY
   * or CLOSED for what goes wrong on the way; outcome `none` only if the request surely never reached it.
   * When the signal aborts the leader part's signal aborts too, and the promise rejects.
   */
  callLeader(head: Head, request: Request, signal: AbortSignal): Promise<Reply>
}
