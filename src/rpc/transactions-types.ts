/**
 * The messages and calls of proto/dledger/v1/transactions.proto as `protos.ts` decodes them.
 */

/** As in the definition file. */
export interface ListTransactionsRequest {
  readonly topic: string
  readonly parkedOnly: boolean
  readonly limit: number
  readonly after: string
}

/** As in the definition file. */
export interface OpenTransaction {
  readonly transactionId: string
  readonly topic: string
  readonly size: number
  readonly openedMs: number
  readonly checks: number
  readonly parked: boolean
  readonly dueMs: number
}

/** As in the definition file. */
export interface TransactionList {
  readonly transactions: readonly OpenTransaction[]
  readonly open: number
  readonly parked: number
  readonly more: boolean
}

/** As in the definition file. */
export interface TransactionRequest {
  readonly transactionId: string
}

/** As in the definition file. */
export interface TransactionDetail {
  readonly transaction: OpenTransaction | null
  readonly messageId: string
  readonly tag: string
  readonly keys: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly bodyEncoding: string
}

/** As in the definition file. */
export interface EndOpenTransactionRequest {
  readonly transactionId: string
  readonly commit: boolean
}

/** As in the definition file. */
export type EndOpenTransactionResponse = Readonly<Record<string, never>>

/** The calls of the service: Transactions. */
export type TransactionsCalls = {
  readonly List: { readonly request: ListTransactionsRequest; readonly response: TransactionList }
  readonly Show: { readonly request: TransactionRequest; readonly response: TransactionDetail }
  readonly End: {
    readonly request: EndOpenTransactionRequest
    readonly response: EndOpenTransactionResponse
  }
}
