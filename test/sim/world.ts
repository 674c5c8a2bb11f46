/**
 * One simulated group from its first start to its last check: an event queue, the members, their network and
 * disks, clients and faults. Everything is drawn from the seed, so the same seed is the same story.
 */
import { assert } from '../../src/base/assert.ts'
import { nodeId, type NodeId, type Term } from '../../src/base/brand.ts'
import { Heap } from './heap.ts'
import { Prng } from '../../src/base/prng.ts'
import type { StateMachine } from '../../src/base/state-machine.ts'
import {
  describeInput,
  describeMessage,
  describeReady,
  isJoint,
  type Input,
  type Ready,
} from '../../src/raft/index.ts'
import { AppliedChecker } from './applied.ts'
import { Ghost } from './ghost.ts'
import { Marks } from './marks.ts'
import { Member, type MemberState } from './member.ts'
import { Network } from './network.ts'
import type { Packet } from './node.ts'
import { ReadChecker } from './reads.ts'
import { TICK_UNITS, type Settings } from './settings.ts'
import { Tally } from './tally.ts'
import type { Trace } from './trace.ts'
import type { Asked, Workload } from './workload.ts'

/** Milliseconds a unit of time. A tick is 100 ms. */
export const UNIT_MS = 10
/** Entries a member applies in one turn when its machine is slow. */
const SLOW_APPLY_MAX = 2
const CLOCK_START_MS = 1_700_000_000_000

/** The group, its surroundings and their time, in units. */
export class World<Reply, Machine extends StateMachine<Reply>> {
  readonly settings: Settings
  readonly members = new Map<NodeId, Member<Reply, Machine>>()
  readonly network: Network
  readonly ghost: Ghost
  readonly trace: Trace
  readonly marks = new Marks()
  readonly #workload: Workload<Reply, Machine>
  readonly #checker: AppliedChecker<Reply, Machine>
  readonly #events = new Heap<() => void>()
  readonly #prng: Prng
  readonly #stuckUntil = new Map<NodeId, number>()
  readonly #writing = new Set<NodeId>()
  readonly #reads = new ReadChecker()
  readonly tally = new Tally()
  /** How many calls of clients had an answer. */
  answered = 0
  now = 0
  stormy = true

  constructor(settings: Settings, workload: Workload<Reply, Machine>, trace: Trace) {
    this.settings = settings
    this.trace = trace
    this.#workload = workload
    this.#checker = new AppliedChecker(workload)
    this.#prng = new Prng(settings.seed)
    this.network = new Network(this.#prng.split(), settings, this.tally)
    const { nodeCount, spareCount } = settings
    const all = Array.from({ length: nodeCount + spareCount }, (_, at) => nodeId(at + 1))
    const founders = all.slice(0, nodeCount)
    for (const id of all) {
      // Who is to join knows nobody and hears from the leader who belongs to the group.
      const options = { ...settings, id, voters: id <= nodeCount ? founders : [] }
      const member = new Member(options, workload, (index, data, replies) =>
        this.#checker.applied(index, data, replies),
      )
      this.members.set(id, member)
    }
    this.ghost = new Ghost(new Map([...this.members].map(([id, member]) => [id, member.node])))
    for (const member of this.members.values()) this.start(member)
    for (let client = 0; client < settings.clientCount; client++) this.#pause(client, this.#prng.split())
  }

  /** Runs all events up to a time. */
  runTo(end: number): void {
    for (;;) {
      const key = this.#events.peekKey()
      if (key === undefined || key > end) break
      this.now = key
      this.#events.pop()?.()
    }
    this.now = end
  }

  at(time: number, run: () => void): void {
    this.#events.push(Math.max(time, this.now), run)
  }

  start(member: Member<Reply, Machine>): void {
    member.start(this.#prng.uint32())
    this.#note(member, [1], () => 'starts')
    this.ghost.started(member.node)
    const skew = this.settings.faults.has('skew') ? this.#prng.below(4, -3) : 0
    this.#tick(member, member.node.raft, TICK_UNITS + skew)
    this.#turnSoon(member)
  }

  crash(member: Member<Reply, Machine>): void {
    this.#note(member, [2], () => 'crashes')
    this.#stuckUntil.delete(member.id)
    this.#writing.delete(member.id)
    member.crash(this.#prng)
    if (this.settings.faults.has('damagedTail')) this.#damageTail(member)
    if (this.settings.faults.has('gone')) {
      for (const other of this.members.values()) if (other !== member) this.tellGone(other, member.id)
    }
    this.ghost.checkMajority()
  }

  /** The end of a log is damaged now and then, never the last copy of an entry, and nothing that was applied. */
  #damageTail({ id, node, tables }: Member<Reply, Machine>): void {
    if (this.#prng.chance(0.5)) return
    const wanted = this.#prng.below(5)
    const others = [...this.members.values()].filter((member) => member.id !== id)
    const { entries } = node.disk
    let count = 0
    while (count < wanted && node.disk.lastIndex() - count > tables.flushedIndex) {
      const entry = entries[entries.length - count - 1]
      if (entry === undefined) break
      if (!others.some(({ node: { disk } }) => disk.holds(entry.index, entry.term))) break
      count++
    }
    node.disk.damageTail(count)
  }

  /** The disk of a member stands still until then. */
  stick(member: Member<Reply, Machine>, until: number): void {
    this.#note(member, [3, until], () => `has a disk that stands still until ${until}`)
    this.#stuckUntil.set(member.id, until)
  }

  /** A member hears soon that a peer's process is gone, right or wrong. */
  tellGone(member: Member<Reply, Machine>, peer: NodeId): void {
    if (!member.node.isUp) return
    const life = member.node.raft
    this.at(this.now + this.#prng.below(40, 1), () => {
      if (!member.node.isUp || member.node.raft !== life) return
      member.put({ type: 'gone', peer })
      this.#turnSoon(member)
    })
  }

  /** Bad weather ends for good: no fault happens any more. */
  calm(): void {
    this.stormy = false
    this.network.stormy = false
    this.network.heal()
    this.#stuckUntil.clear()
  }

  /** Gives a member an input of its operator. */
  give(member: Member<Reply, Machine>, input: Input): void {
    member.put(input)
    this.#turnSoon(member)
  }

  /** A member forgets some of its log. */
  forget(member: Member<Reply, Machine>, prng: Prng): void {
    member.forget(prng)
    this.#turnSoon(member)
  }

  #tick(member: Member<Reply, Machine>, life: unknown, every: number): void {
    this.at(this.now + every, () => {
      if (!member.node.isUp || member.node.raft !== life) return
      this.#tick(member, life, every)
      member.put({ type: 'tick' })
      this.#turnSoon(member)
    })
  }

  #turnSoon(member: Member<Reply, Machine>): void {
    if (member.turnDue) return
    member.turnDue = true
    const { gatherUnits } = this.settings
    const life = member.node.raft
    const gather = gatherUnits === 0 ? 0 : this.#prng.below(gatherUnits)
    this.at(this.now + gather, () => {
      if (member.node.isUp && member.node.raft === life) this.#turn(member)
    })
  }

  #turn(member: Member<Reply, Machine>): void {
    const { stepped, inputs } = member.turn()
    const { ready, packets } = stepped
    this.#note(member, [4, inputs.length, ready.commitIndex, ready.applyTo, packets.length], () =>
      [...inputs.map(describeInput), ...describeReady({ ...ready, send: [] })].join(' | '),
    )
    this.ghost.stepped(member.node, ready, packets)
    this.#mark(ready, inputs)
    this.#reads.ended(ready)
    for (const packet of packets) {
      if (packet.message.type === 'installSnapshot')
        this.#sendState(packet.from, packet.to, packet.message.term)
      else this.#send(packet)
    }
    if (ready.write !== null && this.#crashesAtWrite()) {
      this.crash(member)
      this.at(this.now + this.#prng.below(400, 20), () => this.restart(member))
      return
    }
    if (ready.write !== null) this.#writeSoon(member)
    const isSlow = this.stormy && this.settings.faults.has('slowApply')
    const isBehind = member.apply(isSlow ? SLOW_APPLY_MAX : 1000)
    this.#checker.compare(member.machine)
    if (isBehind) this.#turnSoon(member)
  }

  /** Counts what is rare. */
  #mark(ready: Ready, inputs: readonly Input[]): void {
    const { write, changes, transfers, configuration, roleChange } = ready
    if (write !== null && write.truncateFrom !== null) this.marks.hit('conflict repaired')
    if (configuration !== null && isJoint(configuration.configuration)) this.marks.hit('change begun')
    const isCut = write !== null && write.truncateFrom !== null && configuration !== null
    if (isCut && configuration.index < (write.truncateFrom ?? 0)) this.marks.hit('configuration cut')
    for (const { type } of changes) {
      if (type === 'changed') this.marks.hit(this.network.isWhole ? 'change done' : 'change under fault')
      if (type === 'unknown') this.marks.hit('change handed on')
    }
    if (inputs.some(({ type }) => type === 'forget')) this.marks.hit('log forgotten')
    const isOffered = inputs.some(
      (input) => input.type === 'message' && input.message.type === 'installSnapshot',
    )
    if (isOffered)
      this.marks.hit(write !== null && write.restore !== null ? 'state taken' : 'state passed over')
    if (ready.reads.length > 0) this.marks.hit('read')
    if (ready.readsRefused.length > 0) this.marks.hit('read refused')
    for (const { type } of transfers) if (type === 'givenUp') this.marks.hit('transfer given up')
    if (roleChange?.reason === 'the leader hands over to this node') this.marks.hit('transfer done')
    if (roleChange?.reason === 'this node was removed') this.marks.hit('leader removed')
  }

  restart(member: Member<Reply, Machine>): void {
    if (!member.node.isUp) this.start(member)
  }

  #crashesAtWrite(): boolean {
    if (!this.stormy || !this.settings.faults.has('crashAtWrite') || !this.#prng.chance(0.01)) return false
    this.tally.add('fault: crash at write')
    return true
  }

  #send(packet: Packet): void {
    const { from, to, message } = packet
    const arrivals = this.network.arrivals(from, to, this.now)
    this.#note(this.#member(from), [5, to, message.term, arrivals.length], () => {
      const fate = arrivals.length === 0 ? ' (lost)' : arrivals.length === 2 ? ' (twice)' : ''
      return `to ${to}${fate}: ${describeMessage(message)}`
    })
    if (arrivals.length === 0) this.#lost(packet)
    for (const arrival of arrivals) {
      this.at(arrival, () => {
        const member = this.#member(to)
        if (!member.node.isUp || this.network.isCut(from, to)) return
        member.put({ type: 'message', from, message })
        this.#turnSoon(member)
      })
    }
  }

  /** A state goes beside the messages, takes its time, and arrives as a whole or not at all. */
  #sendState(from: NodeId, to: NodeId, term: Term): void {
    const [sender, receiver] = [this.#member(from), this.#member(to)]
    const state = sender.state()
    const life = sender.node.raft
    this.marks.hit('state sent')
    this.at(this.now + this.#prng.below(120, 5), () => {
      const isLost = this.network.isCut(from, to) || (this.stormy && this.#prng.chance(0.2))
      const ok = !isLost && receiver.node.isUp
      if (ok) this.#offer(receiver, from, term, state)
      this.at(this.now + this.#prng.below(20, 1), () => {
        if (!sender.node.isUp || sender.node.raft !== life) return
        this.give(sender, { type: 'snapshotReported', peer: to, index: state.mark.index, ok })
      })
    })
  }

  /** With duplicates the same state comes again, when the log has gone on from it. */
  #offer(receiver: Member<Reply, Machine>, from: NodeId, term: Term, state: MemberState): void {
    receiver.offer(from, term, state)
    this.#turnSoon(receiver)
    if (!this.settings.faults.has('duplicates') || !this.#prng.chance(0.3)) return
    const life = receiver.node.raft
    this.at(this.now + this.#prng.below(200, 1), () => {
      if (receiver.node.isUp && receiver.node.raft === life) this.#offer(receiver, from, term, state)
    })
  }

  /** Sometimes the sender hears that its connection broke. */
  #lost({ from, to }: Packet): void {
    if (!this.settings.faults.has('unreachable') || !this.#prng.chance(0.3)) return
    const member = this.#member(from)
    const life = member.node.raft
    this.at(this.now + this.#prng.below(50, 1), () => {
      if (!member.node.isUp || member.node.raft !== life) return
      member.put({ type: 'unreachable', peer: to })
      this.#turnSoon(member)
    })
  }

  #writeSoon(member: Member<Reply, Machine>): void {
    if (this.#writing.has(member.id)) return
    this.#writing.add(member.id)
    const slow = this.stormy && this.settings.faults.has('slowDisk') && this.#prng.chance(0.3)
    if (slow) this.tally.add('fault: slow disk')
    const stuck = this.#stuckUntil.get(member.id) ?? 0
    const done = Math.max(this.now, stuck) + this.#prng.below(slow ? 120 : 4, 1)
    const life = member.node.raft
    this.at(done, () => {
      if (!member.node.isUp || member.node.raft !== life) return
      this.#writing.delete(member.id)
      // One sync serves all that waits, or only some of it.
      const count = this.#prng.below(member.node.disk.pendingCount + 1, 1)
      let write = 0
      for (let at = 0; at < count; at++) write = member.node.disk.completeNext()
      member.put({ type: 'persisted', write })
      this.#turnSoon(member)
      if (member.node.disk.pendingCount > 0) this.#writeSoon(member)
    })
  }

  /** A client waits a while and then acts at the member that leads, as far as it knows. */
  #pause(client: number, prng: Prng): void {
    this.at(this.now + prng.below(this.settings.pauseUnits * 2, 1), () => this.#act(client, prng))
  }

  #act(client: number, prng: Prng): void {
    const up = [...this.members.values()].filter((member) => member.node.isUp)
    const leading = up.filter((member) => member.leads)
    const member = leading.length > 0 && prng.chance(0.95) ? prng.pick(leading) : up[prng.below(up.length)]
    for (const one of up) if (prng.chance(0.3) && isLeader(one)) this.#read(one)
    const action = member === undefined ? null : this.#workload.act(client, this.#ask(member), prng)
    if (member === undefined || action === null) {
      this.#pause(client, prng)
      return
    }
    this.#note(member, [6, client, action.data.byteLength], () => `gets a proposal of client ${client}`)
    member.propose({
      data: action.data,
      done: (outcome) => {
        this.#note(member, [7, client, outcome.type.length], () => `tells client ${client}: ${outcome.type}`)
        if (outcome.type === 'applied') this.answered++
        action.done(outcome)
        this.#pause(client, prng)
      },
    })
    this.#turnSoon(member)
  }

  /** Somebody reads at a member that thinks it leads: two may think so, and only one of them may answer. */
  #read(member: Member<Reply, Machine>): void {
    this.give(member, { type: 'readIndex', ids: [this.#reads.begin(this.ghost.committedCount)] })
  }

  /**
   * What a client sees of a member. Its wall time is what it takes for the majority's (`broker/agreed-time.ts`): with
   * skew that differs between members, by less than a second.
   */
  #ask(member: Member<Reply, Machine>): Asked<Machine> {
    const skew = this.settings.faults.has('skew') ? member.id * 150 : 0
    const mono = this.now * UNIT_MS
    const { term } = member.node.raft.status()
    return { member: member.id, term, machine: member.machine, mono, wall: CLOCK_START_MS + skew + mono }
  }

  #member(id: NodeId): Member<Reply, Machine> {
    const member = this.members.get(id)
    assert(member !== undefined, 'packets go between members', { id })
    return member
  }

  #note(member: Member<Reply, Machine>, numbers: readonly number[], line: () => string): void {
    this.trace.note([this.now, member.id, ...numbers], () => `${this.now} node ${member.id} ${line()}`)
  }
}

function isLeader<Reply, Machine extends StateMachine<Reply>>(member: Member<Reply, Machine>): boolean {
  return member.node.raft.status().role === 'leader'
}
