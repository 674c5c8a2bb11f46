/** What a simulated whole member needs from its world, and tells it. */
import type { LogIndex, NodeId } from '../../src/base/brand.ts'
import type { Logger } from '../../src/base/ports.ts'
import type { FetchedLog } from '../../src/dledger/log-source.ts'
import type { Input, Ready } from '../../src/raft/index.ts'
import type { AppendMachine, AppendReply } from './append-machine.ts'
import type { MemberClock } from './member-clock.ts'
import type { NodeMember } from './node-member.ts'
import type { NodeSettings } from './node-settings.ts'

/** Answers a peer that repairs its log. */
export type Serve = (first: LogIndex, bytesMax: number) => Promise<FetchedLog>

/** What surrounds a member. */
export interface Surroundings {
  readonly settings: NodeSettings
  readonly members: readonly NodeId[]
  /** Who of them founded the group; the others may join it. */
  readonly founders: readonly NodeId[]
  readonly logger: Logger
  /** Where committed entries stand, for looking at disks. The entry of index i is at i - 1. */
  readonly positions: readonly number[]
  newClock(): MemberClock
  /** Runs at this moment, after what is under way. */
  soon(run: () => void): void
  send(from: NodeId, to: NodeId, chunks: readonly Uint8Array[]): boolean
  /** Asks a peer for a part of its log. */
  fetch(from: NodeId, to: NodeId, first: LogIndex, bytesMax: number): Promise<FetchedLog>
  /** Offers a peer a state, or asks it for a part of one. */
  stateCall(from: NodeId, to: NodeId, request: Uint8Array): Promise<Uint8Array>
  /** The member has taken a state: its process ends, and a new one begins. */
  renewed(member: NodeMember): void
  /** The member runs. */
  started(member: NodeMember): void
  /** A step was taken and carried out. */
  stepped(member: NodeMember, inputs: readonly Input[], ready: Ready): void
  applied(index: LogIndex, data: Uint8Array, replies: readonly AppendReply[]): void
  /** Entries were applied; the machine may be compared. */
  compare(machine: AppendMachine): void
  /** The member cannot go on, or could not start: its disk failed. */
  stopped(member: NodeMember): void
  /** What must never happen. */
  fail(error: unknown): void
}
