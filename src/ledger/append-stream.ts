/**
 * Appending through a stream: requests go to the leader without waiting for one another, what waits becomes one
 * command, and results come back in the order of the requests.
 *
 * Promise: entries stand in the ledger in the order of their requests. So what failed is sent again only when nothing
 * that was sent after it may have happened without it: what surely did not happen, when all behind it surely did
 * not; what has a key and an unknown outcome, also when what is unknown behind it was asked of the same leader in
 * the same term.
 */
import { BrokerError } from '../base/errors.ts'
import { ENTRY_BYTES_TARGET, LEDGER_APPEND_ENTRIES_MAX } from '../base/limits.ts'
import type { BidiStream } from '../rpc/service.ts'
import { isPassing } from '../proxy/status.ts'
import { bodyOf, type CutAppend, cutAppend } from './cut-append.ts'
import type { LedgerAnswer, LedgerRequest } from './leader-calls.ts'

/** The client is not read from while so many of its requests or bytes are under way. */
const UNDER_WAY_MAX = 4_096
const UNDER_WAY_BYTES_MAX = 16 * 1024 * 1024
/** A request that no leader has taken for so long has failed. */
const REQUEST_MS_MAX = 10_000
/** While there is no leader, it is looked for so often. */
const LEADER_WAIT_MS = 200

/** What a request ends with. */
export type AppendOutcome = LedgerAnswer | BrokerError

export interface AppendStreamOptions {
  /**
   * Asks the leader of a term once, in the order of the calls. Throws `BrokerError`; outcome `none` only if nothing
   * happened.
   */
  readonly askOnce: (request: LedgerRequest, remainingMs: number, term: number) => Promise<LedgerAnswer>
  /** The newest term that is known. */
  readonly term: () => number
  /** Resolves at the next change of leadership, or after so many milliseconds. */
  readonly leaderChange: (ms: number) => Promise<void>
  /** Throws BUSY when the member holds too much, and counts what it lets in. */
  readonly enter: (bytes: number) => void
  readonly leave: (bytes: number) => void
  /** Makes a response message of results. */
  readonly encode: (results: readonly AppendOutcome[]) => Uint8Array
  readonly mono: () => number
  /** Calls back at the end of this turn of the event loop. */
  readonly schedule: (run: () => void) => void
}

interface Request {
  readonly cut: CutAppend | null
  readonly dueMono: number
  outcome: AppendOutcome | undefined
}

/** Requests that travel as one command. */
interface Group {
  readonly requests: readonly Request[]
  /** In which the leader was asked. */
  readonly term: number
  settled: boolean
}

export class AppendStream {
  readonly #options: AppendStreamOptions
  readonly #stream: BidiStream
  #ledger = ''
  /** Not sent yet, in order. */
  #waiting: Request[] = []
  /** Sent, and not reported yet, in order. */
  #sent: Group[] = []
  /** All whose results are not reported, in order. */
  #open: Request[] = []
  #openBytes = 0
  #turnScheduled = false
  /** `holding`: something has to be sent again, so nothing new is sent until all that was sent has ended. */
  #state: 'open' | 'holding' | 'recovering' = 'open'
  /** Groups that may be sent again, and what they failed with. */
  readonly #kept = new Map<Group, BrokerError>()
  #wakeReader: () => void = () => undefined

  constructor(stream: BidiStream, options: AppendStreamOptions) {
    this.#stream = stream
    this.#options = options
  }

  /** Serves the stream. Resolves when the client has half-closed and every result is on its way. */
  async run(): Promise<void> {
    for await (const bytes of this.#stream) {
      this.#take(bytes)
      while (this.#open.length >= UNDER_WAY_MAX || this.#openBytes >= UNDER_WAY_BYTES_MAX) await this.#woken()
    }
    while (this.#open.length > 0) await this.#woken()
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReader = resolve
    })
  }

  #take(bytes: Buffer): void {
    const request = this.#requestOf(bytes)
    this.#open.push(request)
    if (request.outcome === undefined) {
      this.#openBytes += bytes.byteLength
      this.#waiting.push(request)
    }
    this.#later()
  }

  /** A request that is refused before it is sent has its outcome already. */
  #requestOf(bytes: Buffer): Request {
    const dueMono = this.#options.mono() + REQUEST_MS_MAX
    try {
      const cut = cutAppend(bytes)
      if (cut.ledger !== '') this.#ledger = cut.ledger
      if (this.#ledger === '') throw new BrokerError('BAD_REQUEST', 'the first request names a ledger')
      this.#options.enter(bytes.byteLength)
      return { cut: { ...cut, ledger: this.#ledger }, dueMono, outcome: undefined }
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      return { cut: null, dueMono, outcome: error }
    }
  }

  #later(): void {
    if (this.#turnScheduled) return
    this.#turnScheduled = true
    this.#options.schedule(() => {
      this.#turnScheduled = false
      this.#turn()
    })
  }

  /** Reports what is known and sends what waits. */
  #turn(): void {
    this.#report()
    if (this.#state === 'holding' && this.#sent.every((group) => group.settled)) void this.#recover()
    if (this.#state !== 'open') return
    for (let group = this.#nextGroup(); group !== undefined; group = this.#nextGroup()) this.#send(group)
  }

  #report(): void {
    let count = 0
    while (this.#open[count]?.outcome !== undefined) count++
    if (count === 0) return
    const results: AppendOutcome[] = []
    for (const { outcome, cut } of this.#open.splice(0, count)) {
      if (outcome !== undefined) results.push(outcome)
      if (cut === null) continue
      this.#openBytes -= cut.raw.byteLength
      this.#options.leave(cut.raw.byteLength)
    }
    // Only from the front: what went well behind something else tells that this must not be sent again.
    while (this.#sent[0]?.requests.every((one) => one.outcome !== undefined) === true) this.#sent.shift()
    this.#stream.send(this.#options.encode(results))
    this.#wakeReader()
  }

  /** What waits at the front: one request, or several that ask nothing but to be stored. */
  #nextGroup(): Group | undefined {
    const [first] = this.#waiting
    if (first?.cut == null) return undefined
    let count = 0
    let entries = 0
    let bytes = 0
    for (const { cut } of this.#waiting) {
      if (cut === null || cut.ledger !== first.cut.ledger) break
      const isPlain = cut.key === null && cut.expectedLast === null
      const more = cut.places.length / 2
      const fits =
        bytes + cut.raw.byteLength <= ENTRY_BYTES_TARGET && entries + more <= LEDGER_APPEND_ENTRIES_MAX
      if (count > 0 && (!isPlain || !fits)) break
      count++
      entries += more
      bytes += cut.raw.byteLength
      if (!isPlain) break
    }
    return { requests: this.#waiting.splice(0, count), term: this.#options.term(), settled: false }
  }

  #send(group: Group): void {
    this.#sent.push(group)
    void this.#ask(group)
  }

  async #ask(group: Group): Promise<void> {
    const cuts = group.requests.flatMap(({ cut }) => (cut === null ? [] : [cut]))
    const due = Math.min(...group.requests.map((request) => request.dueMono))
    try {
      const body = bodyOf(cuts)
      const ledger = cuts[0]?.ledger ?? ''
      const request = { type: 'append', byteLength: body.size, ledger, body } as const
      this.#answered(group, await this.#options.askOnce(request, due - this.#options.mono(), group.term))
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      this.#failed(group, error)
    }
    this.#later()
  }

  #answered(group: Group, answer: LedgerAnswer): void {
    group.settled = true
    let firstIndex = answer.value
    for (const request of group.requests) {
      const count = group.requests.length === 1 ? answer.count : (request.cut?.places.length ?? 0) / 2
      request.outcome = { ...answer, value: firstIndex, count }
      firstIndex += count
    }
  }

  #failed(group: Group, error: BrokerError): void {
    group.settled = true
    const [first] = group.requests
    // Together they may not fit where some of them do.
    const isSplit = group.requests.length > 1 && error.code === 'LIMIT_REACHED'
    const isWorthIt = isSplit || error.code === 'BUSY' || isPassing(error)
    const isSafe = error.outcome === 'none' || first?.cut?.key != null
    if (isWorthIt && isSafe && this.#options.mono() < (first?.dueMono ?? 0)) {
      if (this.#state === 'open') this.#state = 'holding'
      this.#kept.set(group, error)
      return
    }
    for (const request of group.requests) request.outcome = error
  }

  /**
   * Everything that was sent has ended. What may be sent again is, one request after the other; what stands before
   * it and was kept has failed.
   */
  async #recover(): Promise<void> {
    this.#state = 'recovering'
    const again: Request[] = []
    let isFull = true
    let unknownTerm: number | undefined
    for (const group of [...this.#sent].reverse()) {
      const error = this.#kept.get(group)
      if (error === undefined) break
      // Something behind it may have happened: then it must not come after that.
      const isBefore = error.outcome === 'unknown' && group.term === unknownTerm
      if (unknownTerm !== undefined && !isBefore) break
      if (error.outcome === 'unknown') unknownTerm = group.term
      isFull &&= error.code === 'LIMIT_REACHED'
      again.unshift(...group.requests)
      this.#kept.delete(group)
    }
    for (const [group, error] of this.#kept) for (const request of group.requests) request.outcome = error
    this.#kept.clear()
    this.#sent = []
    if (!isFull) await this.#options.leaderChange(LEADER_WAIT_MS)
    await this.#oneByOne(again)
    this.#state = 'open'
    this.#later()
  }

  async #oneByOne(requests: readonly Request[]): Promise<void> {
    for (const request of requests) {
      await this.#patiently(request)
      this.#report()
    }
  }

  /** Sends one request until it has an outcome. */
  async #patiently(request: Request): Promise<void> {
    const { cut, dueMono } = request
    if (cut === null) return
    const body = bodyOf([cut])
    while (request.outcome === undefined) {
      const remainingMs = dueMono - this.#options.mono()
      try {
        const ask = { type: 'append', byteLength: body.size, ledger: cut.ledger, body } as const
        request.outcome = await this.#options.askOnce(ask, remainingMs, 0)
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error
        const mayRepeat = error.outcome === 'none' || cut.key !== null
        const isOver = this.#options.mono() >= dueMono
        if (isOver || !mayRepeat || !(error.code === 'BUSY' || isPassing(error))) request.outcome = error
        else await this.#options.leaderChange(LEADER_WAIT_MS)
      }
    }
  }
}
