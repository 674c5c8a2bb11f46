/** What runs on top of the replicated log in a simulation: a machine, clients that use it, and their checks. */
import type { LogIndex, NodeId, Term } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { StateMachine } from '../../src/base/state-machine.ts'
import type { Row } from './tables.ts'

/** How a proposal ended. `unknown`: it may still be committed. */
export type Outcome<Reply> =
  | { readonly type: 'applied'; readonly index: LogIndex; readonly replies: readonly Reply[] }
  | { readonly type: 'none' }
  | { readonly type: 'unknown' }

/** What a client wants to put into the log, and what it does with the outcome. */
export interface Action<Reply> {
  readonly data: Uint8Array
  readonly done: (outcome: Outcome<Reply>) => void
}

/** What a client sees of the member that it asks. The member may have lost its leadership without knowing. */
export interface Asked<Machine> {
  readonly member: NodeId
  readonly term: Term
  readonly machine: Machine
  /** This member's monotonic and wall clock, in milliseconds. */
  readonly mono: number
  readonly wall: number
}

export interface Workload<Reply, Machine extends StateMachine<Reply>> {
  /** A machine from the rows that a member had flushed; none at the first start. */
  start(rows: readonly Row[]): Machine
  /** The next action of a client, or nothing to do. A client has at most one under way. */
  act(client: number, asked: Asked<Machine>, prng: Prng): Action<Reply> | null
  /** An entry was applied for the first time anywhere. Called in the order of the log, each index once. */
  observe(index: LogIndex, data: Uint8Array, replies: readonly Reply[]): void
  /** Everything is quiet and equal: the last checks. */
  finish(machine: Machine): void
}
