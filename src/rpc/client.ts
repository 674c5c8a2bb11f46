/**
 * A client for one service at one address, on grpc-js. Used by programs of our own: name server clients,
 * the command line, the benches. Every failure is a `BrokerError`.
 */
import { readFileSync } from 'node:fs'
import { ChannelCredentials, Client, type CallOptions, Metadata, type ServiceError } from '@grpc/grpc-js'
import { broken } from '../base/assert.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import { REQUEST_BYTES_MAX } from '../base/limits.ts'
import type { Draft } from './draft.ts'
import { callsOf, type CallDefinition } from './protos.ts'
import { brokerErrorOf } from './status.ts'
import type { CallTypes } from './typed-service.ts'

/** Where and how to connect. */
export interface ClientOptions {
  /** The full name of the service, for example `dledger.v1.Admin`. */
  readonly service: string
  /** `host:port`. */
  readonly address: string
  /** Speak TLS and trust the certificate authority in this file; an empty text trusts the system's. */
  readonly tls?: { readonly caPath: string }
}

/** How long a call may take and who may end it earlier. */
export interface RequestOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly metadata?: Readonly<Record<string, string>>
}

/** An open client. Closing it ends its connection and fails calls under way. */
export interface ServiceClient<Calls extends CallTypes> extends AsyncDisposable {
  /** Makes a unary call. Rejects with `BrokerError`. */
  call<Name extends keyof Calls & string>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    options: RequestOptions,
  ): Promise<Calls[Name]['response']>
  /** Makes a call with a streamed response and gathers the items. Rejects with `BrokerError`. */
  collect<Name extends keyof Calls & string>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    options: RequestOptions,
  ): Promise<readonly Calls[Name]['response'][]>
  close(): void
}

/** A client that also takes responses without end. */
export interface StreamingClient<Calls extends CallTypes> extends ServiceClient<Calls> {
  /**
   * Makes a call with a streamed response and hands out the items as they come, the next one when `take` has resolved
   * if it gives a promise. Rejects with `BrokerError`: with CANCELLED, and the message of what `take` rejected with.
   */
  each<Name extends keyof Calls & string>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    options: RequestOptions,
    take: (item: Calls[Name]['response']) => void | Promise<void>,
  ): Promise<void>
}

/** Opens a client. The connection is made at the first call. */
export function openClient<Calls extends CallTypes>(options: ClientOptions): StreamingClient<Calls> {
  return new GrpcServiceClient<Calls>(options)
}

class GrpcServiceClient<Calls extends CallTypes> implements StreamingClient<Calls> {
  readonly #address: string
  readonly #client: Client
  readonly #calls: Readonly<Record<string, CallDefinition>>

  constructor(options: ClientOptions) {
    this.#address = options.address
    this.#calls = callsOf(options.service)
    this.#client = new Client(options.address, credentialsOf(options), {
      'grpc.max_receive_message_length': REQUEST_BYTES_MAX,
      'grpc.max_send_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2000,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  call<Name extends keyof Calls & string>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    options: RequestOptions,
  ): Promise<Calls[Name]['response']> {
    const { request: requests, response: responses, path } = this.#definition(name)
    return this.#settle(options, (done, fail) => {
      const answered = (error: ServiceError | null, response?: object): void => {
        if (error === null && response !== undefined) done(response)
        else fail(error)
      }
      return this.#client.makeUnaryRequest(
        path,
        requests.encode,
        responses.decode,
        request,
        metadataOf(options),
        callOptions(options),
        answered,
      )
    })
  }

  async collect<Name extends keyof Calls & string>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    options: RequestOptions,
  ): Promise<readonly Calls[Name]['response'][]> {
    const items: Calls[Name]['response'][] = []
    await this.each(name, request, options, (item) => void items.push(item))
    return items
  }

  each<Name extends keyof Calls & string>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    options: RequestOptions,
    take: (item: Calls[Name]['response']) => void | Promise<void>,
  ): Promise<void> {
    const { request: requests, response: responses, path } = this.#definition(name)
    return this.#settle<undefined>(options, (done, fail) => {
      const stream = this.#client.makeServerStreamRequest(
        path,
        requests.encode,
        responses.decode,
        request,
        metadataOf(options),
        callOptions(options),
      )
      stream.on('data', (item: Calls[Name]['response']) => {
        const taken = take(item)
        if (taken === undefined) return
        stream.pause()
        taken.then(
          () => stream.resume(),
          (error: unknown) => {
            stream.cancel()
            fail(new BrokerError('CANCELLED', messageOf(error), { cause: error }))
          },
        )
      })
      stream.on('error', fail)
      stream.on('end', () => done(undefined))
      return stream
    })
  }

  close(): void {
    this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  #definition(name: string): CallDefinition {
    return this.#calls[name] ?? broken('the service has the call', { name })
  }

  #settle<T>(
    options: RequestOptions,
    start: (done: (value: T) => void, fail: (error: unknown) => void) => { cancel(): void },
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (options.signal?.aborted === true) {
        reject(new BrokerError('CANCELLED', 'the call was cancelled before it was made'))
        return
      }
      const cancel = (): void => call.cancel()
      const settled = (): void => options.signal?.removeEventListener('abort', cancel)
      const call = start(
        (value) => {
          settled()
          resolve(value)
        },
        (error) => {
          settled()
          reject(this.#failed(error))
        },
      )
      options.signal?.addEventListener('abort', cancel)
    })
  }

  #failed(error: unknown): BrokerError {
    if (error instanceof BrokerError) return error
    const { code, details, metadata } = error as ServiceError
    const trailer = (name: string): string | undefined => metadata?.get(name)[0]?.toString()
    return brokerErrorOf(code, `${this.#address}: ${details}`, trailer, error)
  }
}

function credentialsOf(options: ClientOptions): ChannelCredentials {
  if (options.tls === undefined) return ChannelCredentials.createInsecure()
  const { caPath } = options.tls
  return ChannelCredentials.createSsl(caPath === '' ? null : readFileSync(caPath))
}

function callOptions(options: RequestOptions): CallOptions {
  return { deadline: Date.now() + options.timeoutMs }
}

function metadataOf(options: RequestOptions): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value)
  return metadata
}
