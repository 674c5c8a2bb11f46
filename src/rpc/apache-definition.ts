/**
 * The shared messages of apache.rocketmq.v2 as `protos.ts` decodes them: one type for
 * each message of proto/apache/rocketmq/v2/definition.proto. Enums are plain numbers, because a client may send
 * ones that this program does not know.
 */

/** A time: seconds since 1970 and the nanoseconds in the second. */
export interface Timestamp {
  readonly seconds: number
  readonly nanos: number
}

/** A duration: seconds and the nanoseconds in the second, of one sign. */
export interface Duration {
  readonly seconds: number
  readonly nanos: number
}

/** A topic or consumer group inside a namespace. The namespace is empty unless the client sets one. */
export interface Resource {
  readonly resourceNamespace: string
  readonly name: string
}

/** One host and port. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** An access point: one or more addresses of the same scheme. Every address serves the same. */
export interface Endpoints {
  readonly scheme: number
  readonly addresses: readonly Address[]
}

/** A broker group as clients see it. Clients send only to brokers with id 0. */
export interface Broker {
  readonly name: string
  /** 0 is the one that takes messages. */
  readonly id: number
  readonly endpoints: Endpoints | null
}

/** One queue of a topic and where to reach it. */
export interface MessageQueue {
  readonly topic: Resource | null
  readonly id: number
  readonly permission: number
  readonly broker: Broker | null
  readonly acceptMessageTypes: readonly number[]
}

/** A queue that a push consumer shall receive from. */
export interface Assignment {
  readonly messageQueue: MessageQueue | null
}

/** The checksum of a body as it travels, in upper-case hexadecimal. */
export interface Digest {
  readonly type: number
  readonly checksum: string
}

/** Where a message was given up: set on messages that stand in a dead letter queue. */
export interface DeadLetterQueue {
  readonly topic: string
  readonly messageId: string
}

/** What the clients and the broker know about a message beside its body. A client sets what it sends, the broker adds what it delivers. */
export interface SystemProperties {
  /** What the sender says about the message. */
  readonly tag?: string
  /** Names that people look the message up by. */
  readonly keys: readonly string[]
  /** Made by the sending client, the same at every retry. */
  readonly messageId: string
  readonly bodyDigest: Digest | null
  readonly bodyEncoding: number
  readonly messageType: number
  /** When and where it was sent. */
  readonly bornTimestamp: Timestamp | null
  readonly bornHost: string
  /** When and where it was stored. */
  readonly storeTimestamp?: Timestamp
  readonly storeHost: string
  /** A delayed message becomes visible at this time. */
  readonly deliveryTimestamp?: Timestamp
  /** Proof of one delivery, asked for when acknowledging. */
  readonly receiptHandle?: string
  /** Where it stands. */
  readonly queueId: number
  readonly queueOffset?: number
  /** For how long nobody else receives it. */
  readonly invisibleDuration?: Duration
  /** 1 at the first delivery. */
  readonly deliveryAttempt?: number
  /** FIFO: messages of one group are delivered in order. */
  readonly messageGroup?: string
  /** W3C trace context, passed on as it is. */
  readonly traceContext?: string
  /** How long an open transaction waits before the broker asks its sender. */
  readonly orphanedTransactionRecoveryDuration?: Duration
  /** Present when the message is a dead letter. */
  readonly deadLetterQueue?: DeadLetterQueue
  readonly liteTopic?: string
  /** PRIORITY: a higher number is delivered first. */
  readonly priority?: number
}

/** A message, on its way in or out. */
export interface Message {
  readonly topic: Resource | null
  readonly userProperties: Readonly<Record<string, string>>
  readonly systemProperties: SystemProperties | null
  readonly body: Buffer
}

/** Which messages of a topic a consumer wants: "*", "a || b" for tags, or an SQL condition. */
export interface FilterExpression {
  readonly type: number
  readonly expression: string
}

/** A topic and the filter on it. */
export interface SubscriptionEntry {
  readonly topic: Resource | null
  readonly expression: FilterExpression | null
}

/** Where a new subscription starts. */
export interface OffsetOption {
  /** Which of the following is set. */
  readonly offsetType?: 'policy' | 'offset' | 'tailN' | 'timestamp'
  readonly policy?: number
  readonly offset?: number
  /** This many messages before the end. */
  readonly tailN?: number
  readonly timestamp?: number
}

/** The result of an operation and a sentence about it. */
export interface Status {
  readonly code: number
  readonly message: string
}

/** What a client says about itself. */
export interface UA {
  readonly language: number
  readonly version: string
  readonly platform: string
  readonly hostname: string
}

/** Each delay is the one before times the multiplier, up to the largest. */
export interface ExponentialBackoff {
  readonly initial: Duration | null
  readonly max: Duration | null
  readonly multiplier: number
}

/** The delays one by one; the last one repeats. */
export interface CustomizedBackoff {
  readonly next: readonly Duration[]
}

/** How often and after which delays something is tried again. */
export interface RetryPolicy {
  readonly maxAttempts: number
  /** Which of the following is set. */
  readonly strategy?: 'exponentialBackoff' | 'customizedBackoff'
  readonly exponentialBackoff?: ExponentialBackoff
  readonly customizedBackoff?: CustomizedBackoff
}

/** Settings of a producer. */
export interface Publishing {
  readonly topics: readonly Resource[]
  /** Bytes of the largest body, after packing. */
  readonly maxBodySize: number
  /** The client checks that the topic accepts the type of a message. */
  readonly validateMessageType: boolean
}

/** Settings of a consumer. */
export interface Subscription {
  readonly group?: Resource
  readonly subscriptions: readonly SubscriptionEntry[]
  /** Messages of one message group are consumed in order. */
  readonly fifo?: boolean
  readonly receiveBatchSize?: number
  readonly longPollingTimeout?: Duration
  /** The most lite topics that one consumer may subscribe to. */
  readonly liteSubscriptionQuota?: number
  readonly maxLiteTopicSize?: number
}

/** Whether and where a client reports its metrics. */
export interface Metric {
  readonly on: boolean
  readonly endpoints?: Endpoints
}

/** A client tells its settings over telemetry, the server answers with those that hold. */
export interface Settings {
  readonly clientType?: number
  /** The address that the client itself was given. */
  readonly accessPoint?: Endpoints
  readonly backoffPolicy?: RetryPolicy
  /** For calls that do not wait for messages. */
  readonly requestTimeout?: Duration
  /** What kind of client this is. */
  readonly pubSub?: 'publishing' | 'subscription'
  readonly publishing?: Publishing
  readonly subscription?: Subscription
  readonly userAgent: UA | null
  readonly metric: Metric | null
  /** At most 32 pairs and 4 KiB; names that start with "rocketmq." are reserved. */
  readonly clientProperties: Readonly<Record<string, string>>
}
