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
import { type GroupPolicy, plainPolicy, type RetryBackoff } from '../broker/machine/index.ts'
import type { Metric, RetryPolicy, Settings, Subscription } from '../rpc/apache-definition.ts'
import { ClientType, Language } from '../rpc/apache-enums.ts'
import type { Draft } from '../rpc/draft.ts'
import { durationOf } from '../rpc/durations.ts'

const PRODUCER_ATTEMPTS = 3
const PRODUCER_BACKOFF = { initialMs: 10, maxMs: 1000, multiplier: 2 }
const CONSUMER_BACKOFF = { initialMs: 5000, maxMs: 2 * 3600_000, multiplier: 2 }
const DEFAULT_POLICY = plainPolicy(DELIVERY_ATTEMPTS_DEFAULT)
/** No client needs a longer list. */
const DELAYS_MAX = 64
const LITE_SUBSCRIPTION_QUOTA = 2000
const LITE_TOPIC_SIZE_MAX = 64

/** RocketMQ's delays between the deliveries of a message, in seconds; whole ones, as the Python client needs. */
const DELAYS_S: readonly number[] = [
  1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200,
]

/** The last Node client that takes seconds of a backoff for milliseconds. */
const NODE_UNIT_FAULT_LAST = [1, 0, 8] as const

/** The settings to answer with. Everything that is not the server's to say is as the client sent it. */
export function mergeSettings(settings: Settings, group: GroupPolicy | undefined): Draft<Settings> {
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
    backoffPolicy: consumerBackoff(settings, group ?? DEFAULT_POLICY),
    subscription: mergeSubscription(subscription, group?.fifo ?? false),
    metric,
  }
}

function mergeSubscription(subscription: Subscription, fifo: boolean): Subscription {
  return {
    ...subscription,
    fifo,
    receiveBatchSize: RECEIVE_MESSAGES_MAX,
    longPollingTimeout: durationOf(POLLING_MS_MAX),
    // Without these two the lite consumers of some languages fail or never start; others do not read them.
    liteSubscriptionQuota: LITE_SUBSCRIPTION_QUOTA,
    maxLiteTopicSize: LITE_TOPIC_SIZE_MAX,
  }
}

/** Node clients only know the exponential form, Python clients only the customized one, others know both. */
function consumerBackoff({ userAgent }: Settings, { attemptsMax, backoff }: GroupPolicy): RetryPolicy {
  if (userAgent?.language !== Language.NODE_JS) {
    const next = delaysMsOf(backoff, attemptsMax).map(durationOf)
    return { maxAttempts: attemptsMax, strategy: 'customizedBackoff', customizedBackoff: { next } }
  }
  return exponential(attemptsMax, exponentialOf(backoff), hasNodeUnitFault(userAgent.version) ? 1000 : 1)
}

/** The delays one after the other; the last one holds for all further deliveries. */
function delaysMsOf(backoff: RetryBackoff, attemptsMax: number): readonly number[] {
  if (backoff.kind === 'default') return DELAYS_S.map((seconds) => seconds * 1000)
  if (backoff.kind === 'list') return backoff.delaysMs
  const { initialMs, maxMs, multiplierThousandths } = backoff
  const delays: number[] = [initialMs]
  while ((delays.at(-1) as number) < maxMs && delays.length < Math.min(attemptsMax, DELAYS_MAX)) {
    delays.push(Math.min(maxMs, Math.round(((delays.at(-1) as number) * multiplierThousandths) / 1000)))
    if (delays.at(-1) === delays.at(-2)) break
  }
  return delays
}

/** A list becomes the exponential form that begins and ends as it does. */
function exponentialOf(backoff: RetryBackoff): typeof CONSUMER_BACKOFF {
  if (backoff.kind === 'default') return CONSUMER_BACKOFF
  if (backoff.kind === 'exponential') {
    const { initialMs, maxMs, multiplierThousandths } = backoff
    return { initialMs, maxMs, multiplier: multiplierThousandths / 1000 }
  }
  const { delaysMs } = backoff
  const [first = CONSUMER_BACKOFF.initialMs] = delaysMs
  const maxMs = Math.max(...delaysMs)
  const steps = Math.max(1, delaysMs.length - 1)
  return { initialMs: first, maxMs, multiplier: Math.max(1, (maxMs / first) ** (1 / steps)) }
}

function exponential(
  maxAttempts: number,
  { initialMs, maxMs, multiplier }: typeof CONSUMER_BACKOFF,
  factor: number,
): RetryPolicy {
  return {
    maxAttempts,
    strategy: 'exponentialBackoff',
    exponentialBackoff: {
      initial: durationOf(initialMs * factor),
      max: durationOf(maxMs * factor),
      multiplier,
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
