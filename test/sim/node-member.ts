/**
 * One simulated member over all its lives: the production files of the log service on a simulated disk, and
 * what the ghost may know of it. A life begins with recovery and ends with a crash, a kill, a stop or a failure.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, nodeId, term, type LogIndex, type NodeId } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import type { Prng } from '../../src/base/prng.ts'
import { IdentityStore } from '../../src/dledger/identity-store.ts'
import { type LogRepair, LogStore } from '../../src/dledger/log-store.ts'
import { META_MAGIC, META_PATH, MetaStore } from '../../src/dledger/meta-store.ts'
import { DLedgerServer } from '../../src/dledger/server.ts'
import { parseHeader } from '../../src/dledger/record-codec.ts'
import { decodeSlot, SLOT_BYTES } from '../../src/dledger/slot-pair.ts'
import { installState } from '../../src/dledger/state/state-install.ts'
import {
  type EntryMark,
  Raft,
  type Configuration,
  type HardState,
  type Input,
  type RaftStatus,
  type Ready,
} from '../../src/raft/index.ts'
import { SimCrash, SimDisk, SimDiskError } from '../support/sim-disk.ts'
import { SimKv } from '../support/sim-kv.ts'
import type { AppendMachine, AppendReply } from './append-machine.ts'
import { durableBaseIndex, durableEndings, durableTerm } from './durable-log.ts'
import type { DiskWeather } from './disk-weather.ts'
import type { Watched } from './ghost.ts'
import type { MemberClock } from './member-clock.ts'
import type { Serve, Surroundings } from './surroundings.ts'
import { examineRows, machineOf, watched, watchedMachine } from './node-parts.ts'

interface Life {
  readonly clock: MemberClock
  /** Answers peers that repair their logs, also before the member takes part. */
  serve: Serve | null
  log: LogStore | null
  raft: Raft | null
  machine: AppendMachine | null
  server: DLedgerServer<AppendReply> | null
}

const FIRST_KEY = new Uint8Array(0)
const LAST_KEY = Uint8Array.of(0xff)

export class NodeMember implements Watched {
  readonly id: NodeId
  readonly disk = new SimDisk()
  readonly kv = new SimKv()
  readonly weather: DiskWeather
  readonly #world: Surroundings
  readonly #prng: Prng
  #life: Life | null = null
  /** Entries that were durable when something rotted, and their terms. */
  readonly #rotten = new Map<number, number>()
  /** The log of the last life that had one: it still knows where its records stood. */
  #lastLog: LogStore | null = null

  constructor(id: NodeId, world: Surroundings, weather: DiskWeather, prng: Prng) {
    this.id = id
    this.weather = weather
    this.#world = world
    this.#prng = prng
    this.disk.hook = (operation) => weather.before(operation)
    this.kv.hook = () => this.#whileAlive(weather.beforeTables())
  }

  /** Its disk takes no more than so much. */
  get isFull(): boolean {
    return this.disk.capacityBytes < Number.MAX_SAFE_INTEGER
  }

  /** What was on its disk has rotted once. */
  get isRotten(): boolean {
    return this.#rotten.size > 0
  }

  /** It takes part. */
  get isUp(): boolean {
    return this.#life?.server != null
  }

  /** It is up or on its way to be. */
  get isAlive(): boolean {
    return this.#life !== null
  }

  get server(): DLedgerServer<AppendReply> {
    const server = this.#life?.server
    assert(server != null, 'the member runs', { id: this.id })
    return server
  }

  get machine(): AppendMachine {
    const machine = this.#life?.machine
    assert(machine != null, 'the member runs', { id: this.id })
    return machine
  }

  get leads(): boolean {
    return this.#life?.server?.leading === true
  }

  /** Where its log begins. */
  get base(): EntryMark {
    return this.#life?.log?.base ?? { index: logIndex(0), term: term(0) }
  }

  get clock(): MemberClock | null {
    return this.#life?.clock ?? null
  }

  get serve(): Serve | null {
    return this.#life?.serve ?? null
  }

  /** It may have lost what it acknowledged. */
  get inDoubt(): boolean {
    return this.#life?.log?.care.doubtTerm != null
  }

  /** Begins a life. Its start takes time and may fail or be cut short. */
  start(): void {
    assert(this.#life === null, 'a member lives once at a time', { id: this.id })
    this.weather.failed = this.isFull
    const life: Life = {
      clock: this.#world.newClock(),
      serve: null,
      log: null,
      raft: null,
      machine: null,
      server: null,
    }
    this.#life = life
    this.#open(life).catch((error: unknown) => this.#failed(life, error))
  }

  /** Power goes: what is not synced is there in part. */
  crash(): void {
    this.#end()
    this.disk.crash(this.#prng)
    this.kv.crash(this.#prng)
  }

  /** The process ends; the system keeps what was written. */
  kill(): void {
    this.#end()
    this.disk.kill()
  }

  /** Stops in good order. Resolves to whether the life ended by that, and not before. */
  async stop(): Promise<boolean> {
    const life = this.#life
    if (life?.server == null) return false
    try {
      await life.server.close()
    } catch (error) {
      this.#failed(life, error)
      return false
    }
    if (this.#life !== life) return false
    this.kill()
    return true
  }

  status(): RaftStatus {
    return this.server.status
  }

  termAt(index: number): number | undefined {
    const log = this.#life?.log
    return log == null || index < log.base.index || index > log.lastIndex
      ? undefined
      : log.termOf(logIndex(index))
  }

  configurationIn(index: number): Configuration | undefined {
    return this.#life?.log?.configurations.find((known) => known.index === index)?.configuration
  }

  /** The header CRC, which stands for the whole history up to the entry. */
  contentAt(index: number): number | undefined {
    const log = this.#life?.log
    if (log == null || index <= log.base.index || index > log.lastIndex) return undefined
    const at = logIndex(index)
    const parsed = log.cachedRecords(at, at, 0)
    const header = parsed === undefined ? undefined : parseHeader(parsed)
    return header?.type === 'ok' ? header.header.headerCrc : undefined
  }

  /** Where the record of an entry of its log stands. */
  positionOf(index: number): number {
    const log = this.#life?.log
    assert(log != null, 'the member runs', { id: this.id })
    return log.positionOf(logIndex(index))
  }

  #durableTermAt(index: number): number {
    const log = this.#life?.log ?? this.#lastLog
    const isOwn = log !== null && index > log.base.index && index <= log.lastIndex
    const position = isOwn ? log.positionOf(logIndex(index)) : this.#world.positions[index - 1]
    if (position === undefined) return this.#rotten.get(index) ?? 0
    for (const ending of durableEndings(this.disk)) {
      const found = durableTerm(this.disk, index, position, this.#world.settings.segmentBytes, ending)
      if (found > 0) return found
    }
    return this.#rotten.get(index) ?? 0
  }

  /** What is gone below a base that is on the disk was applied, and the tables are on the disk, too. */
  #isGone(index: number): boolean {
    return durableEndings(this.disk).some((ending) => durableBaseIndex(this.disk, ending) >= index)
  }

  holds(index: LogIndex, entryTerm: number): boolean {
    return index === 0 || this.#isGone(index) || this.#durableTermAt(index) === entryTerm
  }

  held(index: LogIndex, entryTerm: number): boolean {
    if (this.#isGone(index)) return true
    return this.#durableTermAt(index) === entryTerm || this.#rotten.get(index) === entryTerm
  }

  /** Changes a bit, or loses a sector, of what its log has on the disk. Returns whether there is any. */
  rot(prng: Prng): boolean {
    const log = this.#life?.log ?? this.#lastLog
    const paths = this.disk.paths().filter((path) => path.endsWith('.segment'))
    if (log === null || paths.length === 0) return false
    // What is in one piece now may be found damaged, and what follows it be cut in doubt.
    for (let index = log.base.index + 1; index <= log.lastIndex; index++) {
      const durableTerm = this.#durableTermAt(index)
      if (durableTerm > 0) this.#rotten.set(index, durableTerm)
    }
    return this.disk.rot(prng.pick(paths), prng)
  }

  /** Reads and checks, and so repairs, all that is committed. */
  async scrub(): Promise<void> {
    const log = this.#life?.log
    assert(log != null, 'the member runs', { id: this.id })
    let next: LogIndex | undefined = logIndex(1)
    while (next !== undefined) next = (await log.care.check(next, 100_000))?.next
  }

  durableHardState(): HardState {
    const bytes = this.disk.durableBytes(META_PATH, 0, 2 * SLOT_BYTES)
    const [first, second] = [decodeSlot(META_MAGIC, bytes, 0), decodeSlot(META_MAGIC, bytes, SLOT_BYTES)]
    const newest = (first?.sequence ?? 0) >= (second?.sequence ?? 0) ? first : second
    if (newest === undefined) return { term: term(0), votedFor: 0 }
    return { term: term(newest.first), votedFor: newest.second === 0 ? 0 : nodeId(newest.second) }
  }

  /** Who founded the group, as its folder tells: nobody if it joins. */
  get #founders(): readonly NodeId[] {
    const { founders } = this.#world
    return founders.includes(this.id) ? founders : []
  }

  /** What a process waits for ends with it: it does nothing more. */
  async #whileAlive(waiting: Promise<void>): Promise<void> {
    const life = this.#life
    await waiting
    // Also what a process began that had ended already: its last steps may still run here.
    if (life === null || this.#life !== life) await new Promise<void>(() => undefined)
  }

  #end(): void {
    this.#life?.clock.end()
    this.#lastLog = this.#life?.log ?? this.#lastLog
    this.#life = null
  }

  #failed(life: Life, error: unknown): void {
    if (this.#life !== life || error instanceof SimCrash) return
    const isOfDisk =
      error instanceof BrokerError ? error.code === 'STORAGE_FAILED' : error instanceof SimDiskError
    // A member whose rotten record no peer can give it at the moment stops, too.
    const isRotten = error instanceof BrokerError && error.code === 'DATA_DAMAGED' && this.isRotten
    if (!(isOfDisk && this.weather.failed) && !isRotten) this.#world.fail(error)
    else this.#world.stopped(this)
  }

  async #open(life: Life): Promise<void> {
    const { settings, logger } = this.#world
    const members = this.#founders
    const expected = { group: 'simulated', memberId: this.id, members, clusterId: 'simulated' }
    const known = await IdentityStore.load(this.disk, expected)
    const create = known === undefined
    const { clock } = life
    const onFailure = (error: BrokerError): void => this.#failed(life, error)
    const meta = await MetaStore.open(this.disk, { create, onFailure }, logger)
    await installState(this.disk, this.kv, logger)
    const machine = await machineOf(this.kv.scan(FIRST_KEY, LAST_KEY))
    const committedIndex = machine.appliedIndex
    const about = { clock, create, onFailure, term: meta.hardState.term, committedIndex }
    const log = await LogStore.open(this.disk, { ...settings, ...about, repair: this.#repair(life) }, logger)
    if (create) await IdentityStore.create(this.disk, expected, `folder ${this.id}`)
    if (this.#life !== life) return
    life.log = log
    life.serve = (first, bytesMax) => log.care.serve(first, bytesMax)
    this.#serve(life, log, meta, machine)
  }

  #repair(life: Life): LogRepair {
    const peers = this.#world.members.filter((id) => id !== this.id)
    return {
      source: {
        peers,
        fetch: (peer, first, bytesMax) => this.#world.fetch(this.id, peer, first, bytesMax),
      },
      signal: new AbortController().signal,
      recovering: (serve) => {
        life.serve = serve
      },
    }
  }

  #serve(life: Life, log: LogStore, meta: MetaStore, machine: AppendMachine): void {
    const { settings, logger } = this.#world
    const raft = new Raft({
      ...settings,
      id: this.id,
      voters: this.#founders,
      seed: this.#prng.uint32(),
      recovered: {
        hardState: meta.hardState,
        doubtTerm: log.care.doubtTerm,
        base: log.base,
        lastIndex: log.lastIndex,
        termRuns: log.termRuns,
        configurations: log.configurations,
        appliedIndex: machine.appliedIndex,
        sizeOf: (index) => log.sizeOf(index),
      },
    })
    const steps: { readonly inputs: readonly Input[]; readonly ready: Ready }[] = []
    life.raft = raft
    life.machine = machine
    life.server = new DLedgerServer<AppendReply>({
      id: this.id,
      raft: watched(raft, (inputs, ready) => steps.push({ inputs, ready })),
      log,
      meta,
      kv: this.kv,
      machine: watchedMachine(machine, (index, data, replies) => this.#world.applied(index, data, replies)),
      link: {
        sendRaft: (to, chunks) => this.#life === life && this.#world.send(this.id, to, chunks),
        flush: () => undefined,
      },
      clock: life.clock,
      logger,
      tickMs: settings.tickMs,
      encodeBatch: (commands) => ({
        size: commands.reduce((sum, command) => sum + command.size, 0),
        chunks: commands.flatMap((command) => command.chunks),
      }),
      states: {
        disk: this.disk,
        link: { call: (to, request) => this.#world.stateCall(this.id, to, request) },
        source: this.#repair(life).source,
        examine: examineRows,
        bytesPerSecond: settings.stateBytesPerSecond,
      },
      events: {
        stateTaken: () => {
          if (this.#life === life) this.#world.renewed(this)
        },
        roleChanged: () => undefined,
        leadingChanged: () => undefined,
        applied: () => undefined,
        failed: (error) => this.#failed(life, error),
      },
      schedule: (run) =>
        this.#world.soon(() => {
          if (this.#life !== life) return
          run()
          for (const { inputs, ready } of steps.splice(0)) this.#world.stepped(this, inputs, ready)
          this.#world.compare(machine)
        }),
    })
    this.#world.started(this)
    life.server.start()
  }
}
