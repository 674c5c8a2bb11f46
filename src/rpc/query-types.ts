/**
 * The messages and calls of proto/dledger/v1/query.proto as `protos.ts` decodes them.
 */

/** As in the definition file. */
export interface StoredMessage {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly messageId: string
  readonly tag?: string
  readonly keys: readonly string[]
  readonly messageType: number
  readonly messageGroup?: string
  readonly deliveryMs?: number
  readonly bornMs: number
  readonly bornHost: string
  readonly storedMs: number
  readonly properties: Readonly<Record<string, string>>
  readonly bodyBytes: number
  /** Empty unless it was asked for. */
  readonly body: Uint8Array
  readonly bodyEncoding: number
}

/** As in the definition file. */
export interface QueuePlace {
  readonly queueId: number
  readonly offset: number
}

/** As in the definition file. */
export interface MessagesResponse {
  readonly messages: readonly StoredMessage[]
  readonly next: readonly QueuePlace[]
}

/** As in the definition file. */
export interface GetMessageRequest {
  readonly messageId: string
  readonly topic: string
  readonly withBody: boolean
}

/** As in the definition file. */
export interface QueryMessagesRequest {
  readonly topic: string
  readonly key: string
  readonly beginMs: number
  readonly endMs: number
  readonly messagesMax: number
  readonly withBody: boolean
}

/** As in the definition file. */
export interface BrowseMessagesRequest {
  readonly topic: string
  readonly queueId?: number
  readonly offset?: number
  readonly beginMs?: number
  readonly next: readonly QueuePlace[]
  readonly endMs: number
  readonly tags: string
  readonly sql: string
  readonly messagesMax: number
  readonly withBody: boolean
}

/** As in the definition file. */
export interface TraceMessageRequest {
  readonly messageId: string
  readonly topic: string
  readonly queueId?: number
  readonly queueOffset: number
}

/** As in the definition file. */
export interface TraceGroup {
  readonly group: string
  readonly state: string
  readonly attempt: number
  readonly visibleMs: number
  readonly deadLetter: StoredMessage | null
}

/** As in the definition file. */
export interface TraceEvent {
  readonly type: string
  readonly atMs: number
  readonly group: string
  readonly attempt: number
  readonly client: string
  readonly visibleMs: number
}

/** As in the definition file. */
export interface TraceMessageResponse {
  readonly message: StoredMessage | null
  readonly groups: readonly TraceGroup[]
  readonly events: readonly TraceEvent[]
  readonly eventsComplete: boolean
  readonly logBytesRead: number
}

/** The calls of the service: Query. */
export type QueryCalls = {
  readonly GetMessage: { readonly request: GetMessageRequest; readonly response: MessagesResponse }
  readonly QueryMessages: { readonly request: QueryMessagesRequest; readonly response: MessagesResponse }
  readonly BrowseMessages: { readonly request: BrowseMessagesRequest; readonly response: MessagesResponse }
  readonly TraceMessage: { readonly request: TraceMessageRequest; readonly response: TraceMessageResponse }
}
