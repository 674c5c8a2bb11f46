/**
 * One member of a broker group: the machine on top of the replicated log, and what only a leader does. Built
 * around ports, so that the simulator can run it as it is.
 */
import { millis, type Millis, type NodeId } from '../base/brand.ts'
import type { RetentionConfig, TransactionConfig } from '../base/config.ts'
import type { Clock, Disk, Kv, Logger } from '../base/ports.ts'
import { DLedgerServer, type RaftCore, type RoleChange } from '../dledger/server.ts'
import type { LoggedMembers } from '../dledger/known-members.ts'
import type { LogStore } from '../dledger/log-store.ts'
import type { MetaStore } from '../dledger/meta-store.ts'
import type { RaftLink } from '../dledger/peer-sender.ts'
import type { EncodedCommand } from '../dledger/proposals.ts'
import { Arrivals } from './arrivals.ts'
import { ClockWatch, type PeerClocks } from './clock-watch.ts'
import type { StateOptions } from '../dledger/state/state-transfer.ts'
import { ClientLiveness } from './client-liveness.ts'
import { DeadLetters } from './dead-letter-operations.ts'
import { DeadlineDriver } from './deadline-driver.ts'
import { Delays } from './delays.ts'
import { DiskGuard } from './disk-guard.ts'
import { KnownNames } from './known-names.ts'
import { LogClock } from './log-clock.ts'
import { type BrokerMachine, encodeEntry } from './machine/index.ts'
import type { Reply } from './machine/commands.ts'
import { MessageReader } from './message-reader.ts'
import { QueueReads } from './offset-operations.ts'
import { OffsetReset } from './offset-reset.ts'
import { Operations } from './operations.ts'
import { Receivers } from './receivers.ts'
import { Retention } from './retention.ts'
import { TimerDriver } from './timer-driver.ts'
import { TimerMetrics } from './timer-metrics.ts'
import { type CheckRelay, TransactionChecker } from './transaction-checker.ts'
import { TransactionMover } from './transaction-mover.ts'

export interface BrokerOptions {
  readonly id: NodeId
  readonly raft: RaftCore
  readonly log: LogStore
  readonly meta: MetaStore
  readonly kv: Kv
  readonly machine: BrokerMachine
  readonly link: RaftLink
  readonly disk: Disk
  readonly clock: Clock
  readonly logger: Logger
  readonly tickMs: number
  readonly autoCreateGroups: boolean
  readonly diskReserveBytes: number
  readonly peerClocks: PeerClocks
  readonly retention: RetentionConfig
  readonly states: StateOptions
  readonly transactions: TransactionConfig
  /** Brings checks of transactions to producers. */
  readonly relay: CheckRelay
  readonly schedule?: (run: () => void) => void
}

/** What the owner of a broker hears. */
export interface BrokerEvents {
  roleChanged(change: RoleChange): void
  leadingChanged(leading: boolean): void
  /** Topics or groups changed. */
  catalogChanged(): void
  /** As in `DLedgerEvents`. */
  membersChanged?(members: LoggedMembers): void
  /** Entries of the log were applied. */
  applied(): void
  /** A state was taken: the member is to be closed and opened again. */
  stateTaken(): void
  /** The member cannot go on: the process must end. */
  failed(error: unknown): void
}

export class Broker {
  readonly machine: BrokerMachine
  readonly ledger: DLedgerServer<Reply>
  readonly operations: Operations
  readonly diskGuard: DiskGuard
  readonly receivers: Receivers
  readonly arrivals: Arrivals
  readonly queueReads: QueueReads
  readonly clocks: ClockWatch
  readonly deadLetters: DeadLetters
  readonly offsetReset: OffsetReset
  readonly timerMetrics = new TimerMetrics()
  readonly reader: MessageReader
  readonly #clock: Clock
  readonly #logClock = new LogClock()
  readonly #liveness = new ClientLiveness()
  readonly #driver: DeadlineDriver
  readonly #retention: Retention
  readonly #timers: TimerDriver
  readonly #checker: TransactionChecker
  readonly #events: BrokerEvents

  constructor(options: BrokerOptions, events: BrokerEvents) {
    const { machine, clock, logger } = options
    this.machine = machine
    this.#clock = clock
    this.#events = events
    this.ledger = new DLedgerServer<Reply>({
      ...options,
      encodeBatch: (commands: readonly EncodedCommand[]) => encodeEntry(this.now(), commands),
      events: {
        roleChanged: (change) => this.#roleChanged(change),
        leadingChanged: (leading) => this.#leadingChanged(leading),
        membersChanged: (members) => events.membersChanged?.(members),
        applied: () => this.#applied(),
        stateTaken: () => events.stateTaken(),
        failed: (error) => events.failed(error),
      },
    })
    this.clocks = new ClockWatch(options.peerClocks, clock, logger)
    const log = this.ledger
    const reader = new MessageReader(machine, log)
    this.reader = reader
    const now = (): Millis => this.now()
    this.diskGuard = new DiskGuard(options.disk, options.diskReserveBytes, clock, logger)
    this.receivers = new Receivers({ view: machine, log, reader, clock, now })
    this.#driver = new DeadlineDriver({
      view: machine,
      log,
      reader,
      clock,
      logger,
      liveness: this.#liveness,
      now,
      pump: () => this.receivers.pumpAll(),
    })
    this.#timers = new TimerDriver({ view: machine, log, clock, logger, metrics: this.timerMetrics, now })
    this.#retention = new Retention({
      config: options.retention,
      view: machine,
      log,
      kept: log.kept,
      reader,
      clock,
      logger,
      now,
      passed: () => this.#driver.poke(),
    })
    this.#checker = new TransactionChecker({
      config: options.transactions,
      view: machine,
      log,
      reader,
      relay: options.relay,
      clock,
      logger,
      now,
    })
    const names = new KnownNames({ view: machine, log, reader, autoCreateGroups: options.autoCreateGroups })
    this.arrivals = new Arrivals(clock)
    this.queueReads = new QueueReads({
      view: machine,
      log,
      reader,
      names,
      arrivals: this.arrivals,
      clock,
      logger,
    })
    this.deadLetters = new DeadLetters({ view: machine, log, reader, names })
    this.offsetReset = new OffsetReset({ view: machine, log, reader, names })
    this.operations = new Operations({
      view: machine,
      log,
      names,
      mover: new TransactionMover(machine, log, reader),
      receivers: this.receivers,
      liveness: this.#liveness,
      diskGuard: this.diskGuard,
      clock,
      delays: new Delays({
        view: machine,
        log,
        metrics: this.timerMetrics,
        liveBytesMax: () => (options.retention.bytes ?? this.diskGuard.totalBytes) / 2,
      }),
    })
  }

  /** Log time now, on the leader; on others the stamp of the last entry applied. */
  now(): Millis {
    if (!this.ledger.leading) return this.machine.now
    return millis(Math.max(this.machine.now, this.#logClock.now(this.#clock.mono(), this.clocks.now())))
  }

  async start(): Promise<void> {
    await this.diskGuard.start()
    this.clocks.start()
    this.ledger.start()
  }

  async close(): Promise<void> {
    this.#driver.stop()
    this.#timers.stop()
    this.#retention.stop()
    this.clocks.stop()
    this.#checker.stop()
    this.diskGuard.stop()
    await this.ledger.close()
  }

  #roleChanged(change: RoleChange): void {
    this.#events.roleChanged(change)
  }

  #leadingChanged(leading: boolean): void {
    if (leading) {
      this.#logClock.start(this.machine.now, this.#clock.mono(), this.#clock.wall())
      void this.#lookAtClocks()
      this.#liveness.start(this.#clock.mono())
      this.#driver.start()
      this.#timers.start()
      this.#retention.start()
      this.#checker.start()
      this.receivers.pumpAll()
    } else {
      this.#driver.stop()
      this.#timers.stop()
      this.#retention.stop()
      this.#checker.stop()
      this.receivers.leadershipLost()
      this.arrivals.leadershipLost()
    }
    this.#events.leadingChanged(leading)
  }

  /** A new leader may be behind: what is due comes up when it knows. */
  async #lookAtClocks(): Promise<void> {
    await this.clocks.measure()
    this.#driver.poke()
    this.#timers.poke()
  }

  #applied(): void {
    this.#events.applied()
    const effects = this.machine.takeEffects()
    if (effects.catalogChanged) this.#events.catalogChanged()
    if (!this.ledger.leading) return
    if (effects.arrived.size > 0) {
      this.receivers.arrived(effects.arrived)
      this.arrivals.arrived(effects.arrived)
    }
    this.#timers.made(effects.timersMade)
    this.#driver.look()
  }
}
