/**
 * The messages and calls of proto/dledger/v1/clients.proto as `protos.ts` decodes them.
 */

/** As in the definition file. */
export interface ListClientsRequest {
  readonly group: string
  readonly topic: string
}

/** As in the definition file. */
export interface ClientSubscription {
  readonly topic: string
  readonly expressionType: number
  readonly expression: string
}

/** As in the definition file. */
export interface ConnectedClient {
  readonly clientId: string
  readonly kind: string
  readonly language: string
  readonly version: string
  readonly address: string
  readonly hostname: string
  readonly memberId: number
  readonly group: string
  readonly subscriptions: readonly ClientSubscription[]
  readonly topics: readonly string[]
  readonly connectedMs: number
  readonly silentMs: number
}

/** As in the definition file. */
export interface ClientList {
  readonly clients: readonly ConnectedClient[]
  readonly warnings: readonly string[]
  readonly unreachable: readonly number[]
}

/** As in the definition file. */
export interface ClientRequest {
  readonly clientId: string
}

/** As in the definition file. */
export interface ClientStack {
  readonly text: string
}

/** As in the definition file. */
export interface VerifyMessageRequest {
  readonly clientId: string
  readonly topic: string
  readonly queueId: number
  readonly offset: number
}

/** As in the definition file. */
export interface VerifyMessageResponse {
  readonly code: number
  readonly message: string
}

/** As in the definition file. */
export type ReconnectResponse = Readonly<Record<string, never>>

/** The calls of the service: Clients. */
export type ClientsCalls = {
  readonly List: { readonly request: ListClientsRequest; readonly response: ClientList }
  readonly Stack: { readonly request: ClientRequest; readonly response: ClientStack }
  readonly Verify: { readonly request: VerifyMessageRequest; readonly response: VerifyMessageResponse }
  readonly Reconnect: { readonly request: ClientRequest; readonly response: ReconnectResponse }
}
