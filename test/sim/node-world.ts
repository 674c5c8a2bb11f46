/**
 * One simulated group of whole members: the production files of `src/dledger` over simulated disks, tables,
 * links and clocks. Everything is drawn from the seed, so the same seed is the same story.
 */
import { InvariantError } from '../../src/base/assert.ts'
import { type LogIndex, nodeId, type NodeId } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import type { Logger } from '../../src/base/ports.ts'
import { Prng } from '../../src/base/prng.ts'
import { describeInput, describeReady, type Input, type Ready } from '../../src/raft/index.ts'
import type { FetchedLog } from '../../src/dledger/log-source.ts'
import type { AppendMachine, AppendReply } from './append-machine.ts'
import { AppliedChecker } from './applied.ts'
import type { AppendWorkload } from './append-workload.ts'
import { DiskWeather } from './disk-weather.ts'
import { Ghost } from './ghost.ts'
import { Links } from './links.ts'
import { MemberClock } from './member-clock.ts'
import { NodeMember } from './node-member.ts'
import type { NodeSettings } from './node-settings.ts'
import { Scheduler } from './scheduler.ts'
import { Tally } from './tally.ts'
import type { Trace } from './trace.ts'
import type { Action, Outcome } from './workload.ts'

const UNIT_US = 10_000
/** A client that heard nothing for so long asks again, perhaps somebody else. */
const PATIENCE_US = 8_000_000
/** A member that its disk stopped is started again within so long. */
const RESTART_US = 2_000_000
/** A call of a peer is given up after so long. */
const CALL_US = 2_000_000

/** The group, its surroundings and their time. `now` and `at` count in units of 10 ms, as the weather does. */
export class NodeWorld {
  readonly settings: NodeSettings
  readonly members = new Map<NodeId, NodeMember>()
  /** The others may join later. */
  readonly founders: readonly NodeId[]
  readonly links: Links
  readonly ghost: Ghost
  readonly tally = new Tally()
  readonly #trace: Trace
  readonly #workload: AppendWorkload
  readonly #checker: AppliedChecker<AppendReply, AppendMachine>
  readonly #scheduler = new Scheduler()
  readonly #prng: Prng
  readonly #positions: number[] = []
  readonly #calls = new Map<NodeId, Set<(outcome: Outcome<AppendReply>) => void>>()
  #isServing = true
  stormy = true
  /** How many calls of clients had an answer. */
  answered = 0

  constructor(settings: NodeSettings, workload: AppendWorkload, trace: Trace) {
    this.settings = settings
    this.#workload = workload
    this.#trace = trace
    this.#checker = new AppliedChecker(workload)
    this.#prng = new Prng(settings.seed)
    const count = settings.nodeCount + settings.spareCount
    const ids = Array.from({ length: count }, (_, at) => nodeId(at + 1))
    this.founders = ids.slice(0, settings.nodeCount)
    const users = {
      isUp: (id: NodeId) => this.#member(id).isUp,
      deliver: (from: NodeId, to: NodeId, body: Uint8Array) => this.#deliver(from, to, body),
      broke: (from: NodeId, to: NodeId) => {
        const member = this.#member(from)
        if (member.isUp) member.server.unreachable(to)
      },
    }
    this.links = new Links(settings, ids, this.#scheduler, users, this.tally, this.#prng.split())
    for (const id of ids) this.members.set(id, this.#newMember(id, ids))
    this.ghost = new Ghost(this.members)
    for (const member of this.members.values()) member.start()
    for (let client = 0; client < settings.clientCount; client++) this.#pause(client, this.#prng.split())
  }

  get now(): number {
    return this.#scheduler.now / UNIT_US
  }

  /** Runs all events up to a time. */
  runTo(end: number): Promise<void> {
    return this.#scheduler.runTo(end * UNIT_US)
  }

  at(time: number, run: () => void): void {
    this.#scheduler.at(time * UNIT_US, run)
  }

  restart(member: NodeMember): void {
    if (!member.isAlive) member.start()
  }

  /** Power goes, at one member or at several at once. */
  crash(member: NodeMember): void {
    if (!member.isAlive) return
    this.#note(member, [2], () => 'loses its power')
    member.crash()
    this.#ended(member, false)
    this.ghost.checkMajority()
  }

  /** The process is killed: its peers notice at once. */
  kill(member: NodeMember): void {
    if (!member.isAlive) return
    this.#note(member, [3], () => 'is killed')
    member.kill()
    this.#ended(member, true)
  }

  /** Stops and starts again in good order. */
  async stop(member: NodeMember): Promise<void> {
    this.#note(member, [8], () => 'is told to stop')
    if (!(await member.stop())) return
    this.#note(member, [9], () => 'has stopped')
    this.#ended(member, true)
    this.at(this.now + 20, () => this.restart(member))
  }

  /** A member hears soon that a peer's process is gone, right or wrong. */
  tellGone(member: NodeMember, peer: NodeId): void {
    this.at(this.now + this.#prng.below(40, 1), () => {
      if (member.isUp) member.server.gone(peer)
    })
  }

  /** Bad weather ends for good. */
  calm(): void {
    this.stormy = false
    this.setStormy(false)
    this.links.heal()
    for (const { disk, weather } of this.members.values()) {
      disk.capacityBytes = Number.MAX_SAFE_INTEGER
      weather.stuckUntil = 0
      weather.failNext = null
    }
  }

  /** Faults that happen by chance may or may not happen from now on. */
  setStormy(stormy: boolean): void {
    this.links.stormy = stormy
    for (const { weather } of this.members.values()) weather.stormy = stormy
  }

  /** Ends the run as failed. */
  fail(error: unknown): void {
    this.#scheduler.fail(error)
  }

  /** Clients begin nothing new any more. */
  drain(): void {
    this.#isServing = false
  }

  note(member: NodeMember, code: number, line: string): void {
    this.#note(member, [code], () => line)
  }

  #newMember(id: NodeId, ids: readonly NodeId[]): NodeMember {
    const weather: DiskWeather = new DiskWeather(
      this.settings,
      this.#scheduler,
      this.tally,
      this.#prng.split(),
      () => this.#soon(() => this.#crashForAWhile(this.#member(id))),
    )
    const world = {
      settings: this.settings,
      members: ids,
      founders: this.founders,
      logger: this.#logger(id),
      positions: this.#positions,
      newClock: () => new MemberClock(this.#scheduler, this.#clockRate()),
      soon: (run: () => void) => this.#soon(run),
      send: (from: NodeId, to: NodeId, chunks: readonly Uint8Array[]) => this.links.send(from, to, chunks),
      fetch: this.#fetch.bind(this),
      stateCall: this.#stateCall.bind(this),
      renewed: (member: NodeMember) => this.#renewed(member),
      started: (member: NodeMember) => this.#started(member),
      stepped: (member: NodeMember, inputs: readonly Input[], ready: Ready) =>
        this.#stepped(member, inputs, ready),
      applied: this.#checker.applied.bind(this.#checker),
      compare: this.#checker.compare.bind(this.#checker),
      stopped: (member: NodeMember) => this.#stopped(member),
      fail: (error: unknown) => this.#scheduler.fail(error),
    }
    return new NodeMember(id, world, weather, this.#prng.split())
  }

  #soon(run: () => void): void {
    this.#scheduler.at(this.#scheduler.now, run)
  }

  #clockRate(): number {
    return this.settings.faults.has('drift') ? this.#prng.below(131, 70) / 100 : 1
  }

  #started(member: NodeMember): void {
    const { lastIndex, term } = member.status()
    this.#note(member, [1, lastIndex, term], () => `starts with ${lastIndex} entries in term ${term}`)
    if (member.machine.appliedIndex > 0 && member.machine.appliedIndex < lastIndex) {
      this.tally.add('reached: tables behind the log at a start')
    }
    this.ghost.started(member)
    this.links.started(member.id)
  }

  #stepped(member: NodeMember, inputs: readonly Input[], ready: Ready): void {
    const { commitIndex, applyTo, send, write, roleChange } = ready
    this.#note(member, [4, inputs.length, commitIndex, applyTo, send.length, write?.id ?? 0], () =>
      [...inputs.map(describeInput), ...describeReady(ready)].join(' | '),
    )
    // The process ends with such a step, and nothing of it leaves.
    if (write !== null && write.restore !== null) return
    if (write !== null && write.truncateFrom !== null) this.tally.add('reached: conflict repaired')
    if (roleChange?.role === 'leader') this.tally.add('reached: leader elected')
    for (let index = this.#positions.length + 1; index <= commitIndex; index++) {
      this.#positions.push(member.positionOf(index))
    }
    this.ghost.stepped(member, ready, send)
  }

  /** The disk failed under a member: its process ends, and somebody starts it again. */
  #stopped(member: NodeMember): void {
    this.#note(member, [5], () => 'stops, since its disk failed')
    this.tally.add(
      member.isFull ? 'reached: member stopped by a full disk' : 'reached: member stopped by its disk',
    )
    member.kill()
    this.#ended(member, true)
    this.#restartLater(member)
  }

  #crashForAWhile(member: NodeMember): void {
    if (!member.isAlive) return
    this.crash(member)
    this.#restartLater(member)
  }

  #restartLater(member: NodeMember): void {
    this.#scheduler.at(this.#scheduler.now + this.#prng.below(RESTART_US), () => this.restart(member))
  }

  /** A life is over: its callers never hear, and its peers do. */
  #ended(member: NodeMember, noticed: boolean): void {
    this.links.ended(member.id, noticed)
    const calls = this.#calls.get(member.id)
    this.#calls.delete(member.id)
    for (const end of calls ?? []) end({ type: 'unknown' })
    if (!noticed || !this.settings.faults.has('gone')) return
    for (const other of this.members.values()) if (other !== member) this.tellGone(other, member.id)
  }

  #deliver(from: NodeId, to: NodeId, body: Uint8Array): void {
    this.#note(
      this.#member(to),
      [10, from, body.byteLength],
      () => `gets ${body.byteLength} bytes of ${from}`,
    )
    this.#member(to).server.received(from, body)
  }

  /** A member has taken a state: its process ends at once, and the next one begins. */
  #renewed(member: NodeMember): void {
    this.#note(member, [12], () => 'has taken a state')
    this.tally.add('reached: state taken')
    this.#soon(() => {
      if (!member.isUp) return
      member.kill()
      this.#ended(member, true)
      this.restart(member)
    })
  }

  /** Asks a peer for a part of its log. */
  #fetch(from: NodeId, to: NodeId, first: LogIndex, bytesMax: number): Promise<FetchedLog> {
    return this.#call(from, to, (member) => member.serve?.(first, bytesMax))
  }

  #stateCall(from: NodeId, to: NodeId, request: Uint8Array): Promise<Uint8Array> {
    const copy = request.slice()
    return this.#call(from, to, (member) =>
      member.isUp ? member.server.states.answer(from, copy) : undefined,
    )
  }

  /** A call over the link. `ask` gives nothing when the peer does not answer. */
  #call<Answer>(
    from: NodeId,
    to: NodeId,
    ask: (peer: NodeMember) => Promise<Answer> | undefined,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => reject(new BrokerError('NO_LEADER', 'the peer does not answer'))
      const later = (run: () => void): void => {
        this.#scheduler.at(this.#scheduler.now + this.#prng.below(this.settings.linkUs + 1, 50), run)
      }
      this.#scheduler.at(this.#scheduler.now + CALL_US, refuse)
      later(() => {
        const isCut = this.links.isCut(from, to) || this.links.isCut(to, from)
        const answer = isCut ? undefined : ask(this.#member(to))
        if (answer === undefined) refuse()
        else answer.then((fetched) => later(() => resolve(fetched)), refuse)
      })
    })
  }

  /** A client waits for its next round and then acts at the member that leads, as far as it knows. */
  #pause(client: number, prng: Prng): void {
    const { pauseUnits, roundMs } = this.settings
    const round = roundMs * 1000
    const time = this.#scheduler.now + prng.below(pauseUnits * 2, 1) * UNIT_US
    this.#scheduler.at(Math.ceil(time / round) * round, () => this.#act(client, prng))
  }

  #act(client: number, prng: Prng): void {
    if (!this.#isServing) return
    const up = [...this.members.values()].filter((member) => member.isUp)
    const leading = up.filter((member) => member.leads)
    // Now and then a client asks somebody who does not lead.
    const asked = prng.chance(leading.length > 0 ? 0.05 : 0.2) ? up : leading
    const member = asked[prng.below(asked.length)]
    if (member === undefined) {
      this.#pause(client, prng)
      return
    }
    const mono = this.#scheduler.now / 1000
    const { machine } = member
    const view = { member: member.id, term: member.status().term, machine, mono, wall: mono }
    const action = this.#workload.act(client, view, prng)
    this.#note(member, [6, client], () => `is asked by client ${client}`)
    this.#ask(member, action, (outcome) => {
      this.#note(member, [7, client, outcome.type.length], () => `told client ${client}: ${outcome.type}`)
      if (outcome.type === 'applied') this.answered++
      action.done(outcome)
      this.#pause(client, prng)
    })
  }

  /** Proposes an action. `done` is called once: with the answer, at the end of the member, or after a while. */
  #ask(
    member: NodeMember,
    { data }: Action<AppendReply>,
    done: (outcome: Outcome<AppendReply>) => void,
  ): void {
    const calls = this.#calls.get(member.id) ?? new Set()
    this.#calls.set(member.id, calls)
    const end = (outcome: Outcome<AppendReply>): void => {
      if (calls.delete(end)) done(outcome)
    }
    calls.add(end)
    this.#scheduler.at(this.#scheduler.now + PATIENCE_US, () => end({ type: 'unknown' }))
    member.server.propose({ size: data.byteLength, chunks: [data] }).then(
      ({ index, reply }) => end({ type: 'applied', index, replies: [reply] }),
      (error: unknown) => {
        const isNone = error instanceof BrokerError && error.outcome === 'none'
        end({ type: isNone ? 'none' : 'unknown' })
      },
    )
  }

  #logger(id: NodeId): Logger {
    const logger: Logger = {
      debug: () => undefined,
      info: (_facts, phrase) => {
        if (phrase === 'log repaired' || phrase === 'doubt about the log ended') {
          this.tally.add(`reached: ${phrase}`)
        }
      },
      warn: (facts, phrase) => {
        this.tally.add(`reached: ${phrase}`)
        if (phrase === 'torn tail of the log cut' && facts['offset'] === 0) {
          this.tally.add('reached: torn roll of a segment')
        }
        const { isRotten, weather } = this.#member(id)
        const isSound = !isRotten && !weather.failed
        if (phrase === 'record damaged' && isSound)
          this.fail(new InvariantError('a sound disk is not damaged', facts))
        this.#note(this.#member(id), [11, phrase.length], () => `warns: ${phrase}`)
      },
      error: () => undefined,
      child: () => logger,
    }
    return logger
  }

  #member(id: NodeId): NodeMember {
    const member = this.members.get(id)
    if (member === undefined) throw new Error(`there is no member ${id}`)
    return member
  }

  #note(member: NodeMember, numbers: readonly number[], line: () => string): void {
    this.#trace.note([this.#scheduler.now, member.id, ...numbers], () => {
      return `${(this.#scheduler.now / 1e6).toFixed(6)} s member ${member.id} ${line()}`
    })
  }
}
