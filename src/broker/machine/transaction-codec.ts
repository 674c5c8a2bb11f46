/**
 * Commands of transactions as bytes (all numbers big-endian; a list has a u32 count before it):
 *
 *  34 endTransaction    u64 transaction, u32 topic id, u8 resolution (1 commit, 2 rollback)
 *  35 checkTransactions list of: u64 transaction, u32 checks before, u8 what (0 parked, 1 checked), u64 next time
 *  36 moveTransactions  list of: u64 transaction, u64 old position, u32 size; then the stored messages
 */
import type { LogPosition, Millis } from '../../base/brand.ts'
import { BytesError, type Reader, type Writer } from '../../base/bytes.ts'
import { readStoredHeader } from './stored-message.ts'
import type {
  CheckTransactions,
  EndTransaction,
  MovedHalf,
  MoveTransactions,
  Resolution,
  TransactionCheck,
} from './transaction-commands.ts'

/** Before the stored messages of a `moveTransactions`: their count, and for each of them this. */
export const MOVED_HALF_BYTES = 20
const CHECK_BYTES = 21

/** The resolutions by their numbers. */
const RESOLUTIONS: readonly (Resolution | undefined)[] = [undefined, 'commit', 'rollback']

export function resolutionNumber(resolution: Resolution): number {
  return RESOLUTIONS.indexOf(resolution)
}

/** The resolution of a number; `undefined` for a number that is none. */
export function resolutionOf(number: number): Resolution | undefined {
  return RESOLUTIONS[number]
}

export function writeEndTransaction(into: Writer, command: EndTransaction): void {
  into.uint64(command.transaction).uint32(command.topicId).uint8(resolutionNumber(command.resolution))
}

export function readEndTransaction(body: Reader): EndTransaction {
  const transaction = body.uint64() as LogPosition
  const topicId = body.uint32()
  const resolution = resolutionOf(body.uint8())
  if (resolution === undefined) throw new BytesError('a transaction is committed or rolled back')
  return { type: 'endTransaction', transaction, topicId, resolution }
}

export function writeCheckTransactions(into: Writer, { items }: CheckTransactions): void {
  into.uint32(items.length)
  for (const { transaction, checks, nextAt } of items) {
    into
      .uint64(transaction)
      .uint32(checks)
      .uint8(nextAt === null ? 0 : 1)
      .uint64(nextAt ?? 0)
  }
}

export function readCheckTransactions(body: Reader): CheckTransactions {
  return { type: 'checkTransactions', items: readMany(body, CHECK_BYTES, readCheck) }
}

function readCheck(body: Reader): TransactionCheck {
  const transaction = body.uint64() as LogPosition
  const checks = body.uint32()
  const what = body.uint8()
  const nextAt = body.uint64() as Millis
  if (what > 1) throw new BytesError('a flag is 0 or 1')
  return { transaction, checks, nextAt: what === 1 ? nextAt : null }
}

/** What stands before the stored messages of a `moveTransactions`. */
export function writeMovedHalves(into: Writer, items: readonly MovedHalf[]): void {
  into.uint32(items.length)
  for (const { transaction, position, stored } of items) {
    into.uint64(transaction).uint64(position).uint32(stored.byteLength)
  }
}

export function readMoveTransactions(body: Reader): MoveTransactions {
  const heads = readMany(body, MOVED_HALF_BYTES, (item) => ({
    transaction: item.uint64() as LogPosition,
    position: item.uint64() as LogPosition,
    size: item.uint32(),
  }))
  const items = heads.map(({ size, ...head }) => {
    const stored = body.take(size)
    const header = readStoredHeader(stored)
    if (header === undefined || header.headerBytes + header.rawLength !== size) {
      throw new BytesError('what is moved up is no message')
    }
    return { ...head, stored }
  })
  return { type: 'moveTransactions', items }
}

/** Checks the count against the bytes that are left before anything is made. */
function readMany<T>(body: Reader, itemBytes: number, read: (body: Reader) => T): T[] {
  const count = body.uint32()
  if (count * itemBytes > body.left) throw new BytesError('a list is longer than its bytes')
  return Array.from({ length: count }, () => read(body))
}
