/**
 * One simulated member: the shell around core and machine. It gathers inputs into steps, keeps the callers of
 * its proposals, applies what may be applied and survives crashes through its disk and its tables.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, logPosition, type LogIndex, type NodeId, type Term } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { StateMachine } from '../../src/base/state-machine.ts'
import type { Input, Payload } from '../../src/raft/index.ts'
import { dataOf, SimNode, type DataPayload, type NodeOptions, type Stepped } from './node.ts'
import { SimTables } from './tables.ts'
import type { Action, Outcome, Workload } from './workload.ts'

/** What an entry takes beside its data, as in the real log. */
const RECORD_HEADER_BYTES = 64

interface Caller<Reply> {
  readonly term: Term
  readonly done: (outcome: Outcome<Reply>) => void
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
  #positions: number[] = [0]

  constructor(
    options: NodeOptions,
    workload: Workload<Reply, Machine>,
    onApplied: (index: LogIndex, data: Uint8Array, replies: readonly Reply[]) => void,
  ) {
    this.node = new SimNode(options)
    this.#workload = workload
    this.#onApplied = onApplied
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
    const applied = this.node.log[this.appliedIndex - 1]
    return applied?.term === this.node.raft.status().term
  }

  start(seed: number): void {
    const appliedIndex = this.tables.flushedIndex
    this.node.start(appliedIndex, seed)
    this.#machine = this.#workload.start(this.tables.rows())
    assert(this.#machine.appliedIndex === appliedIndex, 'rows and applied index fit')
    this.#applyTo = appliedIndex
    this.#positions = [0]
  }

  /** Power goes. Callers that wait will never know. */
  crash(prng: Prng): void {
    this.node.stop()
    this.node.disk.crash(prng)
    this.tables.crash(prng)
    this.#machine = null
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
    if (ready.roleChange !== null && ready.roleChange.role !== 'leader') this.#loseCallers()
    assert(ready.applyTo >= this.#applyTo, 'what may be applied never goes back')
    this.#applyTo = ready.applyTo
    return { stepped, inputs }
  }

  /** Applies at most `max` entries. Returns whether some are left. */
  apply(max: number): boolean {
    for (let at = 0; at < max && this.appliedIndex < this.#applyTo; at++) {
      const index = logIndex(this.appliedIndex + 1)
      const entry = this.node.log[index - 1]
      assert(entry !== undefined, 'what is applied is in the log', { index })
      const data = dataOf(entry.payload)
      const position = logPosition(this.#positionOf(index) + RECORD_HEADER_BYTES)
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

  /** Where the record of an entry begins: the same on every member, as records stand one after the other. */
  #positionOf(index: LogIndex): number {
    while (this.#positions.length < index) {
      const entry = this.node.log[this.#positions.length - 1]
      this.#positions.push((this.#positions.at(-1) ?? 0) + (entry?.payload.size ?? 0))
    }
    return this.#positions[index - 1] ?? 0
  }

  #appended(payload: Payload, index: LogIndex, term: Term): void {
    const action = this.#actions.get(payload)
    if (action === undefined) return
    this.#actions.delete(payload)
    this.#callers.set(index, { term, done: action.done })
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
