/** What the leader parts of the calls work with, on the node that leads. */
import type { Clock } from '../base/ports.ts'
import type { DeadLetters } from '../broker/dead-letter-operations.ts'
import type { LeaderOperations } from '../broker/leader-port.ts'
import type { OffsetOperations } from '../broker/offset-operations.ts'
import type { MachineView } from '../broker/machine/view.ts'
import type { Endpoints } from '../rpc/apache-definition.ts'
import type { CallHead } from './call-head.ts'

/** This member's own parts. Made once and shared by all calls. */
export interface LeaderContext {
  readonly operations: LeaderOperations
  readonly offsets: OffsetOperations
  readonly deadLetters: Pick<DeadLetters, 'forward'>
  readonly view: MachineView
  readonly clock: Clock
  /** Where this member serves clients, `host:port`: delivered messages name it as the place they come from. */
  readonly storeHost: string
  /** The name of the broker group, the same on all its members. */
  readonly brokerName: string
  /** How far ahead a message may be due. */
  readonly delayMsMax: number
  /** Where clients reach the group: only for requests that do not say which address they used. */
  readonly advertised: () => Endpoints
  /** How long a transaction is open before its first check, when its message does not say. */
  readonly checkAfterMs: number
  /** Makes a topic that a route was asked for; `null` unless topics are configured to be made so. */
  readonly createTopic: ((name: string) => Promise<unknown>) | null
}

/**
 * A call's part at the leader: the bytes of each response message. Throws `Refusal` and `BrokerError`. The
 * signal aborts when nobody waits for the answer any more.
 */
export type LeaderPart = (
  context: LeaderContext,
  head: CallHead,
  request: Uint8Array,
  signal: AbortSignal,
) => Promise<readonly Uint8Array[]>
