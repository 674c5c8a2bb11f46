/**
 * What a consumer group says about its deliveries, as a value: how often, in what order, and how long a
 * client should wait between the deliveries of one message (RocketMQ: SubscriptionGroupConfig).
 *
 * Bytes: u8 fifo, u8 back-off (0 default, 1 list, 2 exponential), then for a list: u32 count, u64 ms each;
 * for an exponential one: u64 first ms, u64 longest ms, u32 thousandths of the multiplier.
 */
import { unreachable } from '../../base/assert.ts'
import type { Millis } from '../../base/brand.ts'
import { BytesError, type Reader, type Writer } from '../../base/bytes.ts'

/** How long a message stays away after a delivery that failed. `default`: RocketMQ's table. */
export type RetryBackoff =
  | { readonly kind: 'default' }
  | { readonly kind: 'list'; readonly delaysMs: readonly Millis[] }
  | {
      readonly kind: 'exponential'
      readonly initialMs: Millis
      readonly maxMs: Millis
      /** 2000 doubles each time. */
      readonly multiplierThousandths: number
    }

export interface GroupPolicy {
  /** Deliveries before a message becomes a dead letter (RocketMQ: retryMaxTimes + 1). */
  readonly attemptsMax: number
  /** Messages of one message group are delivered one after the other (RocketMQ: consumeMessageOrderly). */
  readonly fifo: boolean
  readonly backoff: RetryBackoff
}

export const DEFAULT_BACKOFF: RetryBackoff = { kind: 'default' }

const BACKOFF_DELAYS_MAX = 64
const BACKOFF_MS_MAX = 30 * 24 * 3600_000
const BACKOFF_KINDS = ['default', 'list', 'exponential'] as const

/** The policy of a group that only says how often. */
export function plainPolicy(attemptsMax: number): GroupPolicy {
  return { attemptsMax, fifo: false, backoff: DEFAULT_BACKOFF }
}

/** Whether it says nothing that the first version of the format could not say. */
export function isPlainPolicy({ fifo, backoff }: GroupPolicy): boolean {
  return !fifo && backoff.kind === 'default'
}

export function isSamePolicy(one: GroupPolicy, other: GroupPolicy): boolean {
  return (
    one.attemptsMax === other.attemptsMax &&
    one.fifo === other.fifo &&
    JSON.stringify(one.backoff) === JSON.stringify(other.backoff)
  )
}

/** What is wrong with a back-off, in words; `undefined` when nothing is. */
export function backoffFault(backoff: RetryBackoff): string | undefined {
  const inRange = (ms: number): boolean => ms >= 1 && ms <= BACKOFF_MS_MAX
  switch (backoff.kind) {
    case 'default':
      return undefined
    case 'list':
      if (backoff.delaysMs.length >= 1 && backoff.delaysMs.length <= BACKOFF_DELAYS_MAX) {
        return backoff.delaysMs.every(inRange) ? undefined : 'a delay is between 1 ms and 30 days'
      }
      return `a back-off has 1 to ${BACKOFF_DELAYS_MAX} delays`
    case 'exponential':
      if (!inRange(backoff.initialMs) || !inRange(backoff.maxMs)) return 'a delay is between 1 ms and 30 days'
      if (backoff.initialMs > backoff.maxMs) return 'the first delay is at most the longest'
      if (backoff.multiplierThousandths >= 1000 && backoff.multiplierThousandths <= 100_000) return undefined
      return 'the multiplier is between 1 and 100'
    default:
      return unreachable(backoff)
  }
}

/** Writes order and back-off; the attempts stand where they always stood. */
export function writeOrder(into: Writer, { fifo, backoff }: GroupPolicy): void {
  into.uint8(fifo ? 1 : 0).uint8(BACKOFF_KINDS.indexOf(backoff.kind))
  if (backoff.kind === 'list') {
    into.uint32(backoff.delaysMs.length)
    for (const delay of backoff.delaysMs) into.uint64(delay)
  } else if (backoff.kind === 'exponential') {
    into.uint64(backoff.initialMs).uint64(backoff.maxMs).uint32(backoff.multiplierThousandths)
  }
}

/** Reads what `writeOrder` wrote. Throws `BytesError`. */
export function readOrder(from: Reader, attemptsMax: number): GroupPolicy {
  const fifo = from.uint8()
  if (fifo > 1) throw new BytesError('a flag is 0 or 1')
  const kind = BACKOFF_KINDS[from.uint8()]
  if (kind === undefined) throw new BytesError('a back-off is not known')
  return { attemptsMax, fifo: fifo === 1, backoff: readBackoff(from, kind) }
}

function readBackoff(from: Reader, kind: RetryBackoff['kind']): RetryBackoff {
  if (kind === 'default') return DEFAULT_BACKOFF
  if (kind === 'exponential') {
    return {
      kind,
      initialMs: from.uint64() as Millis,
      maxMs: from.uint64() as Millis,
      multiplierThousandths: from.uint32(),
    }
  }
  const count = from.uint32()
  if (count * 8 > from.left) throw new BytesError('a list is longer than its bytes')
  return { kind, delaysMs: Array.from({ length: count }, () => from.uint64() as Millis) }
}
