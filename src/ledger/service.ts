/**
 * `dledger.v1.Ledger` on every member: appending and changing is done by the leader, wherever it is; reading is done
 * here, after the leader has said how far.
 */
import type { LogIndex } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import {
  LEDGER_BYTES_DEFAULT,
  LEDGER_ENTRIES_MAX,
  LEDGER_READS_MAX,
  REQUEST_BYTES_WAITING_MAX,
  REQUESTS_WAITING_MAX,
} from '../base/limits.ts'
import type { Clock } from '../base/ports.ts'
import { Admission } from '../proxy/admission.ts'
import { dueMonoOf } from '../proxy/caller.ts'
import type { Cluster } from '../proxy/cluster.ts'
import { Patience } from '../proxy/patience.ts'
import { Router } from '../proxy/router.ts'
import type { Draft } from '../rpc/draft.ts'
import {
  type AppendResponse,
  type AppendStreamResponse,
  type LedgerCalls,
  type LedgerStatus,
  type ReadRequest,
  type ReadResponse,
  type RetentionMessage,
  WHEN_FULL,
} from '../rpc/ledger-types.ts'
import { callsOf, codecOf } from '../rpc/protos.ts'
import type { BidiStream, CallContext, Flow, Method } from '../rpc/service.ts'
import { failureOf } from '../rpc/status.ts'
import { type TypedHandlers, unaryMethod } from '../rpc/typed-service.ts'
import { type AppendOutcome, AppendStream } from './append-stream.ts'
import { bodyOf, cutAppend } from './cut-append.ts'
import { EntryReader } from './entry-reader.ts'
import type { LedgerAnswer, LedgerHead, LedgerRequest } from './leader-calls.ts'
import { ledgerMissing, type LeaderPart } from './leader-part.ts'
import type { LedgerLog } from './ledger-log.ts'
import type { LedgerCommand, LedgerId, Retention } from './machine/commands.ts'
import type { LedgersView, LedgerView } from './machine/view.ts'
import { readStream } from './read-stream.ts'
import { TailWatch } from './tail-watch.ts'

const SERVICE = 'dledger.v1.Ledger'
const READ_WAIT_MS_MAX = 10_000

const requests = codecOf<ReadRequest>('dledger.v1.ReadRequest')
const reads = codecOf<ReadResponse>('dledger.v1.ReadResponse')
const appends = codecOf<AppendResponse>('dledger.v1.AppendResponse')
const results = codecOf<AppendStreamResponse>('dledger.v1.AppendStreamResponse')

/** The group as the ledgers of one member see it. */
export type LedgerCluster = Cluster<LedgerHead, LedgerRequest, LedgerAnswer>

export interface LedgerServiceOptions {
  readonly view: LedgersView
  readonly log: LedgerLog
  readonly leaderPart: LeaderPart
  readonly cluster: LedgerCluster
  readonly clock: Clock
  /** Who leads, as this member knows it. */
  readonly leadership: () => { readonly leader: number; readonly term: number }
  /** Calls back at the end of this turn of the event loop. */
  readonly schedule?: (run: () => void) => void
}

type UnaryCalls = Omit<LedgerCalls, 'Append' | 'AppendStream' | 'Read'>

export class LedgerService {
  readonly #options: LedgerServiceOptions
  readonly #router: Router<LedgerHead, LedgerRequest, LedgerAnswer>
  readonly #admission = new Admission(REQUESTS_WAITING_MAX, REQUEST_BYTES_WAITING_MAX)
  readonly #reads = new Admission(LEDGER_READS_MAX, REQUEST_BYTES_WAITING_MAX)
  readonly #reader: EntryReader
  readonly #watch = new TailWatch()

  constructor(options: LedgerServiceOptions) {
    this.#options = options
    const { cluster, clock, leaderPart } = options
    this.#router = new Router<LedgerHead, LedgerRequest, LedgerAnswer>({
      cluster,
      clock,
      runHere: ({ term }, request) => leaderPart.run(request, term),
    })
    this.#reader = new EntryReader(options.view, options.log)
  }

  /** These ledgers got or lost entries on this member. */
  changed(ids: ReadonlySet<LedgerId>): void {
    this.#watch.changed(ids)
  }

  /** The methods for the client port. */
  methods(): readonly Method[] {
    const handlers = this.#handlers()
    return Object.entries(callsOf(SERVICE)).map(([name, call]): Method => {
      const { path } = call
      switch (name) {
        case 'Append':
          return { type: 'unary', path, handle: (context, bytes) => told(this.#append(context, bytes)) }
        case 'AppendStream':
          return { type: 'bidi', path, handle: (_context, stream) => this.#appendStream(stream) }
        case 'Read':
          return {
            type: 'flow',
            path,
            handle: (context, bytes, flow) => told(this.#read(context, bytes, flow)),
          }
        default:
          return unaryMethod(call, handlers[name as keyof UnaryCalls] as never)
      }
    })
  }

  #handlers(): TypedHandlers<UnaryCalls> {
    const { view } = this.#options
    return {
      Status: async (context, { ledger, stale }) => {
        if (!stale) await this.#catchUp(context)
        return this.#status(view.ledger(ledger) ?? ledgerMissing(ledger))
      },
      ListLedgers: async (context, { stale }) => {
        if (!stale) await this.#catchUp(context)
        return { ledgers: [...view.ledgers()].map((ledger) => this.#status(ledger)) }
      },
      CreateLedger: async (context, { name, retention }) => {
        await this.#change(context, { type: 'createLedger', name, retention: retentionOf(retention) }, true)
        return {}
      },
      DeleteLedger: async (context, { name }) => {
        await this.#change(context, { type: 'deleteLedger', name }, false)
        return {}
      },
      Trim: async (context, { ledger, firstIndex }) => {
        if (!Number.isSafeInteger(firstIndex))
          throw new BrokerError('BAD_REQUEST', 'the index is beyond 2^53')
        const command = { type: 'trimLedger', name: ledger, firstIndex } as const
        return { firstIndex: (await this.#change(context, command, true)).value }
      },
    }
  }

  async #append(context: CallContext, bytes: Buffer): Promise<Uint8Array> {
    const cut = cutAppend(bytes)
    const body = bodyOf([cut])
    const request = { type: 'append', byteLength: body.size, ledger: cut.ledger, body } as const
    return appends.encode(appendResponse(await this.#ask(context, request, cut.key !== null)))
  }

  #appendStream(stream: BidiStream): Promise<void> {
    const { clock, cluster, schedule } = this.#options
    const streaming = new AppendStream(stream, {
      askOnce: (request, remainingMs, term) => this.#askOnce(request, remainingMs, term),
      term: () => this.#options.leadership().term,
      leaderChange: async (ms) => {
        const aborter = new AbortController()
        const cancel = clock.timer(ms, () => aborter.abort())
        await cluster.leaderChange(aborter.signal).catch(() => undefined)
        cancel()
      },
      enter: (bytes) => this.#admission.enter(bytes),
      leave: (bytes) => this.#admission.leave(bytes),
      encode: (outcomes) => results.encode({ results: outcomes.map(resultOf) }),
      mono: () => clock.mono(),
      schedule: schedule ?? ((run) => void setImmediate(run)),
    })
    return streaming.run()
  }

  /** One try at the leader, wherever it is. */
  async #askOnce(request: LedgerRequest, remainingMs: number, term: number): Promise<LedgerAnswer> {
    const { cluster, leaderPart } = this.#options
    if (remainingMs <= 0)
      throw new BrokerError('TIMEOUT', 'no leader took the append in time, nothing was done')
    const place = cluster.leaderPlace()
    if (place === 'here') return leaderPart.run(request, term)
    if (place === 'nobody') throw new BrokerError('NO_LEADER', 'nobody leads at the moment')
    return cluster.callLeader({ method: request.type, remainingMs, term }, request, NEVER_ABORTED)
  }

  async #read(context: CallContext, bytes: Buffer, flow: Flow): Promise<void> {
    const request = requests.decode(bytes)
    const { view } = this.#options
    this.#reads.enter(bytes.byteLength)
    try {
      if (!request.stale) await this.#catchUp(context)
      await readStream({ view, reader: this.#reader, watch: this.#watch, codec: reads }, request, flow)
    } finally {
      this.#reads.leave(bytes.byteLength)
    }
  }

  /** After it this member knows everything that was acknowledged before. */
  async #catchUp(context: CallContext): Promise<void> {
    const { index } = await this.#ask(context, { type: 'confirm', byteLength: 0 }, true)
    await this.#waitApplied(context, index)
  }

  async #waitApplied(context: CallContext, index: LogIndex): Promise<void> {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(READ_WAIT_MS_MAX)])
    await this.#options.log.waitApplied(index, signal)
  }

  async #change(context: CallContext, command: LedgerCommand, repeatable: boolean): Promise<LedgerAnswer> {
    const answer = await this.#ask(context, { type: 'command', byteLength: 0, command }, repeatable)
    await this.#waitApplied(context, answer.index)
    return answer
  }

  /** Asks the leader, and again as long as nothing happened, or if that does no harm. */
  async #ask(context: CallContext, request: LedgerRequest, repeatable: boolean): Promise<LedgerAnswer> {
    const { clock } = this.#options
    const patience = new Patience(clock, dueMonoOf(context.deadlineMono, clock.mono()))
    try {
      const head = { method: request.type, remainingMs: 0, term: 0 }
      const call = { head, request, patience, reserveMs: 0, repeatable, abortable: false }
      return await this.#router.call({ ...call, admission: this.#admission })
    } finally {
      patience.close()
    }
  }

  #status(ledger: LedgerView): Draft<LedgerStatus> {
    const { leader, term } = this.#options.leadership()
    const { entriesMax, bytesMax, ageMsMax, dropOldest } = ledger.retention
    const whenFull = dropOldest ? WHEN_FULL.DROP_OLDEST : WHEN_FULL.REFUSE
    return {
      name: ledger.name,
      firstIndex: ledger.firstIndex,
      lastIndex: ledger.nextIndex - 1,
      entries: ledger.entries,
      bytes: ledger.bytes,
      lastAppendedAtMs: ledger.lastStampMs,
      createdAtMs: ledger.createdAt,
      retention: { entriesMax, bytesMax, ageMsMax, whenFull },
      leaderId: leader,
      term,
    }
  }
}

const NEVER_ABORTED = new AbortController().signal

/** A failure of the promise as the end of its call. */
async function told<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw error instanceof BrokerError ? failureOf(error) : error
  }
}

function retentionOf(message: RetentionMessage | null): Retention {
  const { entriesMax, bytesMax, ageMsMax, whenFull } = message ?? {
    entriesMax: 0,
    bytesMax: 0,
    ageMsMax: 0,
    whenFull: WHEN_FULL.REFUSE,
  }
  for (const limit of [entriesMax, bytesMax, ageMsMax]) {
    if (!Number.isSafeInteger(limit)) throw new BrokerError('BAD_REQUEST', 'a retention is beyond 2^53')
  }
  return {
    entriesMax: entriesMax === 0 ? LEDGER_ENTRIES_MAX : entriesMax,
    bytesMax: bytesMax === 0 ? LEDGER_BYTES_DEFAULT : bytesMax,
    ageMsMax,
    dropOldest: whenFull === WHEN_FULL.DROP_OLDEST,
  }
}

function appendResponse({ value, count, stampMs, repeated }: LedgerAnswer): AppendResponse {
  return { firstIndex: value, lastIndex: value + count - 1, appendedAtMs: stampMs, repeated }
}

function resultOf(outcome: AppendOutcome): AppendStreamResponse['results'][number] {
  if (!(outcome instanceof BrokerError)) return { appended: appendResponse(outcome) }
  const { code, message, outcome: known } = outcome
  return { failed: { code, message, outcome: known } }
}
