/**
 * The keys of the machine's rows and the versions of their values. All numbers are big-endian, so that rows
 * of one queue stand together in the order of their offsets.
 *
 *   u8 0x6d, u8 table, then
 *     1 meta       nothing
 *     2 topic      u32 topic id
 *     3 group      u32 group id
 *     4 queue      u32 queue number
 *     5 page       u32 queue number, u64 page number    128 pointers of a consume queue
 *     6 consumer   u32 group id, u32 queue number       a group's cursor in a queue
 *     7 claim      u32 group id, u32 queue number, u64 offset
 *     8 dedupe     u64 page number                      128 remembered messages
 *     9 request    u64 page number                      128 remembered requests
 *    10 moved      u32 queue number, u64 offset         a message that was moved above the floor
 *    11 parked     u32 group id, u32 topic id, u64 lane, u64 page number    messages that wait for their turn
 *    14 timer      u64 due time, u64 timer id          a message that waits for its time
 *    15 timer ends nothing                            the number of the next timer
 *    21 pull       u32 group id, u32 queue number       an offset that a group keeps itself
 *    18 transaction  u64 transaction                    an open transaction
 *    19 ended      u64 page number                      128 remembered ends of transactions
 *    20 ended ends  nothing                             where the ring of ends begins and ends
 *
 * Every value starts with a u8 version.
 */
import { BytesError, type Reader, Writer } from '../../base/bytes.ts'
import { UnknownVersionError } from '../../base/state-machine.ts'

const FIRST_BYTE = 0x6d

/** All rows of the machine have keys with `MACHINE_ROWS_START <= key < MACHINE_ROWS_END`. */
export const MACHINE_ROWS_START = Uint8Array.of(FIRST_BYTE)
/** The first key after the machine's rows. */
export const MACHINE_ROWS_END = Uint8Array.of(FIRST_BYTE + 1)

export const TABLE_META = 1
export const TABLE_TOPIC = 2
export const TABLE_GROUP = 3
export const TABLE_QUEUE = 4
export const TABLE_PAGE = 5
export const TABLE_CONSUMER = 6
export const TABLE_CLAIM = 7
export const TABLE_DEDUPE = 8
export const TABLE_REQUEST = 9
export const TABLE_MOVED = 10
export const TABLE_PARKED = 11
export const TABLE_TIMER = 14
export const TABLE_TIMER_ENDS = 15
export const TABLE_TRANSACTION = 18
export const TABLE_ENDED_TRANSACTION = 19
export const TABLE_ENDED_ENDS = 20
export const TABLE_PULL_OFFSET = 21

/** The first version of every row's value. */
export const ROW_VERSION = 1

/** Starts the key of a row. */
export function startKey(into: Writer, table: number): Writer {
  return into.uint8(FIRST_BYTE).uint8(table)
}

/** Reads the start of a key and returns the table. Throws `BytesError` for a key that is not ours. */
export function readTable(key: Reader): number {
  if (key.uint8() !== FIRST_BYTE) throw new BytesError('the key is not of the machine')
  return key.uint8()
}

/** The version of a meta row that holds the floor. */
export const META_FLOOR_VERSION = 2
/** The version of a topic row that holds permission and retention. */
export const TOPIC_RULES_VERSION = 2
/** The version of a group row that holds order and back-off. */
export const GROUP_POLICY_VERSION = 2
/** The version of a page that holds a FIFO message. */
export const PAGE_ORDER_VERSION = 2
/** The version of a claim row of a fifo group, which knows its place in the order. */
export const CLAIM_LANE_VERSION = 2

/** The version of a consumer row that was reset or has missed messages. */
export const CONSUMER_HISTORY_VERSION = 2

/** The newest version of the rows that have more than one. */
const NEWEST_VERSIONS: Readonly<Record<number, number>> = {
  [TABLE_META]: META_FLOOR_VERSION,
  [TABLE_TOPIC]: TOPIC_RULES_VERSION,
  [TABLE_GROUP]: GROUP_POLICY_VERSION,
  [TABLE_PAGE]: PAGE_ORDER_VERSION,
  [TABLE_CLAIM]: CLAIM_LANE_VERSION,
  [TABLE_CONSUMER]: CONSUMER_HISTORY_VERSION,
}

/** Reads the version of a value. Throws `UnknownVersionError` for one that is not known. */
export function readRowVersion(value: Reader, table: number): void {
  const version = value.uint8()
  const newest = NEWEST_VERSIONS[table] ?? ROW_VERSION
  if (version < ROW_VERSION || version > newest) {
    throw new UnknownVersionError(
      `a row of table ${table} has version ${version}, this program knows ${newest}`,
    )
  }
}

/** The key of a consume queue page. */
export function pageRowKey(queue: number, page: number): Uint8Array {
  return startKey(new Writer(14), TABLE_PAGE).uint32(queue).uint64(page).done()
}
