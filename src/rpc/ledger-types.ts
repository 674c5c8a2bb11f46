/**
 * The messages and calls of proto/dledger/v1/ledger.proto as `protos.ts` decodes them.
 */

/** As in the definition file. */
export interface AppendRequest {
  readonly ledger: string
  readonly entries: readonly Uint8Array[]
  readonly expectedLastIndex?: number
  readonly idempotencyKey: string
}

/** As in the definition file. */
export interface AppendResponse {
  readonly firstIndex: number
  readonly lastIndex: number
  readonly appendedAtMs: number
  readonly repeated: boolean
}

/** As in the definition file. */
export interface AppendFailure {
  readonly code: string
  readonly message: string
  readonly outcome: string
}

/** As in the definition file. One of both is there. */
export interface AppendResult {
  readonly appended?: AppendResponse
  readonly failed?: AppendFailure
}

/** As in the definition file. */
export interface AppendStreamResponse {
  readonly results: readonly AppendResult[]
}

/** As in the definition file. */
export interface ReadRequest {
  readonly ledger: string
  readonly fromIndex?: number
  readonly fromTimeMs?: number
  readonly toIndex?: number
  readonly follow: boolean
  readonly stale: boolean
}

/** As in the definition file. */
export interface LedgerEntry {
  readonly index: number
  readonly appendedAtMs: number
  readonly body: Uint8Array
}

/** As in the definition file. */
export interface ReadResponse {
  readonly entries: readonly LedgerEntry[]
}

/** As in the definition file. */
export interface RetentionMessage {
  readonly entriesMax: number
  readonly bytesMax: number
  readonly ageMsMax: number
  readonly whenFull: number
}

/** The numbers of WhenFull. */
export const WHEN_FULL = { REFUSE: 0, DROP_OLDEST: 1 } as const

/** As in the definition file. */
export interface LedgerStatus {
  readonly name: string
  readonly firstIndex: number
  readonly lastIndex: number
  readonly entries: number
  readonly bytes: number
  readonly lastAppendedAtMs: number
  readonly createdAtMs: number
  readonly retention: RetentionMessage
  readonly leaderId: number
  readonly term: number
}

/** The calls of dledger.v1.Ledger. */
export type LedgerCalls = {
  readonly Append: { readonly request: AppendRequest; readonly response: AppendResponse }
  readonly AppendStream: { readonly request: AppendRequest; readonly response: AppendStreamResponse }
  readonly Read: { readonly request: ReadRequest; readonly response: ReadResponse }
  readonly Status: {
    readonly request: { readonly ledger: string; readonly stale: boolean }
    readonly response: LedgerStatus
  }
  readonly CreateLedger: {
    readonly request: { readonly name: string; readonly retention: RetentionMessage | null }
    readonly response: Readonly<Record<string, never>>
  }
  readonly DeleteLedger: {
    readonly request: { readonly name: string }
    readonly response: Readonly<Record<string, never>>
  }
  readonly ListLedgers: {
    readonly request: { readonly stale: boolean }
    readonly response: { readonly ledgers: readonly LedgerStatus[] }
  }
  readonly Trim: {
    readonly request: { readonly ledger: string; readonly firstIndex: number }
    readonly response: { readonly firstIndex: number }
  }
}
