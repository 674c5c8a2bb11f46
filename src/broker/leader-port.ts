/**
 * What a leader does for clients, as the facade sees it. The facade on any node turns a request into one of
 * these calls, here or, forwarded, on the leader. Nothing in it knows of gRPC.
 */
import type { Receipt, TimerName, TopicId } from './machine/commands.ts'
import type { Resolution } from './machine/transaction-commands.ts'
import type { TransactionId } from './machine/transaction-id.ts'
import type { MessageFilter } from './message-filter.ts'

export interface SendRequest {
  readonly topic: string
  readonly count: number
  /** The types of the messages (apache.rocketmq.v2: MessageType), each once. */
  readonly messageTypes: ReadonlySet<number>
  /** Stored messages (stored-message.ts) one after the other, in any number of chunks. */
  readonly messages: readonly Uint8Array[]
  /** Length of all chunks together. */
  readonly bytes: number
}

export interface SendResult {
  readonly queueId: number
  readonly offset: number
  /** The message was there already; queue and offset are the first one's. */
  readonly repeated: boolean
  /** The message waits for its time. */
  readonly timer?: TimerName | undefined
  /** Of a half message, which stands in no queue until its transaction is committed (`transaction-id.ts`). */
  readonly transactionId?: string
}

export interface EndTransactionRequest {
  readonly topic: string
  readonly id: TransactionId
  readonly resolution: Resolution
}

export interface ReceiveRequest {
  /** 16 bytes, the same when the call is repeated at another leader. */
  readonly requestKey: Uint8Array
  readonly clientId: string
  readonly group: string
  readonly topic: string
  readonly filter: MessageFilter
  readonly messagesMax: number
  readonly invisibleMs: number
  readonly autoRenew: boolean
  /** Monotonic time at which an empty answer is due. */
  readonly pollUntilMono: number
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

export interface ReceivedMessage {
  /** The stored message: header and raw bytes. A view of the log's memory, not to be kept. */
  readonly stored: Uint8Array
  readonly queueId: number
  readonly offset: number
  readonly attempt: number
  readonly receipt: Receipt
  /** The topic that it was read from. */
  readonly topic: string
  /** It was read from a dead letter topic. */
  readonly deadLetter: boolean
}

export interface AckRequest {
  readonly requestKey: Uint8Array
  readonly clientId: string
  /** `undefined` for a handle that could not be read: it is answered as invalid. */
  readonly receipts: readonly (Receipt | undefined)[]
}

export interface RecallRequest {
  readonly requestKey: Uint8Array
  readonly topic: string
  readonly topicId: TopicId
  readonly timer: TimerName
}

export interface ChangeInvisibleRequest {
  readonly requestKey: Uint8Array
  readonly clientId: string
  readonly receipt: Receipt
  readonly invisibleMs: number
}

/**
 * Runs on the leader only. Every method may throw `BrokerError`: NOT_LEADER (outcome none or unknown), BUSY,
 * DISK_FULL, TOPIC_NOT_FOUND, WRONG_MESSAGE_TYPE, GROUP_NOT_FOUND and others.
 */
export interface LeaderOperations {
  /** Stores the messages, all or none. */
  send(request: SendRequest): Promise<readonly SendResult[]>
  /**
   * Ends a transaction; a repeat is the same. Throws INVALID_TRANSACTION_ID for one that is of another topic, ended
   * otherwise, or ended so long ago that nobody knows.
   */
  endTransaction(request: EndTransactionRequest): Promise<void>
  /** Hands out messages; empty when none came until the polling time. */
  receive(request: ReceiveRequest): Promise<readonly ReceivedMessage[]>
  /** For each receipt, in order: was it valid? */
  ack(request: AckRequest): Promise<readonly boolean[]>
  /** The receipt of the same delivery with its new deadline. */
  changeInvisible(
    request: ChangeInvisibleRequest,
  ): Promise<{ readonly valid: boolean; readonly receipt: Receipt }>
  /**
   * Takes back a delayed message. Throws ILLEGAL_OPERATION when it is due or another topic's, WRONG_MESSAGE_TYPE for a
   * topic without delayed messages.
   */
  recall(request: RecallRequest): Promise<void>
  /** These deliveries never left for a client: visible again at once, no attempt counted. */
  release(receipts: readonly Receipt[]): Promise<void>
  /**
   * These deliveries were handed to their clients. From now on they are renewed while the client lives; a
   * delivery of which nobody says so ends by time, since its answer may have died with the node under it.
   */
  handedOver(receipts: readonly Receipt[]): Promise<void>
  /** First contact of a group with topics. Topics that do not exist are passed over. */
  contact(group: string, topics: readonly string[], clientId: string): Promise<void>
  /** The client says that it ends: its claims become visible. */
  terminate(clientId: string, group: string | null): Promise<void>
  /** The client was heard of on some node. */
  clientSeen(clientId: string): void
  /** After it, a name that the local view does not hold did not exist when the call was made. */
  confirmAbsent(): Promise<void>
}
