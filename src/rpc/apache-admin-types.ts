/**
 * The messages and calls of proto/apache/rocketmq/v2/admin.proto as `protos.ts` decodes them. Requests without the name
 * of a deployment, which this system does not have.
 */
import type {
  FilterExpression,
  Message,
  MessageQueue,
  Resource,
  SystemProperties,
  Timestamp,
} from './apache-definition.ts'

/** A `Status` of apache.rocketmq.v2, as in all answers but one. */
export interface Answered {
  readonly status: { readonly code: number; readonly message: string } | null
}

/** As in the definition file. */
export interface ChangeLogLevelRequest {
  /** 0 TRACE, 1 DEBUG, 2 INFO, 3 WARN, 4 ERROR. */
  readonly level: number
}

/** As in the definition file. */
export interface ChangeLogLevelResponse {
  readonly remark: string
}

/** As in the definition file. */
export interface ProxyRuntimeStats extends Answered {
  readonly proxyName: string
  readonly version: string
  readonly inTps: number
  readonly outTps: number
  readonly connections: number
  readonly producers: number
  readonly consumers: number
}

/** As in the definition file, also for the status of a topic. */
export interface TopicRequest {
  readonly topic: Resource | null
}

/** As in the definition file. */
export interface GetTopicRouteResponse extends Answered {
  readonly topicRouteData: string
}

/** As in the definition file. */
export interface DescribeTopicStatusResponse extends Answered {
  readonly topicMessageType: number
  readonly createTimestamp?: Timestamp
  readonly tags: Readonly<Record<string, string>>
}

/** As in the definition file. */
export interface SubscriptionRequest {
  readonly topic?: Resource
  readonly group?: Resource
}

/** As in the definition file. */
export interface SubscriptionInfo {
  readonly group: Resource | null
  readonly topic: Resource | null
  readonly expression: FilterExpression | null
  readonly online: boolean
  readonly lastUpdateTimestamp: Timestamp | null
  readonly messageModel: number
  readonly subscriptionConsistency: boolean
}

/** As in the definition file. */
export interface ClientInfo {
  readonly clientId: string
  readonly version: string
  readonly language: string
  readonly hostname: string
  readonly egressIp: string
  readonly messageModel: number
}

/** As in the definition file. */
export interface ListSubscriptionResponse extends Answered {
  readonly subscriptionInfo: readonly SubscriptionInfo[]
}

/** As in the definition file. */
export interface DescribeSubscriptionResponse extends Answered {
  readonly clientSubscriptionInfo: readonly {
    readonly clientInfo: ClientInfo | null
    readonly subscriptionInfo: SubscriptionInfo | null
  }[]
}

/** As in the definition file. */
export interface GroupTopicRequest {
  readonly group: Resource | null
  readonly topic: Resource | null
}

/** As in the definition file. */
export interface GroupTopicsRequest {
  readonly group: Resource | null
  readonly topics: readonly Resource[]
}

/** As in the definition file. */
export interface GroupAccumulation {
  readonly inflightMessages: number
  readonly readyMessages: number
  readonly accumulation: number
  readonly deliverDelayTime: { readonly seconds: number; readonly nanos: number } | null
  readonly lastConsumeTimestamp: number
}

/** As in the definition file. */
export interface DescribeGroupAccumulationResponse extends Answered {
  readonly accumulation: GroupAccumulation | null
  readonly topicAccumulation: Readonly<Record<string, GroupAccumulation>>
}

/** As in the definition file. */
export interface QueueTimeSpan {
  readonly messageQueue: MessageQueue | null
  readonly minTimestamp: number
  readonly maxTimestamp: number
  readonly consumeTimestamp: number
  readonly delayTimeMs: number
}

/** As in the definition file. */
export interface QueryTimeSpanResponse extends Answered {
  readonly queueTimeSpanList: readonly QueueTimeSpan[]
}

/** As in the definition file. */
export interface ResetGroupOffsetRequest extends GroupTopicRequest {
  readonly resetTimestamp: Timestamp | null
}

/** As in the definition file. */
export interface ListConsumerConnectionRequest {
  readonly group: Resource | null
  readonly topic?: Resource
}

/** As in the definition file. */
export interface ListConsumerConnectionResponse extends Answered {
  readonly clientInfo: readonly ClientInfo[]
}

/** As in the definition file. */
export interface ClientRequest {
  readonly clientId: string
  readonly group: Resource | null
}

/** As in the definition file. What a consumer of this system can be asked for is what the broker knows of it. */
export interface GetConsumerRunningInfoResponse extends Answered {
  readonly consumerRunningInfo: {
    readonly properties: Readonly<Record<string, string>>
    readonly subscriptions: Readonly<Record<string, FilterExpression>>
    readonly messageQueueTable: readonly {
      readonly messageQueue: MessageQueue | null
      readonly processQueueInfo: { readonly commitOffset: number; readonly cachedMsgCount: number } | null
    }[]
  } | null
}

/** As in the definition file. */
export interface PrintThreadStackTraceResponse extends Answered {
  readonly threadStackTrace?: string
}

/** As in the definition file. */
export interface VerifyMessageRequest extends ClientRequest {
  readonly topic: Resource | null
  readonly messageId: string
}

/** As in the definition file. */
export interface ListMessageRequest {
  readonly topic: Resource | null
  readonly maxMessageNums: number
  readonly beginTimestamp: Timestamp | null
  readonly endTimestamp: Timestamp | null
  readonly messageId?: string
  readonly messageKey?: string
  readonly subscription?: string
  readonly liteTopic?: string
  readonly scrollId?: string
  readonly pageNum?: number
  readonly pageSize?: number
  readonly queueId?: number
}

/** As in the definition file. */
export interface ListMessageResponse extends Answered {
  readonly messages: readonly Message[]
  readonly scrollId: string
}

/** As in the definition file. */
export interface AdminSendMessageRequest {
  readonly topic: Resource | null
  readonly tag?: string
  readonly key?: string
  readonly body: Uint8Array
  readonly userProperties: Readonly<Record<string, string>>
  readonly systemProperties?: SystemProperties
}

/** As in the definition file. */
export interface AdminSendMessageResponse extends Answered {
  readonly messageId: string
}

interface Call<Request, Response> {
  readonly request: Request
  readonly response: Response
}

/** The calls of the service: Admin. */
export type ApacheAdminCalls = {
  readonly ChangeLogLevel: Call<ChangeLogLevelRequest, ChangeLogLevelResponse>
  readonly DescribeTopicStatus: Call<TopicRequest, DescribeTopicStatusResponse>
  readonly ListSubscription: Call<SubscriptionRequest, ListSubscriptionResponse>
  readonly DescribeSubscription: Call<SubscriptionRequest, DescribeSubscriptionResponse>
  readonly DeleteSubscription: Call<GroupTopicRequest, Answered>
  readonly DescribeGroupAccumulation: Call<GroupTopicsRequest, DescribeGroupAccumulationResponse>
  readonly ListConsumerConnection: Call<ListConsumerConnectionRequest, ListConsumerConnectionResponse>
  readonly ResetGroupOffset: Call<ResetGroupOffsetRequest, Answered>
  readonly QueryMessage: Call<ListMessageRequest, ListMessageResponse>
  readonly PrintThreadStackTrace: Call<ClientRequest, PrintThreadStackTraceResponse>
  readonly VerifyMessage: Call<VerifyMessageRequest, Answered>
  readonly AdminSendMessage: Call<AdminSendMessageRequest, AdminSendMessageResponse>
  readonly GetConsumerRunningInfo: Call<ClientRequest, GetConsumerRunningInfoResponse>
  readonly GetTopicRoute: Call<TopicRequest, GetTopicRouteResponse>
  readonly QueryTimeSpan: Call<GroupTopicsRequest, QueryTimeSpanResponse>
  readonly GetProxyRuntimeStats: Call<object, ProxyRuntimeStats>
}
