/**
 * A client for one service that several members offer: it stays with the address that worked last and goes on
 * to the next when that one is gone. Only for calls that may be repeated.
 */
import { BrokerError, type ErrorCode, type Outcome } from '../base/errors.ts'
import { openClient, type RequestOptions, type ServiceClient } from '../rpc/client.ts'
import type { Draft } from '../rpc/draft.ts'
import type { CallTypes } from '../rpc/typed-service.ts'
import { plainWords } from './plain-words.ts'

/** Errors of one address that say nothing about the others. */
const NEXT_CODES: readonly ErrorCode[] = ['CLOSED', 'NOT_LEADER', 'NO_LEADER', 'TIMEOUT']

/** Opens a client for one address; a test gives its own. */
export type OpenClient<Calls extends CallTypes> = (address: string) => ServiceClient<Calls>

export class FailoverClient<Calls extends CallTypes> {
  readonly addresses: readonly string[]
  readonly #open: OpenClient<Calls>
  readonly #clients = new Map<string, ServiceClient<Calls>>()
  #preferred = 0

  /** Rule: there is at least one address. */
  constructor(addresses: readonly string[], service: string, open?: OpenClient<Calls>) {
    if (addresses.length === 0) throw new BrokerError('BAD_REQUEST', 'a client needs an address')
    this.addresses = addresses
    this.#open = open ?? ((address) => openClient<Calls>({ service, address }))
  }

  /** A unary call at the first address that can answer it. `timeoutMs` is for each address. */
  call<Name extends keyof Calls & string>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    options: RequestOptions,
  ): Promise<Calls[Name]['response']> {
    return this.#anywhere(options, (client) => client.call(name, request, options))
  }

  /** The same for a call with a streamed response. */
  collect<Name extends keyof Calls & string>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    options: RequestOptions,
  ): Promise<readonly Calls[Name]['response'][]> {
    return this.#anywhere(options, (client) => client.collect(name, request, options))
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  async #anywhere<T>(
    options: RequestOptions,
    attempt: (client: ServiceClient<Calls>) => Promise<T>,
  ): Promise<T> {
    let last: BrokerError | undefined
    let outcome: Outcome = 'none'
    for (let tried = 0; tried < this.addresses.length; tried++) {
      const at = (this.#preferred + tried) % this.addresses.length
      const address = this.addresses[at] ?? ''
      try {
        const answer = await attempt(this.#client(address))
        this.#preferred = at
        return answer
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error
        if (!NEXT_CODES.includes(error.code)) throw withoutAddress(error, address, outcome)
        last = error
        if (error.outcome === 'unknown') outcome = 'unknown'
      }
    }
    throw this.#nobody(last, outcome, options.timeoutMs)
  }

  /** Rule: the outcome is unknown once that of any attempt was: an earlier one may still take effect. */
  #nobody(last: BrokerError | undefined, outcome: Outcome, waitedMs: number): BrokerError {
    const why = `no member could answer (asked ${this.addresses.join(', ')}): ${last === undefined ? '' : plainWords(last, waitedMs)}`
    return new BrokerError(last?.code ?? 'CLOSED', why, { outcome, cause: last })
  }

  #client(address: string): ServiceClient<Calls> {
    const known = this.#clients.get(address)
    if (known !== undefined) return known
    const opened = this.#open(address)
    this.#clients.set(address, opened)
    return opened
  }
}

/** A refusal holds wherever it was asked, so its words need no address. What came before it may have worked. */
function withoutAddress(error: BrokerError, address: string, before: Outcome): BrokerError {
  const prefix = `${address}: `
  const outcome = before === 'unknown' ? before : error.outcome
  if (!error.message.startsWith(prefix) && outcome === error.outcome) return error
  const words = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message
  return new BrokerError(error.code, words, { outcome, cause: error })
}
