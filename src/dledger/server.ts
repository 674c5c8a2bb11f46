/**
 * One member of a replicated log: drives the Raft core, the disk, the peers and the machine. It owns no rule
 * of Raft. Whatever happens fills the inbox; the loop takes everything that waits, makes one step of it, and
 * carries out what the core says.
 */
import { assert } from '../base/assert.ts'
import type { LogIndex, LogPosition, NodeId } from '../base/brand.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import { UNCOMMITTED_BYTES_MAX, WRITE_BYTES_MAX } from '../base/limits.ts'
import { isNoop, type Raft as RaftCore } from '../raft/index.ts'
import type { Entry, Input, Payload, RaftStatus, Ready, RoleChange, Write } from '../raft/types.ts'
import { AppliedWaiters } from './applied-waiters.ts'
import { ApplyLane } from './apply-lane.ts'
import { encodeConfiguration } from './configuration-codec.ts'
import { CoreRequests } from './core-requests.ts'
import { EntryBodies } from './entry-bodies.ts'
import { GatherPace } from './gather-pace.ts'
import { decodeIncoming } from './incoming.ts'
import { KeptLog } from './kept-log.ts'
import { LogMetrics } from './log-metrics.ts'
import type { LogChange, LogStore } from './log-store.ts'
import { LogWatch } from './log-watch.ts'
import { PeerSender } from './peer-sender.ts'
import { type Applied, type CommandBatch, type EncodedCommand, Proposals } from './proposals.ts'
import { type LogRecord, RECORD_HEADER_BYTES } from './record-codec.ts'
import type { DLedgerOptions } from './server-options.ts'
import { type TableRows, TableStore } from './table-store.ts'
import { WriteLane } from './write-lane.ts'

export type { RaftCore, RoleChange }

/** A peer that lacks what is gone is looked at again after this long. */
const STATE_AGAIN_MS = 10_000

/** An entry of the leader before it has a record: the commands and who waits for them. */
interface BatchPayload<Reply> extends Payload {
  readonly batch: CommandBatch<Reply>
  readonly body: EncodedCommand
}

export class DLedgerServer<Reply> {
  readonly metrics = new LogMetrics()
  readonly requests = new CoreRequests((input) => this.#input(input))
  readonly #options: DLedgerOptions<Reply>
  readonly #raft: RaftCore
  readonly #log: LogStore
  readonly #proposals = new Proposals<Reply>()
  readonly #writeLane: WriteLane
  readonly #applyLane: ApplyLane<Reply>
  /** What this member keeps of the log. */
  readonly kept: KeptLog
  readonly #tables: TableStore
  readonly #sender: PeerSender
  readonly #pace: GatherPace
  readonly #logWatch: LogWatch
  readonly #appliedWaiters = new AppliedWaiters()
  readonly #schedule: (run: () => void) => void
  #inbox: Input[] = []
  #turnScheduled = false
  #cancelTick: () => void = () => undefined
  #stopped = false
  #refusal: string | null = null
  #role: RoleChange
  /** The index that must be applied before this leader serves; `null` when it does not lead. */
  #serveFrom: LogIndex | null = null
  #leading = false

  constructor(options: DLedgerOptions<Reply>) {
    this.#options = options
    this.#raft = options.raft
    this.#log = options.log
    this.#logWatch = new LogWatch(options, (error) => this.#fail(error))
    this.#schedule = options.schedule ?? ((run) => void setImmediate(run))
    const status = options.raft.status()
    this.#role = { role: status.role, term: status.term, leader: 0, reason: 'started' }
    this.#writeLane = new WriteLane(
      {
        saveHardState: (state) => options.meta.save(state),
        writeLog: (changes) => this.#writeLog(changes),
      },
      {
        persisted: (write) => this.#input({ type: 'persisted', write }),
        failed: (error) => this.#fail(error),
      },
    )
    this.#tables = new TableStore(
      options.kv,
      options.clock,
      () => options.machine.drain(),
      (error) => this.#fail(error),
    )
    this.#applyLane = new ApplyLane(
      options.machine,
      new EntryBodies(options.log),
      options.clock,
      this.#schedule,
      {
        applied: (index, replies) => this.#proposals.applied(index, this.#log.termOf(index), replies),
        sliceDone: () => this.#sliceDone(),
        failed: (error) => this.#fail(error),
      },
    )
    this.kept = new KeptLog({
      ...options,
      tables: this.#tables,
      peers: () => options.raft.status().peers,
      failed: (error) => this.#fail(error),
      dropped: (index) => this.#input({ type: 'forget', index }),
    })
    this.#pace = new GatherPace(options.clock, () => this.#wake())
    this.#sender = new PeerSender(options.link, options.log, options.logger, (peer) => this.unreachable(peer))
  }

  /** Begins to tick, to vote and to answer. */
  start(): void {
    this.kept.look()
    this.#tick()
  }

  /** Stops taking part; what is durable stays, what waits ends as unknown. */
  async close(): Promise<void> {
    if (this.#stopped) return
    this.#halt()
    await this.#writeLane.drained()
    await this.kept.drained()
    await this.#tables.close()
    await this.#log.close()
    await this.#options.meta.close()
  }

  get leading(): boolean {
    return this.#leading
  }

  get role(): RoleChange {
    return this.#role
  }

  get status(): RaftStatus {
    return this.#raft.status()
  }

  /** Why this member takes no part, in one sentence; `null` when it does. */
  get refusal(): string | null {
    return this.#refusal
  }

  /** Puts a command into the log. Throws NOT_LEADER or BUSY; resolves when it was applied here. */
  propose(command: EncodedCommand): Promise<Applied<Reply>> {
    if (!this.#leading || this.#stopped || this.#refusal !== null) {
      this.metrics.refusedNotLeader.add()
      return Promise.reject(new BrokerError('NOT_LEADER', 'this member does not lead'))
    }
    if (this.#proposals.waitingBytes + this.#proposals.appendedBytes + command.size > UNCOMMITTED_BYTES_MAX) {
      this.metrics.refusedBusy.add()
      return Promise.reject(new BrokerError('BUSY', 'too much waits to be committed; try again'))
    }
    const applied = this.#proposals.add(command)
    this.#wake()
    return applied
  }

  cachedBytes(position: number, size: number): Uint8Array | undefined {
    return this.#log.cachedBytes(position as LogPosition, size)
  }

  readBytes(position: number, size: number): Promise<Uint8Array> {
    return this.#log.readBytes(position as LogPosition, size)
  }

  cachedRow(key: Uint8Array): Uint8Array | null | undefined {
    return this.#tables.cached(key)
  }

  readRow(key: Uint8Array): Promise<Uint8Array | null> {
    return this.#tables.get(key)
  }

  scanRows(start: Uint8Array, end: Uint8Array): TableRows {
    return this.#tables.scan(start, end)
  }

  /** Resolves when this member has applied the entry at `index`; rejects when the signal aborts. */
  async waitApplied(index: LogIndex, signal: AbortSignal): Promise<void> {
    if (this.#options.machine.appliedIndex < index) await this.#appliedWaiters.wait(index, signal)
  }

  /** Lets another lead, 0: anyone. What is in the log is answered first, within `patience`. */
  handOver(patience: AbortSignal, to: NodeId | 0 = 0): ReturnType<CoreRequests['handOver']> {
    const settled = this.#leading ? this.waitApplied(this.#log.lastIndex, patience) : Promise.resolve()
    return this.requests.handOver(settled, to)
  }

  /** A Raft message of a peer: a frame body of the peer protocol. */
  received(from: NodeId, body: Uint8Array): void {
    const message = decodeIncoming(this.#log, body)
    if (typeof message !== 'string') this.#input({ type: 'message', from, message })
    else this.#options.logger.warn({ peer: from, reason: message }, 'peer message refused')
  }

  /** What was sent to this peer may be lost. */
  unreachable(peer: NodeId): void {
    this.#input({ type: 'unreachable', peer })
  }

  /** The peer's process is gone: its connections closed and a new one is refused. */
  gone(peer: NodeId): void {
    this.#input({ type: 'gone', peer })
  }

  /** The group does not take this member's folder: from now on it neither votes nor acknowledges. */
  refuse(reason: string): void {
    if (this.#refusal !== null) return
    this.#refusal = reason
    this.#leaveAll()
    this.#options.logger.error({ reason }, 'member refused')
  }

  #halt(): void {
    this.#stopped = true
    this.#pace.stop()
    this.#applyLane.stop()
    this.#leaveAll()
  }

  /** Takes no part any more: whoever waits for this member to lead waits in vain. */
  #leaveAll(): void {
    this.#cancelTick()
    this.#proposals.leadershipLost()
    this.requests.stop()
    this.#setLeading(false)
  }

  #tick(): void {
    this.#cancelTick = this.#options.clock.timer(this.#options.tickMs, () => {
      this.#input({ type: 'tick' })
      this.#tick()
    })
  }

  #input(input: Input): void {
    this.#inbox.push(input)
    this.#wake()
  }

  #wake(): void {
    if (this.#turnScheduled || this.#stopped || this.#refusal !== null) return
    this.#turnScheduled = true
    this.#schedule(() => {
      this.#turnScheduled = false
      if (this.#stopped || this.#refusal !== null) return
      try {
        this.#turn()
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  /** One turn of the loop: everything that waits becomes one step. */
  #turn(): void {
    const inputs = this.#inbox
    this.#inbox = []
    const payloads = this.#gather()
    if (payloads.length > 0) inputs.push({ type: 'propose', payloads })
    if (inputs.length === 0) return
    const ready = this.#raft.step(inputs)
    this.#logWatch.stepped(ready)
    if (ready.write !== null) this.#persist(ready.write)
    if (ready.roleChange !== null) this.#changeRole(ready.roleChange, ready)
    for (const { to, message } of ready.send) {
      if (message.type === 'installSnapshot') this.#cannotSendState(to, message.mark.index)
      else this.#sender.send(to, message)
    }
    this.#options.link.flush()
    for (const payload of ready.refused) this.#proposals.refuse((payload as BatchPayload<Reply>).batch)
    this.metrics.committedTo(ready.commitIndex, this.#options.clock.mono())
    this.#applyLane.advanceTo(ready.applyTo)
    this.requests.ended(ready)
  }

  /** The floor waits for every voter, so only a member that was set back or is new can lack what is gone. */
  #cannotSendState(peer: NodeId, index: LogIndex): void {
    this.#options.logger.warn({ peer, index }, 'peer lacks entries that are gone')
    const report = (): void => this.#input({ type: 'snapshotReported', peer, index, ok: false })
    this.#options.clock.timer(STATE_AGAIN_MS, report)
  }

  async #writeLog(changes: readonly LogChange[]): Promise<void> {
    const began = this.#options.clock.mono()
    await this.#log.write(changes)
    this.metrics.syncMs.observe(this.#options.clock.mono() - began)
    for (const { records } of changes) for (const { size } of records) this.metrics.bytesWritten.add(size)
  }

  /**
   * Waiting commands as payloads of new entries: only while the disk is free and not right after the last
   * ones, so that they gather.
   */
  #gather(): BatchPayload<Reply>[] {
    if (this.#role.role !== 'leader' || this.#proposals.waitingCount === 0) return []
    if (this.requests.isHandingOver) return []
    if (!this.#writeLane.idle || !this.#pace.mayGather(this.#proposals.waitingBytes)) return []
    const payloads: BatchPayload<Reply>[] = []
    let bytes = 0
    while (bytes < WRITE_BYTES_MAX / 2) {
      const batch = this.#proposals.takeBatch()
      if (batch === null) break
      const body = this.#options.encodeBatch(batch.commands)
      const size = RECORD_HEADER_BYTES + body.size
      bytes += size
      payloads.push({ size, batch, body })
    }
    return payloads
  }

  #persist(write: Write): void {
    this.#writeLane.enqueue({ id: write.id, hardState: write.hardState, change: this.#change(write) })
  }

  /** Follows the core in the in-memory log and tells what the disk must do. */
  #change(write: Write): LogChange | null {
    const received: LogRecord[] = []
    const made: Entry[] = []
    for (const entry of write.entries) {
      if (isRecord(entry.payload)) received.push(entry.payload)
      else made.push(entry)
    }
    assert(received.length === 0 || made.length === 0, 'a step either leads or follows')
    if (write.truncateFrom === null && received.length === 0 && made.length === 0) return null
    const cut =
      write.truncateFrom === null && received.length === 0
        ? null
        : this.#log.adopt(received, write.truncateFrom)
    const records = made.length === 0 ? received : made.map((entry) => this.#prepare(entry))
    return { cut, records }
  }

  #prepare(entry: Entry): LogRecord {
    if (isNoop(entry.payload)) return this.#log.prepareRecord(entry.term, entry.index, [])
    const { configuration } = entry.payload
    if (configuration !== undefined) {
      const body = [encodeConfiguration(configuration)]
      return this.#log.prepareRecord(entry.term, entry.index, body, configuration)
    }
    const { batch, body } = entry.payload as BatchPayload<Reply>
    this.metrics.made(entry.index, this.#options.clock.mono())
    this.#proposals.appended(entry.index, entry.term, batch)
    return this.#log.prepareRecord(entry.term, entry.index, body.chunks)
  }

  #changeRole(change: RoleChange, ready: Ready): void {
    const wasLeader = this.#role.role === 'leader'
    const sameTerm = this.#role.term === change.term
    this.#role = change
    this.metrics.roleChanged(change)
    if (wasLeader && (change.role !== 'leader' || !sameTerm)) {
      this.#serveFrom = null
      this.#proposals.leadershipLost()
      this.#setLeading(false)
    }
    if (change.role === 'leader' && this.#serveFrom === null) {
      // The no-op of the term is the last entry now: once applied, everything of earlier terms is.
      this.#serveFrom = (ready.write?.entries.at(-1)?.index ?? this.#log.lastIndex) as LogIndex
    }
    const { role, term, leader, reason } = change
    this.#options.logger.info({ role, term, leader, reason }, 'role changed')
    this.#options.events.roleChanged(change)
  }

  #sliceDone(): void {
    const applied = this.#options.machine.appliedIndex
    this.metrics.appliedTo(applied, this.#options.clock.mono())
    this.#tables.markDirty()
    this.kept.look()
    if (this.#serveFrom !== null && !this.#leading && applied >= this.#serveFrom) this.#setLeading(true)
    this.#appliedWaiters.advanced(applied)
    this.#options.events.applied()
    if (this.#proposals.waitingCount > 0) this.#wake()
  }

  #setLeading(leading: boolean): void {
    if (this.#leading === leading) return
    this.#leading = leading
    this.#options.events.leadingChanged(leading)
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    this.#halt()
    this.#options.logger.error({ error: messageOf(error) }, 'member stopped')
    this.#options.events.failed(error)
  }
}

function isRecord(payload: Payload): payload is LogRecord {
  return 'bytes' in payload
}
