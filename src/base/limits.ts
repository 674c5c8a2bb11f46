/**
 * Every limit of the system in one place, and the rules that relate them. A queue whose producers are all
 * limited here cannot overflow.
 */
import { assert } from './assert.ts'

const KIB = 1024
const MIB = 1024 * KIB

// Messages (RocketMQ 5 proxy defaults)
export const MESSAGE_BODY_BYTES_MAX = 4 * MIB
export const MESSAGE_PROPERTIES_BYTES_MAX = 16 * KIB
export const MESSAGE_PROPERTIES_COUNT_MAX = 128
/** What a message may need beside body and properties: ids, times, trace context. */
export const MESSAGE_OVERHEAD_BYTES_MAX = 16 * KIB
export const BATCH_BYTES_MAX = 16 * MIB
export const BATCH_MESSAGES_MAX = 1024
/** Names of topics and groups (RocketMQ: TopicValidator). */
export const NAME_CHARACTERS = /^[%|a-zA-Z0-9_-]+$/
export const TOPIC_NAME_LENGTH_MAX = 127
export const GROUP_NAME_LENGTH_MAX = 120
export const MESSAGE_ID_BYTES_MAX = 256
export const CLIENT_ID_BYTES_MAX = 512

// Requests
/** One gRPC request: the largest batch and room for its frame. */
export const REQUEST_BYTES_MAX = BATCH_BYTES_MAX + 1 * MIB
export const RECEIVE_MESSAGES_MAX = 32
export const RECEIVE_BYTES_MAX = 8 * MIB
export const INVISIBLE_MS_MIN = 10_000
export const INVISIBLE_MS_MAX = 12 * 3600_000
export const POLLING_MS_MIN = 5_000
export const POLLING_MS_MAX = 20_000
export const RENEW_MS = 60_000
export const RENEW_BELOW_MS = 20_000
export const RENEW_TOTAL_MS_MAX = 3 * 3600_000
export const LEADER_GRACE_MS = 60_000
export const ANSWER_BEFORE_DEADLINE_MS = 500
export const REQUESTS_WAITING_MAX = 20_000
export const REQUEST_BYTES_WAITING_MAX = 256 * MIB
export const RECEIVERS_PARKED_MAX = 20_000

// Filters
/** Of one SQL filter: RocketMQ has no such limits; an expression that a person means is far below them. */
export const SQL_CHARACTERS_MAX = 16_384
export const SQL_DEPTH_MAX = 64
/** Values and properties, and the signs and NOTs before them. */
export const SQL_OPERANDS_MAX = 512
export const SQL_IN_TEXTS_MAX = 1_024
/** Compiled SQL filters that a member keeps. */
export const SQL_FILTERS_KEPT_MAX = 256

// Queries
/** Messages that one query looks at because a hash fits, or reads one after the other. */
export const INDEX_CANDIDATES_MAX = 10_000
/** As RocketMQ's maxNum of a query by key. */
export const QUERY_MESSAGES_MAX = 64
/** Bodies of the messages in one answer. */
export const QUERY_BYTES_MAX = 4 * MIB
/** What a trace reads of the log, and the events that it tells. */
export const TRACE_BYTES_MAX = 256 * MIB
export const TRACE_EVENTS_MAX = 1_000
/** Queries under way on a member. */
export const QUERIES_MAX = 64

// The log
/** One entry holds the commands of one turn; a single large command may stand alone in it. */
export const ENTRY_BYTES_MAX = REQUEST_BYTES_MAX + 1 * MIB
/** A turn stops gathering commands at this size. */
export const ENTRY_BYTES_TARGET = 1 * MIB
export const SEGMENT_BYTES = 256 * MIB
export const TAIL_CACHE_BYTES_MAX = 64 * MIB
export const WRITE_BYTES_MAX = 32 * MIB
export const UNCOMMITTED_BYTES_MAX = 128 * MIB
/** What is asked of a peer at once to repair the log; a larger record comes whole. */
export const REPAIR_BYTES_MAX = 1 * MIB
/** How long the scrub takes for the whole log: a week, as Ceph's deep scrub. */
export const SCRUB_PERIOD_MS = 7 * 24 * 3600_000
/** What the scrub reads at once; a larger record comes whole. */
export const SCRUB_CHUNK_BYTES = 256 * KIB
export const SCRUB_BYTES_PER_SECOND_MAX = 32 * MIB
/** How often a leader looks whether the retention floor may rise. */
export const RETENTION_CHECK_MS = 10_000
/** A command that moves messages up stops gathering at this size: clients' commands wait behind it. */
export const MOVED_BYTES_TARGET = 64 * KIB
/** As RocketMQ's fileReservedTime. */
export const RETENTION_HOURS_DEFAULT = 72
/** How much more of the log is kept for members that are behind. */
export const RETENTION_AWAY_BYTES = 1024 * MIB
/** At which rate a member that is too far behind fetches the state of the group. */
export const CATCH_UP_BYTES_PER_SECOND = 128 * MIB
/** Sends are refused when the disk has less than this left. */
export const DISK_RESERVE_BYTES = 512 * MIB

// Peers
export const PEER_FRAME_BYTES_MAX = ENTRY_BYTES_MAX + 2 * MIB
export const INFLIGHT_APPENDS_MAX = 64
export const INFLIGHT_APPEND_BYTES_MAX = 32 * MIB
export const APPEND_BYTES_MAX = 2 * MIB
export const APPEND_ENTRIES_MAX = 512

// The machine
export const TOPICS_MAX = 10_000
export const GROUPS_MAX = 10_000
export const QUEUES_PER_TOPIC_MAX = 64
export const QUEUES_PER_TOPIC_DEFAULT = 8
export const IN_FLIGHT_PER_GROUP_QUEUE_MAX = 20_000
/** The most deliveries that a group can ask for. */
export const ATTEMPTS_MAX = 10_000
export const DELIVERY_ATTEMPTS_DEFAULT = 17
export const DEDUPE_IDS_MAX = 1 << 20
export const DEDUPE_MS = 120_000
/** Answered requests that are known when a new leader proposes them again. */
export const REQUEST_WINDOW_MAX = 1 << 17
export const REQUEST_WINDOW_MS = 120_000
/** Open transactions and the bytes of their half messages, parked ones included: more are refused. */
export const OPEN_TRANSACTIONS_MAX = 100_000
export const OPEN_TRANSACTION_BYTES_MAX = 1024 * MIB
/** RocketMQ: transactionTimeOut, transactionCheckInterval, transactionCheckMax. */
export const TRANSACTION_CHECK_AFTER_MS = 6_000
export const TRANSACTION_CHECK_INTERVAL_MS = 30_000
export const TRANSACTION_CHECKS_MAX = 15
/** The longest time until the first check that a message may ask for. */
export const TRANSACTION_CHECK_AFTER_MS_MAX = 3600_000
/** A second end of a transaction is known so long in log time, and at most so many of them. */
export const ENDED_TRANSACTIONS_MS = 600_000
export const ENDED_TRANSACTIONS_MAX = 1 << 17
/** A commit makes a pointer to bytes at most so far back; a half message further back is moved up first. */
export const TRANSACTION_REACH_BYTES = 64 * MIB
export const DIGEST_EVERY_ENTRIES = 1024
export const QUEUE_PAGE_POINTERS = 128
export const POINTER_BYTES = 20
/**
 * Messages of a topic that may stand behind others of their message groups, for one group and for all together: 9
 * bytes of memory each. At the bound the delivery of new messages pauses.
 */
export const PARKED_PER_GROUP_TOPIC_MAX = 1 << 21
export const PARKED_MAX = 1 << 23
export const PARKED_PAGE_OFFSETS = 256
/** Message groups of a topic that one group has under way. At the bound no further one begins. */
export const LANES_PER_GROUP_TOPIC_MAX = 1 << 16
/** Pages of a queue that one command deletes at most. */
export const PAGES_DROPPED_MAX = 1024
/** Delayed messages that wait at a time: each takes some 6 bytes of memory. */
export const TIMERS_MAX = 1 << 23
/** RocketMQ proxy: maxDelayTimeMills. */
export const DELAY_MS_DEFAULT = 24 * 3600_000
/** The most that a configuration may allow. */
export const DELAY_MS_MAX = 40 * 24 * 3600_000

// Members of a group
/** Voters and learners together. */
export const MEMBERS_MAX = 9

// Ledgers
export const LEDGERS_MAX = 1_000
export const LEDGER_NAME_LENGTH_MAX = 127
export const LEDGER_ENTRY_BYTES_MAX = 4 * MIB
export const LEDGER_APPEND_ENTRIES_MAX = 8_192
export const LEDGER_KEY_BYTES_MAX = 256
/** The most that a ledger may keep. */
export const LEDGER_ENTRIES_MAX = 1 << 26
export const LEDGER_BYTES_MAX = 1024 * 1024 * MIB
/** What a ledger keeps when its maker does not say. */
export const LEDGER_BYTES_DEFAULT = 1024 * MIB
/** Reads under way on a member: each holds a response message at most. */
export const LEDGER_READS_MAX = 2_048
/** Idempotency keys are known so long in log time, and at most so many of them. */
export const LEDGER_KEYS_MS = 600_000
export const LEDGER_KEYS_MAX = 1 << 18
export const LEDGER_POINTER_BYTES = 24
/** A page of pointers is full at so many, or when the entries have so many bytes, or a part of what is kept. */
export const LEDGER_PAGE_POINTERS = 256
export const LEDGER_PAGE_BYTES = 1 * MIB
export const LEDGER_PAGES_PER_BYTES_MAX = 16
/** Pages of all ledgers together: about 200 bytes of memory each. */
export const LEDGER_PAGES_MAX = 1 << 19

assert(
  MESSAGE_BODY_BYTES_MAX + MESSAGE_PROPERTIES_BYTES_MAX + MESSAGE_OVERHEAD_BYTES_MAX < BATCH_BYTES_MAX,
  'the largest message fits a batch',
)
assert(REQUEST_BYTES_MAX < ENTRY_BYTES_MAX, 'the largest request fits an entry')
assert(ENTRY_BYTES_MAX < WRITE_BYTES_MAX, 'the largest entry fits one write')
assert(ENTRY_BYTES_MAX < SEGMENT_BYTES, 'the largest entry fits a segment')
assert(ENTRY_BYTES_MAX < PEER_FRAME_BYTES_MAX, 'the largest entry fits a peer frame')
assert(REPAIR_BYTES_MAX < PEER_FRAME_BYTES_MAX, 'a repair fits a peer frame')
assert(SCRUB_CHUNK_BYTES < SCRUB_BYTES_PER_SECOND_MAX, 'the scrub reads more than a chunk a second')
assert(INVISIBLE_MS_MIN < INVISIBLE_MS_MAX, 'invisible times have a range')
assert(RENEW_BELOW_MS < RENEW_MS, 'a renewed claim is not due at once')
assert(LEDGER_APPEND_ENTRIES_MAX < LEDGER_ENTRIES_MAX, 'the largest append fits a ledger')
assert(LEDGER_ENTRY_BYTES_MAX < BATCH_BYTES_MAX, 'the largest entry of a ledger fits a request')
assert(LEDGER_BYTES_DEFAULT <= LEDGER_BYTES_MAX, 'a ledger keeps by default what it may keep')
