/**
 * What a client gets back for its settings: its own, with the server's fields filled in as each language and
 * kind of client needs them (grpc-contract 3.3 and 12).
 *
 * Pure.
 */
import {
  DELIVERY_ATTEMPTS_DEFAULT,
  MESSAGE_BODY_BYTES_MAX,
  POLLING_MS_MAX,
  RECEIVE_MESSAGES_MAX,
} from '../base/limits.ts'
import type { Duration, Metric, RetryPolicy, Settings, Subscription } from '../rpc/apache-definition.ts'
import { ClientType, Language } from '../rpc/apache-enums.ts'
import type { Draft } from '../rpc/draft.ts'
import { durationOf } from './durations.ts'

const PRODUCER_ATTEMPTS = 3
const PRODUCER_BACKOFF = { initialMs: 10, maxMs: 1000 }
const CONSUMER_BACKOFF = { initialMs: 5000, maxMs: 2 * 3600_000 }
const MULTIPLIER = 2
const LITE_SUBSCRIPTION_QUOTA = 2000
const LITE_TOPIC_SIZE_MAX = 64

/** RocketMQ's delays between the deliveries of a message, in seconds; whole ones, as the Python client needs. */
const DELAYS_S: readonly number[] = [
  1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200,
]

/** The last Node client that takes seconds of a backoff for milliseconds. */
const NODE_UNIT_FAULT_LAST = [1, 0, 8] as const

/** What the group says about its consumers; `undefined` for a group that is not there yet. */
export interface GroupSettings {
  /** Deliveries before a message becomes a dead letter. */
  readonly attemptsMax: number
}

/** The settings to answer with. Everything that is not the server's to say is as the client sent it. */
export function mergeSettings(settings: Settings, group: GroupSettings | undefined): Draft<Settings> {
  const { publishing, subscription } = settings
  const metric = metricOf(settings)
  if (subscription === undefined) {
    return {
      ...settings,
      backoffPolicy: exponential(PRODUCER_ATTEMPTS, PRODUCER_BACKOFF, 1),
      publishing: {
        topics: publishing?.topics ?? [],
        maxBodySize: MESSAGE_BODY_BYTES_MAX,
        validateMessageType: true,
      },
      metric,
    }
  }
  return {
    ...settings,
    backoffPolicy: consumerBackoff(settings, group?.attemptsMax ?? DELIVERY_ATTEMPTS_DEFAULT),
    subscription: mergeSubscription(subscription),
    metric,
  }
}

function mergeSubscription(subscription: Subscription): Subscription {
  return {
    ...subscription,
    fifo: false,
    receiveBatchSize: RECEIVE_MESSAGES_MAX,
    longPollingTimeout: durationOf(POLLING_MS_MAX),
    // Without these two the lite consumers of some languages fail or never start; others do not read them.
    liteSubscriptionQuota: LITE_SUBSCRIPTION_QUOTA,
    maxLiteTopicSize: LITE_TOPIC_SIZE_MAX,
  }
}

/** Node clients only know the exponential form, Python clients only the customized one, others know both. */
function consumerBackoff({ userAgent }: Settings, attemptsMax: number): RetryPolicy {
  if (userAgent?.language !== Language.NODE_JS) {
    const next = DELAYS_S.map((seconds): Duration => ({ seconds, nanos: 0 }))
    return { maxAttempts: attemptsMax, strategy: 'customizedBackoff', customizedBackoff: { next } }
  }
  return exponential(attemptsMax, CONSUMER_BACKOFF, hasNodeUnitFault(userAgent.version) ? 1000 : 1)
}

function exponential(
  maxAttempts: number,
  { initialMs, maxMs }: { readonly initialMs: number; readonly maxMs: number },
  factor: number,
): RetryPolicy {
  return {
    maxAttempts,
    strategy: 'exponentialBackoff',
    exponentialBackoff: {
      initial: durationOf(initialMs * factor),
      max: durationOf(maxMs * factor),
      multiplier: MULTIPLIER,
    },
  }
}

/** Whether a Node client of this version is told a thousand times the delay to wait the right one. */
function hasNodeUnitFault(version: string): boolean {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)
  if (parts === null) return true
  for (const [i, last] of NODE_UNIT_FAULT_LAST.entries()) {
    const part = Number(parts[i + 1])
    if (part !== last) return part < last
  }
  return true
}

/** The Python push consumer only starts with metrics on; all others are told to keep theirs. */
function metricOf({ userAgent, clientType, accessPoint }: Settings): Metric {
  const push = clientType === ClientType.PUSH_CONSUMER || clientType === ClientType.LITE_PUSH_CONSUMER
  if (userAgent?.language === Language.PYTHON && push && accessPoint !== undefined) {
    return { on: true, endpoints: accessPoint }
  }
  return { on: false }
}
