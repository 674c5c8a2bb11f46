/** A client of `dledger.v1.Ledger` on grpc-js, as a program of a user would have it. */
import { join } from 'node:path'
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  makeGenericClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js'
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader'

const FOLDER = join(import.meta.dirname, '..', '..', 'proto')
const definitions = loadSync('dledger/v1/ledger.proto', {
  includeDirs: [FOLDER],
  longs: Number,
  enums: Number,
  defaults: true,
  oneofs: true,
})
const service = definitions['dledger.v1.Ledger'] as ServiceDefinition
const LedgerStub = makeGenericClientConstructor(service, 'Ledger')

export interface AppendRequest {
  readonly ledger?: string
  readonly entries: readonly Uint8Array[]
  readonly expectedLastIndex?: number
  readonly idempotencyKey?: string
}

export interface Appended {
  readonly firstIndex: number
  readonly lastIndex: number
  readonly repeated: boolean
}

export interface AppendResult {
  readonly appended?: Appended
  readonly failed?: { readonly code: string; readonly message: string; readonly outcome: string }
}

export interface Entry {
  readonly index: number
  readonly appendedAtMs: number
  readonly body: Buffer
}

export interface Status {
  readonly name: string
  readonly firstIndex: number
  readonly lastIndex: number
  readonly entries: number
  readonly bytes: number
  readonly leaderId: number
}

export type AppendCall = ClientDuplexStream<AppendRequest, { readonly results: readonly AppendResult[] }>

export class LedgerClient {
  readonly #client: Client

  constructor(endpoint: string) {
    this.#client = new LedgerStub(endpoint, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.max_receive_message_length': -1,
    })
  }

  #unary<Response>(name: string, request: object, timeoutMs = 15_000): Promise<Response> {
    const call = service[name]
    if (call === undefined) throw new Error(`no call ${name}`)
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        call.path,
        call.requestSerialize,
        call.responseDeserialize,
        request,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, response?: object) => {
          if (error === null) resolve(response as Response)
          else reject(error)
        },
      )
    })
  }

  append(request: AppendRequest): Promise<Appended> {
    return this.#unary('Append', request)
  }

  appendStream(): AppendCall {
    const call = service['AppendStream']
    if (call === undefined) throw new Error('no call')
    const { path, requestSerialize, responseDeserialize } = call
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize) as AppendCall
  }

  read(request: object): ClientReadableStream<{ readonly entries: readonly Entry[] }> {
    const call = service['Read']
    if (call === undefined) throw new Error('no call')
    const { path, requestSerialize, responseDeserialize } = call
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request) as never
  }

  /** All entries that a read gives until it ends. */
  async readAll(request: object): Promise<Entry[]> {
    const entries: Entry[] = []
    for await (const message of this.read(request)) {
      entries.push(...(message as { readonly entries: readonly Entry[] }).entries)
    }
    return entries
  }

  status(ledger: string): Promise<Status> {
    return this.#unary('Status', { ledger })
  }

  create(name: string, retention: object = {}): Promise<object> {
    return this.#unary('CreateLedger', { name, retention })
  }

  delete(name: string): Promise<object> {
    return this.#unary('DeleteLedger', { name })
  }

  async list(): Promise<readonly Status[]> {
    return (await this.#unary<{ readonly ledgers: readonly Status[] }>('ListLedgers', {})).ledgers
  }

  trim(ledger: string, firstIndex: number): Promise<{ readonly firstIndex: number }> {
    return this.#unary('Trim', { ledger, firstIndex })
  }

  close(): void {
    this.#client.close()
  }
}

/** What the trailers of a failed call say: code and outcome. */
export async function failureOf(
  promise: Promise<unknown>,
): Promise<readonly [code: string, outcome: string]> {
  try {
    await promise
  } catch (error) {
    const { metadata, message } = error as ServiceError
    const of = (name: string): string => String(metadata.get(name)[0] ?? message)
    return [of('dledger-code'), of('dledger-outcome')]
  }
  throw new Error('the call went well')
}
