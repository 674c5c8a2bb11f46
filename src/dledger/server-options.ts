/** What a member of a replicated log is made of, and what its owner hears of it. */
import type { NodeId } from '../base/brand.ts'
import type { Clock, Kv, Logger } from '../base/ports.ts'
import type { StateMachine } from '../base/state-machine.ts'
import type { Raft as RaftCore } from '../raft/index.ts'
import type { RoleChange } from '../raft/types.ts'
import type { LoggedMembers } from './known-members.ts'
import type { LogStore } from './log-store.ts'
import type { MetaStore } from './meta-store.ts'
import type { RaftLink } from './peer-sender.ts'
import type { EncodedCommand } from './proposals.ts'
import type { StateOptions } from './state/state-transfer.ts'

export interface DLedgerOptions<Reply> {
  readonly id: NodeId
  readonly raft: RaftCore
  readonly log: LogStore
  readonly meta: MetaStore
  readonly kv: Kv
  readonly machine: StateMachine<Reply>
  readonly link: RaftLink
  readonly clock: Clock
  readonly logger: Logger
  readonly tickMs: number
  /** Turns the commands of one turn into the body of an entry, with its time stamp. */
  readonly encodeBatch: (commands: readonly EncodedCommand[]) => EncodedCommand
  /** How states travel between members. */
  readonly states: StateOptions
  readonly events: DLedgerEvents
  /** Calls back at the end of this turn of the event loop. */
  readonly schedule?: (run: () => void) => void
}

export interface DLedgerEvents {
  /** The role, the term or the known leader changed. */
  roleChanged(change: RoleChange): void
  /** This member leads and has applied everything of earlier terms; or it leads no more. */
  leadingChanged(leading: boolean): void
  /** Other members are in the log, or those that are became committed. */
  membersChanged?(members: LoggedMembers): void
  /** Entries were applied. */
  applied(): void
  /** A state takes the place of tables and log: the member is to be closed and opened again. */
  stateTaken(): void
  /** The member cannot go on: the process must end. */
  failed(error: unknown): void
}
