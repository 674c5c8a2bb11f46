/** The codecs of the apache.rocketmq.v2 messages that the facade decodes or encodes as objects. */
import { BrokerError } from '../base/errors.ts'
import type { Subscription } from '../rpc/apache-definition.ts'
import type {
  AckMessageRequest,
  AckMessageResponse,
  ChangeInvisibleDurationRequest,
  ChangeInvisibleDurationResponse,
  ForwardMessageToDeadLetterQueueRequest,
  GetOffsetRequest,
  GetOffsetResponse,
  EndTransactionRequest,
  HeartbeatRequest,
  NotifyClientTerminationRequest,
  PullMessageRequest,
  PullMessageResponse,
  QueryAssignmentRequest,
  QueryAssignmentResponse,
  QueryOffsetRequest,
  QueryOffsetResponse,
  QueryRouteRequest,
  QueryRouteResponse,
  RecallMessageRequest,
  RecallMessageResponse,
  ReceiveMessageRequest,
  TelemetryCommand,
  UpdateOffsetRequest,
} from '../rpc/apache-service.ts'
import { codecOf, type MessageCodec } from '../rpc/protos.ts'

function codec<Message extends object>(name: string): MessageCodec<Message> {
  return codecOf<Message>(`apache.rocketmq.v2.${name}`)
}

/** AckMessageRequest. */
export const ackRequests = codec<AckMessageRequest>('AckMessageRequest')
/** AckMessageResponse. */
export const ackResponses = codec<AckMessageResponse>('AckMessageResponse')
/** QueryAssignmentRequest. */
export const assignmentRequests = codec<QueryAssignmentRequest>('QueryAssignmentRequest')
/** QueryAssignmentResponse. */
export const assignmentResponses = codec<QueryAssignmentResponse>('QueryAssignmentResponse')
/** ChangeInvisibleDurationRequest. */
export const changeRequests = codec<ChangeInvisibleDurationRequest>('ChangeInvisibleDurationRequest')
/** ChangeInvisibleDurationResponse. */
export const changeResponses = codec<ChangeInvisibleDurationResponse>('ChangeInvisibleDurationResponse')
/** ForwardMessageToDeadLetterQueueRequest. */
export const forwardRequests = codec<ForwardMessageToDeadLetterQueueRequest>(
  'ForwardMessageToDeadLetterQueueRequest',
)
/** GetOffsetRequest. */
export const getOffsetRequests = codec<GetOffsetRequest>('GetOffsetRequest')
/** GetOffsetResponse. */
export const getOffsetResponses = codec<GetOffsetResponse>('GetOffsetResponse')
/** EndTransactionRequest. */
export const endTransactionRequests = codec<EndTransactionRequest>('EndTransactionRequest')
/** HeartbeatRequest. */
export const heartbeatRequests = codec<HeartbeatRequest>('HeartbeatRequest')
/** PullMessageRequest. */
export const pullRequests = codec<PullMessageRequest>('PullMessageRequest')
/** PullMessageResponse. */
export const pullResponses = codec<PullMessageResponse>('PullMessageResponse')
/** QueryOffsetRequest. */
export const queryOffsetRequests = codec<QueryOffsetRequest>('QueryOffsetRequest')
/** QueryOffsetResponse. */
export const queryOffsetResponses = codec<QueryOffsetResponse>('QueryOffsetResponse')
/** ReceiveMessageRequest. */
export const receiveRequests = codec<ReceiveMessageRequest>('ReceiveMessageRequest')
/** RecallMessageRequest. */
export const recallRequests = codec<RecallMessageRequest>('RecallMessageRequest')
/** RecallMessageResponse. */
export const recallResponses = codec<RecallMessageResponse>('RecallMessageResponse')
/** QueryRouteRequest. */
export const routeRequests = codec<QueryRouteRequest>('QueryRouteRequest')
/** QueryRouteResponse. */
export const routeResponses = codec<QueryRouteResponse>('QueryRouteResponse')
/** Subscription. */
export const subscriptions = codec<Subscription>('Subscription')
/** TelemetryCommand. */
export const telemetryCommands = codec<TelemetryCommand>('TelemetryCommand')
/** UpdateOffsetRequest. */
export const updateOffsetRequests = codec<UpdateOffsetRequest>('UpdateOffsetRequest')
/** NotifyClientTerminationRequest. */
export const terminationRequests = codec<NotifyClientTerminationRequest>('NotifyClientTerminationRequest')

/** The message, or `undefined` when the bytes are none: for answers that only repeat parts of it. */
export function readable<Message extends object>(
  messages: MessageCodec<Message>,
  bytes: Uint8Array,
): Message | undefined {
  try {
    return messages.decode(bytes)
  } catch (error) {
    if (error instanceof BrokerError) return undefined
    throw error
  }
}
