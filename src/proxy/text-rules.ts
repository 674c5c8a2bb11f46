/**
 * Rules over the bytes of a text, for the hot path: what RocketMQ's `GrpcValidator` asks of tags, keys,
 * properties and ids. The bytes are UTF-8, which was checked before.
 *
 * Pure.
 */
import { utf8Text } from '../base/bytes.ts'

const SPACE = 0x20
const DELETE = 0x7f
const PIPE = 0x7c

/** Keys that the broker uses itself (RocketMQ `MessageConst.STRING_HASH_SET`). */
const RESERVED_KEYS: ReadonlySet<string> = new Set(
  (
    'TRACE_ON MSG_REGION KEYS TAGS WAIT DELAY RETRY_TOPIC REAL_TOPIC REAL_QID TRAN_MSG PGROUP MIN_OFFSET ' +
    'MAX_OFFSET BUYER_ID ORIGIN_MESSAGE_ID TRANSFER_FLAG CORRECTION_FLAG MQ2_FLAG RECONSUME_TIME UNIQ_KEY ' +
    'MAX_RECONSUME_TIMES CONSUME_START_TIME POP_CK POP_CK_OFFSET 1ST_POP_TIME TRAN_PREPARED_QUEUE_OFFSET ' +
    'DUP_INFO EXTEND_UNIQ_INFO INSTANCE_ID CORRELATION_ID REPLY_TO_CLIENT TTL ARRIVE_TIME PUSH_REPLY_TIME ' +
    'CLUSTER MSG_TYPE INNER_MULTI_QUEUE_OFFSET TIMER_DELAY_MS TIMER_DELAY_SEC TIMER_DELIVER_MS ' +
    'TIMER_ENQUEUE_MS TIMER_DEQUEUE_MS TIMER_ROLL_TIMES TIMER_OUT_MS TIMER_DEL_UNIQKEY TIMER_DELAY_LEVEL ' +
    '__BORNHOST BORN_TIMESTAMP DLQ_ORIGIN_TOPIC DLQ_ORIGIN_MESSAGE_ID __CRC32# _SYS_MSG_PRIORITY_ ' +
    '__LITE_TOPIC'
  ).split(' '),
)

/** An ISO control character: U+0000 to U+001F and U+007F to U+009F. */
export function hasControl(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number
    if (byte < SPACE || byte === DELETE) return true
    if (byte === 0xc2 && (bytes[at + 1] as number) < 0xa0) return true
  }
  return false
}

/** Whether the text holds the sign that separates tags in a filter. */
export function hasPipe(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] === PIPE) return true
  return false
}

/** Nothing but white space, or nothing at all. */
export function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start] as number
  if (end > start && first > SPACE && first < DELETE) return false
  return utf8Text(bytes.subarray(start, end)).trim() === ''
}

/** A key of user properties that clients may not set. */
export function isReservedKey(bytes: Uint8Array, start: number, end: number): boolean {
  // Most keys of users start with a small letter and no reserved one does.
  if ((bytes[start] as number) > 0x60) return false
  return RESERVED_KEYS.has(utf8Text(bytes.subarray(start, end)))
}
