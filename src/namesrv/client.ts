/**
 * The brokers' and tools' side of the name servers. A registrar tells every name server every 30 s, and at once
 * when it is poked. A name server that is away is no reason to stop or to wait: each is told by itself.
 */
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { openClient, type ServiceClient } from '../rpc/client.ts'
import type { Draft } from '../rpc/draft.ts'
import type { NameServerCalls, RegisterRequest } from '../rpc/namesrv-types.ts'

export const REGISTER_EVERY_MS = 30_000
/** After a failure a name server is told again sooner, so that one that was restarted is soon complete. */
export const REGISTER_RETRY_MS = 5_000
export const REGISTER_TIMEOUT_MS = 3_000
const LOG_EVERY_MS = 60_000

/** Tells one name server. Rejects when it was not told. */
export type Register = (address: string, request: RegisterRequest, signal: AbortSignal) => Promise<void>

/** What a registrar needs. `describe` gives what is true at the moment of a registration. */
export interface RegistrarOptions {
  readonly addresses: readonly string[]
  readonly describe: () => RegisterRequest
  readonly register: Register
  readonly clock: Clock
  readonly logger: Logger
}

export class Registrar {
  readonly #options: RegistrarOptions
  /** Ends the pause of each address. */
  readonly #wakers = new Set<() => void>()
  /** Counts the pokes, so that one that comes during a registration is not lost. */
  #pokes = 0

  constructor(options: RegistrarOptions) {
    this.#options = options
  }

  /** Registers with all name servers until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#options.addresses.map((address) => this.#serve(address, signal)))
  }

  /** Registers at once: the leader, the members or the topics have changed. */
  poke(): void {
    this.#pokes++
    for (const wake of this.#wakers) wake()
  }

  async #serve(address: string, signal: AbortSignal): Promise<void> {
    const { clock, logger, describe, register } = this.#options
    let logged = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      const pokes = this.#pokes
      let pauseMs = REGISTER_EVERY_MS
      try {
        await register(address, describe(), signal)
        if (logged !== Number.NEGATIVE_INFINITY)
          logger.info({ address }, 'registered with the name server again')
        logged = Number.NEGATIVE_INFINITY
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error
        pauseMs = REGISTER_RETRY_MS
        if (clock.mono() - logged >= LOG_EVERY_MS && !signal.aborted) {
          logged = clock.mono()
          logger.warn({ address, error: messageOf(error) }, 'cannot register with the name server')
        }
      }
      if (pokes === this.#pokes) await this.#pause(pauseMs, signal)
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel()
        signal.removeEventListener('abort', wake)
        this.#wakers.delete(wake)
        resolve()
      }
      const cancel = this.#options.clock.timer(ms, wake)
      signal.addEventListener('abort', wake)
      this.#wakers.add(wake)
      if (signal.aborted) wake()
    })
  }
}

/** The real way to tell name servers: one connection to each, kept open until `close`. */
export class NameServerClients {
  readonly #open = new Map<string, ServiceClient<NameServerCalls>>()

  /** Calls one name server. Rejects with `BrokerError`. */
  call<Name extends keyof NameServerCalls>(
    address: string,
    name: Name,
    request: Draft<NameServerCalls[Name]['request']>,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<NameServerCalls[Name]['response']> {
    return this.#client(address).call(name, request, options)
  }

  /** For `RegistrarOptions`. */
  readonly register: Register = async (address, request, signal) => {
    await this.call(address, 'Register', request, { timeoutMs: REGISTER_TIMEOUT_MS, signal })
  }

  /** Asks one after the other until one answers. Rejects with the last one's `BrokerError`. */
  async queryAny<Name extends keyof NameServerCalls>(
    addresses: readonly string[],
    name: Name,
    request: Draft<NameServerCalls[Name]['request']>,
    timeoutMs: number,
  ): Promise<NameServerCalls[Name]['response']> {
    let last = new BrokerError('BAD_REQUEST', 'no name server is known')
    for (const address of addresses) {
      try {
        return await this.call(address, name, request, { timeoutMs })
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error
        last = error
      }
    }
    throw last
  }

  close(): void {
    for (const client of this.#open.values()) client.close()
    this.#open.clear()
  }

  #client(address: string): ServiceClient<NameServerCalls> {
    const known = this.#open.get(address)
    if (known !== undefined) return known
    const opened = openClient<NameServerCalls>({ service: 'dledger.v1.NameServer', address })
    this.#open.set(address, opened)
    return opened
  }
}
