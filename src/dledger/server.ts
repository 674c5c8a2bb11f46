/**
 * One member of a replicated log: drives the Raft core, the disk, the peers and the machine. It owns no rule
 * of Raft. Whatever happens fills the inbox; the loop takes everything that waits, makes one step of it, and
 * carries out what the core says.
 */
import type { LogIndex, LogPosition, NodeId } from '../base/brand.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import { UNCOMMITTED_BYTES_MAX, WRITE_BYTES_MAX } from '../base/limits.ts'
import type { Raft as RaftCore } from '../raft/index.ts'
import type { Input, RaftStatus, Ready, RoleChange, Write } from '../raft/types.ts'
import { AppliedWaiters } from './applied-waiters.ts'
import { ApplyLane } from './apply-lane.ts'
import { CoreRequests } from './core-requests.ts'
import { EntryBodies } from './entry-bodies.ts'
import { GatherPace } from './gather-pace.ts'
import { decodeIncoming } from './incoming.ts'
import { KeptLog } from './kept-log.ts'
import { type BatchPayload, LogChanges } from './log-changes.ts'
import { LogMetrics } from './log-metrics.ts'
import type { LogChange, LogStore } from './log-store.ts'
import { LogWatch } from './log-watch.ts'
import { PeerSender } from './peer-sender.ts'
import { type Applied, type EncodedCommand, Proposals } from './proposals.ts'
import { RECORD_HEADER_BYTES } from './record-codec.ts'
import type { DLedgerOptions } from './server-options.ts'
import { StateTransfer } from './state/state-transfer.ts'
import { type TableRows, TableStore } from './table-store.ts'
import { WriteLane } from './write-lane.ts'

export type { RaftCore, RoleChange }

export class DLedgerServer<Reply> {
  readonly metrics = new LogMetrics()
  readonly requests = new CoreRequests((input) => this.#input(input))
  readonly #options: DLedgerOptions<Reply>
  readonly #raft: RaftCore
  readonly #log: LogStore
  readonly #proposals = new Proposals<Reply>()
  readonly #changes: LogChanges<Reply>
  readonly #writeLane: WriteLane
  readonly #applyLane: ApplyLane<Reply>
  /** What this member keeps of the log. */
  readonly kept: KeptLog
  /** Members that catch up by state. */
  readonly states: StateTransfer
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
  /** Closed, or broken beyond closing. */
  #isOver = false
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
    this.#changes = new LogChanges(options.log, this.#proposals, this.metrics, options.clock)
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
      heldFrom: () => this.states.heldFrom,
    })
    this.states = new StateTransfer({
      ...options,
      ...options.states,
      tables: this.#tables,
      settled: () => this.kept.drained(),
      message: (from, message) => this.#input({ type: 'message', from, message }),
      report: (peer, index, ok) => this.#input({ type: 'snapshotReported', peer, index, ok }),
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
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#stopped) this.#halt()
    await this.states.close(new BrokerError('CLOSED', 'the member stops'))
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
    if (ready.write !== null && ready.write.restore !== null) {
      void this.#takeState(ready.write)
      return
    }
    this.#logWatch.stepped(ready)
    if (ready.write !== null) this.#persist(ready.write)
    if (ready.roleChange !== null) this.#changeRole(ready.roleChange, ready)
    for (const { to, message } of ready.send) {
      if (message.type === 'installSnapshot') this.states.offer(to, message)
      else this.#sender.send(to, message)
    }
    this.#options.link.flush()
    for (const payload of ready.refused) this.#proposals.refuse((payload as BatchPayload<Reply>).batch)
    this.metrics.committedTo(ready.commitIndex, this.#options.clock.mono())
    this.#applyLane.advanceTo(ready.applyTo)
    this.requests.ended(ready)
  }

  /**
   * A state takes the place of tables and log. Nothing that the core decided after it counts, as if the process had
   * ended here: with the next start the member has the state, or never had it.
   */
  async #takeState({ hardState, restore }: Write): Promise<void> {
    this.#halt()
    try {
      await this.states.commit(async () => {
        await this.#writeLane.drained()
        if (hardState !== null) await this.#options.meta.save(hardState)
      })
      this.#options.logger.info({ index: restore?.index }, 'state taken')
      this.#options.events.stateTaken()
    } catch (error) {
      this.#broke(error)
    }
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
    this.#writeLane.enqueue({ id: write.id, hardState: write.hardState, change: this.#changes.of(write) })
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
    this.#broke(error)
  }

  #broke(error: unknown): void {
    this.#isOver = true
    this.#options.logger.error({ error: messageOf(error) }, 'member stopped')
    this.#options.events.failed(error)
  }
}
