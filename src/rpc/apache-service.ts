/**
 * The requests and responses of MessagingService of apache.rocketmq.v2 as `protos.ts` decodes them: one type for
 * each message of proto/apache/rocketmq/v2/service.proto. Enums are plain numbers, because a client may send
 * ones that this program does not know.
 */
import type {
  Assignment,
  Duration,
  Endpoints,
  FilterExpression,
  Message,
  MessageQueue,
  OffsetOption,
  Resource,
  Settings,
  Status,
  Timestamp,
} from './apache-definition.ts'

/** Asks where the queues of a topic are. */
export interface QueryRouteRequest {
  readonly topic: Resource | null
  /** The address that the client itself was given. */
  readonly endpoints: Endpoints | null
}

/** The queues of a topic; each names the endpoints to use. */
export interface QueryRouteResponse {
  readonly status: Status | null
  readonly messageQueues: readonly MessageQueue[]
}

/** A push consumer asks which queues it shall receive from. */
export interface QueryAssignmentRequest {
  readonly topic: Resource | null
  readonly group: Resource | null
  readonly endpoints: Endpoints | null
}

/** The queues for this consumer. */
export interface QueryAssignmentResponse {
  readonly status: Status | null
  readonly assignments: readonly Assignment[]
}

/** A client is alive. Producers have no group. */
export interface HeartbeatRequest {
  readonly group?: Resource
  readonly clientType: number
}

/** Whether the broker still knows the client. */
export interface HeartbeatResponse {
  readonly status: Status | null
}

/** A client goes away. */
export interface NotifyClientTerminationRequest {
  readonly group?: Resource
}

/** The broker has forgotten the client. */
export interface NotifyClientTerminationResponse {
  readonly status: Status | null
}

/** One or more messages of one topic. */
export interface SendMessageRequest {
  readonly messages: readonly Message[]
}

/** What became of one message. */
export interface SendResultEntry {
  readonly status: Status | null
  readonly messageId: string
  /** Present for messages of type TRANSACTION. */
  readonly transactionId: string
  readonly offset: number
  /** Present for delayed messages. */
  readonly recallHandle: string
}

/** One entry for each message, in order. */
export interface SendMessageResponse {
  readonly status: Status | null
  readonly entries: readonly SendResultEntry[]
}

/** Commits or rolls back a message that was sent as a transaction. */
export interface EndTransactionRequest {
  readonly topic: Resource | null
  readonly messageId: string
  readonly transactionId: string
  readonly resolution: number
  readonly source: number
  readonly traceContext: string
}

/** Whether the transaction was ended. */
export interface EndTransactionResponse {
  readonly status: Status | null
}

/** Takes back a delayed message that is not due yet. */
export interface RecallMessageRequest {
  readonly topic: Resource | null
  readonly recallHandle: string
}

/** Names the message that was taken back. */
export interface RecallMessageResponse {
  readonly status: Status | null
  readonly messageId: string
}

/** Takes messages for a group; waits when there are none. */
export interface ReceiveMessageRequest {
  readonly group: Resource | null
  readonly messageQueue: MessageQueue | null
  readonly filterExpression: FilterExpression | null
  readonly batchSize: number
  readonly invisibleDuration?: Duration
  /** The broker prolongs the invisible time while the client is alive. */
  readonly autoRenew: boolean
  readonly longPollingTimeout?: Duration
  /** The same at a retry, which then gets the same messages. */
  readonly attemptId?: string
}

/** The stream holds the delivery time, each message, and one status. */
export interface ReceiveMessageResponse {
  /** Which of the following is set. */
  readonly content?: 'status' | 'message' | 'deliveryTimestamp'
  readonly status?: Status
  readonly message?: Message
  readonly deliveryTimestamp?: Timestamp
}

/** One delivery that is done. */
export interface AckMessageEntry {
  readonly messageId: string
  readonly receiptHandle: string
  readonly liteTopic?: string
}

/** Messages that a group is done with. */
export interface AckMessageRequest {
  readonly group: Resource | null
  readonly topic: Resource | null
  readonly entries: readonly AckMessageEntry[]
}

/** Whether one delivery was acknowledged. */
export interface AckMessageResultEntry {
  readonly messageId: string
  readonly receiptHandle: string
  readonly status: Status | null
}

/** One entry for each delivery, in order. */
export interface AckMessageResponse {
  readonly status: Status | null
  readonly entries: readonly AckMessageResultEntry[]
}

/** Makes a delivered message visible earlier or later. */
export interface ChangeInvisibleDurationRequest {
  readonly group: Resource | null
  readonly topic: Resource | null
  readonly receiptHandle: string
  readonly invisibleDuration: Duration | null
  /** For lookups by people. */
  readonly messageId: string
  readonly liteTopic?: string
  /** The wait is not counted as a delivery. */
  readonly suspend?: boolean
}

/** The handle to use from now on. */
export interface ChangeInvisibleDurationResponse {
  readonly status: Status | null
  readonly receiptHandle: string
}

/** Gives up on a message. */
export interface ForwardMessageToDeadLetterQueueRequest {
  readonly group: Resource | null
  readonly topic: Resource | null
  readonly receiptHandle: string
  readonly messageId: string
  readonly deliveryAttempt: number
  readonly maxDeliveryAttempts: number
  readonly liteTopic?: string
}

/** Whether the message is a dead letter now. */
export interface ForwardMessageToDeadLetterQueueResponse {
  readonly status: Status | null
}

/** Changes the lite topics of a consumer. */
export interface SyncLiteSubscriptionRequest {
  readonly action: number
  readonly topic: Resource | null
  readonly group: Resource | null
  readonly liteTopicSet: readonly string[]
  readonly version?: number
  readonly offsetOption?: OffsetOption
}

/** Whether the subscription was changed. */
export interface SyncLiteSubscriptionResponse {
  readonly status: Status | null
}

/** Reads a queue from an offset, without taking messages. */
export interface PullMessageRequest {
  readonly group: Resource | null
  readonly messageQueue: MessageQueue | null
  readonly offset: number
  readonly batchSize: number
  readonly filterExpression: FilterExpression | null
  readonly longPollingTimeout: Duration | null
}

/** The stream holds each message, the next offset, and one status. */
export interface PullMessageResponse {
  /** Which of the following is set. */
  readonly content?: 'status' | 'message' | 'nextOffset'
  readonly status?: Status
  readonly message?: Message
  readonly nextOffset?: number
}

/** Stores how far a group has read a queue. */
export interface UpdateOffsetRequest {
  readonly group: Resource | null
  readonly messageQueue: MessageQueue | null
  readonly offset: number
}

/** Whether the offset was stored. */
export interface UpdateOffsetResponse {
  readonly status: Status | null
}

/** Asks how far a group has read a queue. */
export interface GetOffsetRequest {
  readonly group: Resource | null
  readonly messageQueue: MessageQueue | null
}

/** The stored offset. */
export interface GetOffsetResponse {
  readonly status: Status | null
  readonly offset: number
}

/** Asks for an offset of a queue by policy or by time. */
export interface QueryOffsetRequest {
  readonly messageQueue: MessageQueue | null
  readonly queryOffsetPolicy: number
  /** For the policy TIMESTAMP. */
  readonly timestamp?: Timestamp
}

/** The offset found. */
export interface QueryOffsetResponse {
  readonly status: Status | null
  readonly offset: number
}

/** The server asks for the stacks of a client. */
export interface PrintThreadStackTraceCommand {
  readonly nonce: string
}

/** The answer of the client. */
export interface ThreadStackTrace {
  readonly nonce: string
  readonly threadStackTrace?: string
}

/** The server asks a consumer to try one message. */
export interface VerifyMessageCommand {
  readonly nonce: string
  readonly message: Message | null
}

/** The answer of the consumer. */
export interface VerifyMessageResult {
  readonly nonce: string
}

/** The server asks a client to connect anew. */
export interface ReconnectEndpointsCommand {
  readonly nonce: string
}

/** The server asks a producer what became of a transaction. */
export interface RecoverOrphanedTransactionCommand {
  readonly message: Message | null
  readonly transactionId: string
}

/** The server tells that a lite topic was unsubscribed. */
export interface NotifyUnsubscribeLiteCommand {
  readonly liteTopic: string
}

/** One command on the telemetry stream, in either direction. */
export interface TelemetryCommand {
  readonly status?: Status
  /** Settings go both ways; 3 and 4 come from clients, 5 to 9 from the server. */
  readonly command?:
    | 'settings'
    | 'threadStackTrace'
    | 'verifyMessageResult'
    | 'recoverOrphanedTransactionCommand'
    | 'printThreadStackTraceCommand'
    | 'verifyMessageCommand'
    | 'reconnectEndpointsCommand'
    | 'notifyUnsubscribeLiteCommand'
  readonly settings?: Settings
  readonly threadStackTrace?: ThreadStackTrace
  readonly verifyMessageResult?: VerifyMessageResult
  readonly recoverOrphanedTransactionCommand?: RecoverOrphanedTransactionCommand
  readonly printThreadStackTraceCommand?: PrintThreadStackTraceCommand
  readonly verifyMessageCommand?: VerifyMessageCommand
  readonly reconnectEndpointsCommand?: ReconnectEndpointsCommand
  readonly notifyUnsubscribeLiteCommand?: NotifyUnsubscribeLiteCommand
}

/** The calls of the service: MessagingService. */
export type MessagingServiceCalls = {
  readonly QueryRoute: { readonly request: QueryRouteRequest; readonly response: QueryRouteResponse }
  readonly Heartbeat: { readonly request: HeartbeatRequest; readonly response: HeartbeatResponse }
  readonly SendMessage: { readonly request: SendMessageRequest; readonly response: SendMessageResponse }
  readonly QueryAssignment: {
    readonly request: QueryAssignmentRequest
    readonly response: QueryAssignmentResponse
  }
  readonly ReceiveMessage: {
    readonly request: ReceiveMessageRequest
    readonly response: ReceiveMessageResponse
  }
  readonly AckMessage: { readonly request: AckMessageRequest; readonly response: AckMessageResponse }
  readonly ForwardMessageToDeadLetterQueue: {
    readonly request: ForwardMessageToDeadLetterQueueRequest
    readonly response: ForwardMessageToDeadLetterQueueResponse
  }
  readonly PullMessage: { readonly request: PullMessageRequest; readonly response: PullMessageResponse }
  readonly UpdateOffset: { readonly request: UpdateOffsetRequest; readonly response: UpdateOffsetResponse }
  readonly GetOffset: { readonly request: GetOffsetRequest; readonly response: GetOffsetResponse }
  readonly QueryOffset: { readonly request: QueryOffsetRequest; readonly response: QueryOffsetResponse }
  readonly EndTransaction: {
    readonly request: EndTransactionRequest
    readonly response: EndTransactionResponse
  }
  readonly Telemetry: { readonly request: TelemetryCommand; readonly response: TelemetryCommand }
  readonly NotifyClientTermination: {
    readonly request: NotifyClientTerminationRequest
    readonly response: NotifyClientTerminationResponse
  }
  readonly ChangeInvisibleDuration: {
    readonly request: ChangeInvisibleDurationRequest
    readonly response: ChangeInvisibleDurationResponse
  }
  readonly RecallMessage: { readonly request: RecallMessageRequest; readonly response: RecallMessageResponse }
  readonly SyncLiteSubscription: {
    readonly request: SyncLiteSubscriptionRequest
    readonly response: SyncLiteSubscriptionResponse
  }
}
