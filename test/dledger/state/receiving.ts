/** A member that gives a state away and one that receives it, on simulated disks and without a group around them. */
import { type LogIndex, logIndex, logPosition, nodeId, term } from '../../../src/base/brand.ts'
import type { KvRows, KvWrite } from '../../../src/base/ports.ts'
import { BrokerError } from '../../../src/base/errors.ts'
import type { LogStore } from '../../../src/dledger/log-store.ts'
import { type FrozenState, StateFreezer } from '../../../src/dledger/state/frozen-state.ts'
import { ALL_ROWS_END, ALL_ROWS_START } from '../../../src/dledger/state/row-pages.ts'
import { decodeStateCall, type StateOffer } from '../../../src/dledger/state/state-calls.ts'
import { installState } from '../../../src/dledger/state/state-install.ts'
import { StateReceiver, type StateReceiverOptions } from '../../../src/dledger/state/state-receiver.ts'
import { StateSource } from '../../../src/dledger/state/state-source.ts'
import { TableStore } from '../../../src/dledger/table-store.ts'
import type { SnapshotMark } from '../../../src/raft/index.ts'
import { append, bodyOf, openLog, SEGMENT } from '../../support/log-harness.ts'
import { ManualClock, QuietLogger, settle } from '../../support/manual-clock.ts'
import { SimDisk } from '../../support/sim-disk.ts'
import { SimKv } from '../../support/sim-kv.ts'

export const MEMBERS = { voters: [1, 2, 3].map(nodeId), votersOutgoing: [], learners: [] }
export const LEADER = nodeId(1)
/** What the receiver has before. */
export const OLD_INDEX = 3

/** Rows of a state at an index: a few hundred, one of which tells the index. */
function rowsAt(index: number): KvWrite[] {
  const rows = Array.from({ length: 40 }, (_, at) => ({
    key: Buffer.from(`row ${index % 2}${at}`),
    value: Buffer.from(`${index}`.padEnd(30, '.')),
  }))
  return [...rows, { key: Buffer.from('index'), value: Buffer.from(String(index)) }]
}

/** What rows tell: the index, and a digest of all of them. */
export async function examine(rows: KvRows): Promise<{ readonly index: LogIndex; readonly digest: string }> {
  let index = 0
  const texts: string[] = []
  for await (const some of rows) {
    for (const [key, value] of some) {
      if (Buffer.from(key).toString() === 'index') index = Number(Buffer.from(value).toString())
      texts.push(`${Buffer.from(key).toString()}=${Buffer.from(value).toString()}`)
    }
  }
  return { index: logIndex(index), digest: texts.join() }
}

export function examineKv(kv: SimKv): ReturnType<typeof examine> {
  return examine(kv.scan(ALL_ROWS_START, ALL_ROWS_END))
}

/** Who gives a state away. */
export interface Giver {
  readonly disk: SimDisk
  readonly log: LogStore
  readonly kv: SimKv
  readonly frozen: FrozenState
  readonly source: StateSource
  readonly offer: StateOffer
}

/** A log of `count` records, of which the first two segments are gone, and tables that hold all of them. */
export async function giver(count = 60): Promise<Giver> {
  const [disk, kv, clock] = [new SimDisk(), new SimKv(), new ManualClock()]
  const log = await openLog(disk, { create: true })
  for (let i = 1; i <= count; i++) await append(log, i < 30 ? 1 : 2, [bodyOf(`m${i}`, 150)])
  await log.start.dropBelow(logPosition(2 * SEGMENT))
  await kv.batch(rowsAt(count))
  const { digest } = await examineKv(kv)
  const machine = {
    digests: () => ({ applied: { index: logIndex(count), digest }, checkpoints: [] }),
  }
  const tables = new TableStore(
    kv,
    clock,
    () => [],
    () => undefined,
  )
  const freezer = new StateFreezer({ log, tables, machine, configurationAt: () => MEMBERS })
  const frozen = await freezer.freeze(() => Promise.resolve())
  const source = new StateSource({ freeze: () => Promise.resolve(frozen), clock })
  await source.atLeast(logIndex(1))
  log.care.knowCommitted(() => log.lastIndex)
  const offer: StateOffer = { type: 'offer', term: term(2), needed: log.base.index, head: frozen.head }
  return { disk, log, kv, frozen, source, offer }
}

/** A folder whose log and tables end at OLD_INDEX. */
export async function oldFolder(): Promise<{ readonly disk: SimDisk; readonly kv: SimKv }> {
  const [disk, kv] = [new SimDisk(), new SimKv()]
  const log = await openLog(disk, { create: true })
  for (let i = 1; i <= OLD_INDEX + 2; i++) await append(log, 1, [bodyOf(`m${i}`, 150)])
  await log.close()
  await kv.batch(rowsAt(OLD_INDEX))
  kv.settle()
  return { disk, kv }
}

/** One life of a member that receives states. */
export class ReceiverLife {
  readonly receiver: StateReceiver
  readonly stop = new AbortController()
  readonly clock = new ManualClock()
  readonly logger = new QuietLogger()
  /** What the core was told to be whole. */
  ready: SnapshotMark | null = null
  /** Pages of rows and runs of records that were fetched. */
  readonly fetched: string[] = []

  private constructor(disk: SimDisk, from: Giver, log: LogStore, changes: Partial<StateReceiverOptions>) {
    this.receiver = new StateReceiver({
      disk,
      shape: log.start.shape,
      clock: this.clock,
      logger: this.logger,
      examine,
      bytesPerSecond: 1 << 30,
      committedIndex: () => logIndex(OLD_INDEX),
      ready: (_from, _offer, mark) => {
        this.ready = mark
      },
      signal: this.stop.signal,
      link: {
        call: async (_to, request) => {
          const call = decodeStateCall(request)
          if (call.type !== 'rows') throw new BrokerError('BAD_REQUEST', 'only rows are asked for')
          this.fetched.push(`rows after ${Buffer.from(call.after ?? []).toString()}`)
          return from.source.rows({ ...call, bytesMax: 300 })
        },
      },
      source: {
        peers: [LEADER],
        fetch: (_peer, first) => {
          this.fetched.push(`entry ${first}`)
          return from.log.care.serve(first, 600)
        },
      },
      ...changes,
    })
  }

  /** Starts on a folder. `undefined`: it is installed, and nothing is to be received any more. */
  static async start(
    { disk, kv }: { readonly disk: SimDisk; readonly kv: SimKv },
    from: Giver,
    changes: Partial<StateReceiverOptions> = {},
  ): Promise<ReceiverLife | undefined> {
    await installState(disk, kv, new QuietLogger())
    const { index } = await examineKv(kv)
    const log = await openLog(disk, { committedIndex: index })
    await log.close()
    return index === from.offer.head.index ? undefined : new ReceiverLife(disk, from, log, changes)
  }

  /** Is offered the state until it is whole, or `over`. */
  async untilReady(offer: StateOffer, over = (): boolean => false): Promise<void> {
    for (let i = 0; i < 2_000 && this.ready === null && !over(); i++) {
      await this.receiver.offered(LEADER, offer).catch(() => undefined)
      this.clock.advance(1)
      await settle()
    }
  }

  async close(): Promise<void> {
    this.stop.abort(new BrokerError('CLOSED', 'the member stops'))
    await this.receiver.close()
  }
}
