/**
 * A group of members of the log service on simulated disks, tables, links and one clock that the test moves:
 * the production files of `src/dledger` and `src/raft`, nothing else.
 */
import { type LogIndex, logIndex, logPosition, type NodeId, nodeId, term } from '../../src/base/brand.ts'
import { utf8Text, viewOf } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/crc32.ts'
import { BrokerError } from '../../src/base/errors.ts'
import type { KvRows, KvWrite } from '../../src/base/ports.ts'
import { Prng } from '../../src/base/prng.ts'
import type { EntryMeta, MachineDigests, StateMachine } from '../../src/base/state-machine.ts'
import { KnownMembers } from '../../src/dledger/known-members.ts'
import type { FetchedLog } from '../../src/dledger/log-source.ts'
import { type LogRepair, LogStore, type LogStoreOptions } from '../../src/dledger/log-store.ts'
import { membersIn } from '../../src/dledger/log-watch.ts'
import { MetaStore } from '../../src/dledger/meta-store.ts'
import type { Applied, EncodedCommand } from '../../src/dledger/proposals.ts'
import { DLedgerServer } from '../../src/dledger/server.ts'
import { installState } from '../../src/dledger/state/state-install.ts'
import type { StateOptions } from '../../src/dledger/state/state-transfer.ts'
import { Raft } from '../../src/raft/index.ts'
import { ManualClock, QuietLogger, settle } from './manual-clock.ts'
import { SimDisk } from './sim-disk.ts'
import { SimKv } from './sim-kv.ts'

const TICK_MS = 25
const STATE_KEY = new Uint8Array([1])

type Serve = (first: LogIndex, bytesMax: number) => Promise<FetchedLog>
type LogSizes = Pick<
  LogStoreOptions,
  'segmentBytes' | 'recordBytesMax' | 'writeBytesMax' | 'tailCacheBytesMax'
>

const LARGE: LogSizes = { segmentBytes: 1 << 25 }
/** Segments that a few commands fill. */
export const TINY: LogSizes = {
  segmentBytes: 4096,
  recordBytesMax: 2048,
  writeBytesMax: 4096,
  tailCacheBytesMax: 2048,
}

/** A machine whose state is the list of everything applied, as one running checksum and a count. `floor n` moves its floor. */
export class ListMachine implements StateMachine<string> {
  appliedIndex: LogIndex = logIndex(0)
  floor = logPosition(0)
  sum = 0
  /** What was applied since this object was made. */
  readonly texts: string[] = []

  static load(row: Uint8Array | undefined): ListMachine {
    const machine = new ListMachine()
    if (row === undefined) return machine
    machine.appliedIndex = logIndex(viewOf(row).getUint32(0))
    machine.sum = viewOf(row).getUint32(4)
    machine.floor = logPosition(viewOf(row).getUint32(8))
    return machine
  }

  /** What a machine of these rows would be. */
  static async examine(rows: KvRows): Promise<{ readonly index: LogIndex; readonly digest: string }> {
    let state: Uint8Array | undefined
    for await (const some of rows) for (const [, value] of some) state = value
    return ListMachine.load(state).digests().applied
  }

  apply(meta: EntryMeta, data: Uint8Array): readonly string[] {
    this.appliedIndex = meta.index
    this.sum = crc32(data, this.sum)
    const commands = data.byteLength === 0 ? [] : utf8Text(data).split('\n').slice(0, -1)
    this.texts.push(...commands)
    for (const text of commands)
      if (text.startsWith('floor ')) this.floor = logPosition(Number(text.slice(6)))
    return commands.map((text) => `did ${text}`)
  }

  drain(): KvWrite[] {
    const value = new Uint8Array(12)
    viewOf(value).setUint32(0, this.appliedIndex)
    viewOf(value).setUint32(4, this.sum)
    viewOf(value).setUint32(8, this.floor)
    return [{ key: STATE_KEY, value }]
  }

  digests(): MachineDigests {
    return { applied: { index: this.appliedIndex, digest: String(this.sum) }, checkpoints: [] }
  }
}

/** One member; what survives a crash, and what runs at the moment. */
export class SimMember {
  readonly id: NodeId
  readonly disk = new SimDisk()
  readonly kv = new SimKv()
  machine = new ListMachine()
  server: DLedgerServer<string> | null = null
  log: LogStore | null = null
  failure: unknown = null
  founded = false
  /** Whom the member knows; begins anew with each start. */
  known = new KnownMembers([], [])
  /** Hears that the member leads, or leads no more. */
  onLeading: (leading: boolean) => void = () => undefined
  /** It did not found the group: nobody told it who belongs to it. */
  readonly joins: boolean
  /** States that it has taken. */
  statesTaken = 0
  /** What the member answers to others that repair their log; it does so before it takes part in Raft. */
  serve: Serve | null = null

  constructor(id: NodeId, joins = false) {
    this.id = id
    this.joins = joins
  }
}

export class SimGroup {
  readonly clock = new ManualClock()
  readonly members: SimMember[]
  readonly #founders: readonly NodeId[]
  readonly prng: Prng
  readonly sizes: LogSizes
  /** Links that lose everything, as `from>to`. */
  readonly cut = new Set<string>()
  /** States are received at this rate at most. */
  stateBytesPerSecond = 1 << 30
  /** Records that one member asks another for come in runs of so many bytes at most. */
  fetchBytesMax = 1 << 20
  readonly #schedule: (run: () => void) => void = (run) => void setImmediate(run)

  constructor(count: number, seed: number, sizes: LogSizes) {
    this.sizes = sizes
    this.prng = new Prng(seed)
    this.members = Array.from({ length: count }, (_, at) => new SimMember(nodeId(at + 1)))
    this.#founders = this.members.map(({ id }) => id)
  }

  static async start(count: number, seed = 1, sizes = LARGE): Promise<SimGroup> {
    const group = new SimGroup(count, seed, sizes)
    for (const member of group.members) await group.startMember(member)
    return group
  }

  /** Starts one more member with an empty folder, which belongs to the group when the group says so. */
  async join(): Promise<SimMember> {
    const member = new SimMember(nodeId(this.members.length + 1), true)
    this.members.push(member)
    await this.startMember(member)
    return member
  }

  async startMember(member: SimMember): Promise<void> {
    const logger = new QuietLogger()
    const create = !member.founded
    const meta = await MetaStore.open(member.disk, { create }, logger)
    await installState(member.disk, member.kv, logger)
    const machine = ListMachine.load(await member.kv.get(STATE_KEY))
    const log = await LogStore.open(
      member.disk,
      {
        clock: this.clock,
        create,
        term: meta.hardState.term,
        committedIndex: machine.appliedIndex,
        repair: this.#repair(member),
        ...this.sizes,
      },
      logger,
    )
    member.founded = true
    member.machine = machine
    member.log = log
    member.serve = (first, bytesMax) => log.care.serve(first, bytesMax)
    member.failure = null
    const raft = new Raft({
      id: member.id,
      voters: member.joins ? [] : this.#founders,
      seed: this.prng.uint32(),
      electionTicksMin: 10,
      electionTicksMax: 20,
      heartbeatTicks: 3,
      inflightCountMax: 16,
      inflightBytesMax: 1 << 20,
      appendEntriesMax: 64,
      appendBytesMax: 1 << 18,
      recovered: {
        hardState: meta.hardState,
        doubtTerm: log.care.doubtTerm,
        base: log.base,
        lastIndex: log.lastIndex,
        termRuns: log.termRuns,
        configurations: log.configurations,
        appliedIndex: member.machine.appliedIndex,
        sizeOf: (index) => log.sizeOf(index),
      },
    })
    const server: DLedgerServer<string> = new DLedgerServer<string>({
      id: member.id,
      raft,
      log,
      meta,
      kv: member.kv,
      machine: member.machine,
      link: {
        sendRaft: (to, chunks) => this.#deliver(member, server, to, chunks),
        flush: () => undefined,
      },
      clock: this.clock,
      logger,
      tickMs: TICK_MS,
      encodeBatch: (commands) => ({
        size: commands.reduce((sum, command) => sum + command.size, 0),
        chunks: commands.flatMap((command) => command.chunks),
      }),
      states: this.#states(member),
      events: {
        stateTaken: () => void this.#reopen(member, server),
        roleChanged: () => undefined,
        leadingChanged: (leading) => member.onLeading(leading),
        membersChanged: (members) => member.known.follow(members),
        applied: () => undefined,
        failed: (error) => {
          member.failure = error
        },
      },
      schedule: this.#schedule,
    })
    member.server = server
    member.known = new KnownMembers(member.joins ? [] : this.#founders, [])
    member.known.follow(membersIn(raft))
    server.start()
  }

  #deliver(
    from: SimMember,
    sender: DLedgerServer<string>,
    to: NodeId,
    chunks: readonly Uint8Array[],
  ): boolean {
    const target = this.members.find((member) => member.id === to)
    if (from.server !== sender || target?.server == null || this.cut.has(`${from.id}>${to}`)) return false
    const receiver = target.server
    const body = Buffer.concat(chunks)
    this.#schedule(() => {
      if (target.server === receiver) receiver.received(from.id, body)
    })
    return true
  }

  /** A member that has taken a state is opened anew, as its owner does. */
  async #reopen(member: SimMember, server: DLedgerServer<string>): Promise<void> {
    member.statesTaken++
    try {
      await server.close()
      if (member.server !== server) return
      member.server = null
      await this.startMember(member)
    } catch (error) {
      member.failure = error
    }
  }

  #states(member: SimMember): StateOptions {
    return {
      disk: member.disk,
      source: this.#repair(member).source,
      examine: (rows) => ListMachine.examine(rows),
      bytesPerSecond: this.stateBytesPerSecond,
      link: {
        call: async (to, request) => {
          const other = this.members.find((one) => one.id === to)
          const isCut = this.cut.has(`${member.id}>${to}`) || this.cut.has(`${to}>${member.id}`)
          if (isCut || other?.server == null) throw new BrokerError('NO_LEADER', 'not connected')
          return other.server.states.answer(member.id, request)
        },
      },
    }
  }

  /** Repair of a member's log from all others that it reaches. */
  #repair(member: SimMember): LogRepair {
    const others = this.members.filter((other) => other !== member)
    return {
      source: {
        peers: others.map((other) => other.id),
        fetch: async (peer, first, bytesMax) => {
          const other = others.find((one) => one.id === peer)
          const isCut = this.cut.has(`${member.id}>${peer}`) || this.cut.has(`${peer}>${member.id}`)
          if (isCut || other?.serve == null) throw new BrokerError('NO_LEADER', 'not connected')
          return other.serve(first, Math.min(bytesMax, this.fetchBytesMax))
        },
      },
      signal: new AbortController().signal,
      recovering: (serve) => {
        member.serve = serve
      },
    }
  }

  /** Loses power: unsynced sectors and batches are gone in part. */
  crash(member: SimMember): void {
    void member.server?.close().catch(() => undefined)
    member.server = null
    member.serve = null
    member.disk.cutPower()
    member.disk.crash(this.prng)
    member.kv.crash(this.prng)
  }

  /** Cuts a member off from all others, or joins it again. */
  isolate(member: SimMember, isolated: boolean): void {
    for (const other of this.members) {
      for (const link of [`${member.id}>${other.id}`, `${other.id}>${member.id}`]) {
        if (isolated) this.cut.add(link)
        else this.cut.delete(link)
      }
    }
  }

  /** Moves time on in ticks, letting everything happen in between. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.clock.advance(TICK_MS)
      for (let i = 0; i < 8; i++) await settle()
    }
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    for (let i = 0; i < 400; i++) {
      if (holds()) return
      await this.run(TICK_MS)
    }
    throw new Error(`waited in vain until ${what}`)
  }

  async leader(): Promise<SimMember> {
    await this.until('somebody leads', () => this.members.some((member) => member.server?.leading === true))
    const leaders = this.members.filter((member) => member.server?.leading === true)
    const newest = leaders.sort((a, b) => termOf(b) - termOf(a))[0]
    if (newest === undefined) throw new Error('nobody leads')
    return newest
  }

  propose(member: SimMember, text: string): Promise<Applied<string>> {
    if (member.server === null) throw new Error('the member is down')
    return member.server.propose(command(text))
  }

  /** Waits until all running members have applied the same entries; their checksums must be equal. */
  async converge(): Promise<number> {
    const running = this.members.filter((member) => member.server !== null)
    await this.until('all have applied the same', () => {
      const applied = new Set(running.map((member) => member.machine.appliedIndex))
      const last = new Set(running.map((member) => member.server?.status.lastIndex))
      return applied.size === 1 && last.size === 1 && [...last][0] === [...applied][0]
    })
    const sums = new Set(running.map((member) => member.machine.sum))
    if (sums.size !== 1) throw new Error('the machines differ')
    return [...sums][0] ?? 0
  }
}

function termOf(member: SimMember): number {
  return member.server?.status.term ?? term(0)
}

/** A command of the list machine. */
export function command(text: string): EncodedCommand {
  const bytes = Buffer.from(`${text}\n`)
  return { size: bytes.byteLength, chunks: [bytes] }
}
