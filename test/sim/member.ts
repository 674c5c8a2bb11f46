/**
 * One simulated member: the shell around core and machine. It gathers inputs into steps, keeps the callers of
 * its proposals, applies what may be applied and survives crashes through its disk and its tables.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, logPosition, term, type LogIndex, type NodeId, type Term } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { StateMachine } from '../../src/base/state-machine.ts'
import type { Input, Payload, SnapshotMark } from '../../src/raft/index.ts'
import { dataOf, SimNode, type DataPayload, type NodeOptions, type Stepped } from './node.ts'
import { SimTables, type Row } from './tables.ts'
import type { Action, Outcome, Workload } from './workload.ts'

/** What an entry takes beside its data, as in the real log. */
const RECORD_HEADER_BYTES = 64

interface Caller<Reply> {
  readonly term: Term
  readonly done: (outcome: Outcome<Reply>) => void
}

/** The state of a member at one index, as it is sent to another one. */
export interface MemberState {
  readonly mark: SnapshotMark
  readonly rows: readonly Row[]
  /** Where the next record of the log begins, in bytes. */
  readonly position: number
}

/** A member over all its lives. */
export class Member<Reply, Machine extends StateMachine<Reply>> {
  readonly node: SimNode
  readonly tables = new SimTables()
  readonly #workload: Workload<Reply, Machine>
  readonly #onApplied: (index: LogIndex, data: Uint8Array, replies: readonly Reply[]) => void
  #machine: Machine | null = null
  #inbox: Input[] = []
  /** A turn is already on its way. */
  turnDue = false
  /** The core lets entries be applied up to here. */
  #applyTo = logIndex(0)
  #actions = new Map<Payload, Action<Reply>>()
  #callers = new Map<LogIndex, Caller<Reply>>()
  /** Where the record of the next entry to be applied begins, in bytes: the same on every member. */
  #position = 0
  /** States that came in whole and may be taken. */
  readonly #states = new Map<SnapshotMark, MemberState>()
  /** So many states are on their way into the place of tables and machine. */
  #restoring = 0

  constructor(
    options: NodeOptions,
    workload: Workload<Reply, Machine>,
    onApplied: (index: LogIndex, data: Uint8Array, replies: readonly Reply[]) => void,
  ) {
    this.node = new SimNode(options)
    this.#workload = workload
    this.#onApplied = onApplied
    this.node.disk.onRestore = (mark) => this.#restored(mark)
  }

  get id(): NodeId {
    return this.node.id
  }

  get machine(): Machine {
    assert(this.#machine !== null, 'the member runs', { id: this.id })
    return this.#machine
  }

  get appliedIndex(): LogIndex {
    return this.machine.appliedIndex
  }

  /** Leads and has applied everything of the terms before, as the real shell asks for. */
  get leads(): boolean {
    if (!this.node.isUp || this.node.raft.status().role !== 'leader') return false
    return this.node.termAt(this.appliedIndex) === this.node.raft.status().term
  }

  start(seed: number): void {
    const appliedIndex = this.tables.flushedIndex
    this.node.start(appliedIndex, seed)
    this.#machine = this.#workload.start(this.tables.rows())
    assert(this.#machine.appliedIndex === appliedIndex, 'rows and applied index fit')
    this.#applyTo = appliedIndex
    this.#position = this.node.disk.basePosition
    for (const { index, payload } of this.node.log) if (index <= appliedIndex) this.#position += payload.size
  }

  /** Power goes. Callers that wait will never know. */
  crash(prng: Prng): void {
    this.node.stop()
    this.node.disk.crash(prng)
    this.tables.crash(prng)
    this.#machine = null
    this.#states.clear()
    this.#restoring = 0
    this.#inbox = []
    this.turnDue = false
    this.#loseCallers()
    const actions = [...this.#actions.values()]
    this.#actions.clear()
    for (const action of actions) action.done({ type: 'unknown' })
  }

  put(input: Input): void {
    this.#inbox.push(input)
  }

  propose(action: Action<Reply>): void {
    const payload: DataPayload = { size: RECORD_HEADER_BYTES + action.data.byteLength, data: action.data }
    this.#actions.set(payload, action)
    this.#inbox.push({ type: 'propose', payloads: [payload] })
  }

  /** One step with all that waits. */
  turn(): { readonly stepped: Stepped; readonly inputs: readonly Input[] } {
    const inputs = this.#inbox
    this.#inbox = []
    this.turnDue = false
    const stepped = this.node.step(inputs)
    const { ready } = stepped
    for (const payload of ready.refused) this.#end(payload, { type: 'none' })
    for (const entry of ready.write?.entries ?? []) this.#appended(entry.payload, entry.index, entry.term)
    if (ready.write !== null && ready.write.restore !== null) this.#restoring++
    if (ready.roleChange !== null && ready.roleChange.role !== 'leader') this.#loseCallers()
    assert(ready.applyTo >= this.#applyTo, 'what may be applied never goes back')
    this.#applyTo = ready.applyTo
    return { stepped, inputs }
  }

  /** Applies at most `max` entries. Returns whether some are left. */
  apply(max: number): boolean {
    if (this.#restoring > 0) return false
    for (let at = 0; at < max && this.appliedIndex < this.#applyTo; at++) {
      const index = logIndex(this.appliedIndex + 1)
      const entry = this.node.entryAt(index)
      assert(entry !== undefined, 'what is applied is in the log', { index })
      const data = dataOf(entry.payload)
      const position = logPosition(this.#position + RECORD_HEADER_BYTES)
      this.#position += entry.payload.size
      const replies = this.machine.apply({ index, position }, data)
      assert(this.appliedIndex === index, 'each entry is applied once', { index })
      this.#onApplied(index, data, replies)
      this.tables.batch(index, this.machine.drain())
      const caller = this.#callers.get(index)
      this.#callers.delete(index)
      if (caller !== undefined && caller.term === entry.term) caller.done({ type: 'applied', index, replies })
      else caller?.done({ type: 'none' })
    }
    return this.appliedIndex < this.#applyTo
  }

  /** Syncs the tables and forgets a part of what they hold, as retention does. */
  forget(prng: Prng): void {
    this.tables.sync()
    const held = this.tables.flushedIndex - this.node.base.index
    if (held < 1 || this.#restoring > 0) return
    this.put({ type: 'forget', index: logIndex(this.node.base.index + prng.below(held + 1, 1)) })
  }

  /** What another member can go on from. */
  state(): MemberState {
    this.tables.sync()
    const index = this.appliedIndex
    const configuration = this.node.raft.configurationAt(index)
    const mark = { index, term: term(this.node.termAt(index) ?? 0), configuration }
    return { mark, rows: this.tables.rows(), position: this.#position }
  }

  /** The whole of a leader's state lies ready. */
  offer(from: NodeId, leaderTerm: Term, state: MemberState): void {
    this.#states.set(state.mark, state)
    const message = { type: 'installSnapshot', term: leaderTerm, mark: state.mark } as const
    this.put({ type: 'message', from, message })
  }

  /** The disk has a state in the place of the log; so it has its tables. The machine follows, if it runs. */
  #restored(mark: SnapshotMark): void {
    const state = this.#states.get(mark)
    assert(state !== undefined, 'only a state that came in is taken', { index: mark.index })
    this.tables.install(mark.index, state.rows)
    this.node.disk.basePosition = state.position
    if (this.#machine === null) return
    this.#restoring--
    this.#machine = this.#workload.start(this.tables.rows())
    this.#position = state.position
    assert(this.appliedIndex === mark.index, 'rows and applied index fit')
  }

  #appended(payload: Payload, index: LogIndex, entryTerm: Term): void {
    const action = this.#actions.get(payload)
    if (action === undefined) return
    this.#actions.delete(payload)
    this.#callers.set(index, { term: entryTerm, done: action.done })
  }

  #end(payload: Payload, outcome: Outcome<Reply>): void {
    const action = this.#actions.get(payload)
    assert(action !== undefined, 'only what was proposed is refused')
    this.#actions.delete(payload)
    action.done(outcome)
  }

  /** Leadership is gone: what is in the log may still be committed. */
  #loseCallers(): void {
    const callers = [...this.#callers.values()]
    this.#callers.clear()
    for (const caller of callers) caller.done({ type: 'unknown' })
  }
}
