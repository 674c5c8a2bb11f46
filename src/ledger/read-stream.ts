/** Reading: entries from an index or a time on, in order, never beyond what is committed and applied here. */
import { BrokerError } from '../base/errors.ts'
import type { ReadRequest, ReadResponse } from '../rpc/ledger-types.ts'
import type { MessageCodec } from '../rpc/protos.ts'
import type { Flow } from '../rpc/service.ts'
import type { EntryReader } from './entry-reader.ts'
import { ledgerMissing } from './leader-part.ts'
import type { LedgersView, LedgerView } from './machine/view.ts'
import type { TailWatch } from './tail-watch.ts'

/** About the bytes of entries in one response message. */
const RESPONSE_BYTES = 512 * 1024

export interface ReadOptions {
  readonly view: LedgersView
  readonly reader: EntryReader
  readonly watch: TailWatch
  readonly codec: MessageCodec<ReadResponse>
}

/**
 * Sends what was asked for. Resolves when all of it was sent or nobody wants it any more. Throws LEDGER_NOT_FOUND
 * and INDEX_OUT_OF_RANGE, also when the ledger loses in the meantime what is to be read next.
 */
export async function readStream(options: ReadOptions, request: ReadRequest, flow: Flow): Promise<void> {
  const { view, reader, watch, codec } = options
  const { id, name, nextIndex } = view.ledger(request.ledger) ?? ledgerMissing(request.ledger)
  const last = lastOf(request, nextIndex - 1)
  let next: number = await startOf(options, request, id)
  while (!flow.over.aborted && next <= last) {
    const ledger = view.ledgerById(id) ?? ledgerMissing(name)
    if (next >= ledger.nextIndex) {
      await watch.next(id, flow.over)
      continue
    }
    requireHeld(ledger, next)
    const entries = await reader.entries(id, next, last, RESPONSE_BYTES)
    if (entries.length === 0) continue
    if (!(await flow.send(codec.encode({ entries })))) return
    next += entries.length
  }
}

/** The last index to send. */
function lastOf({ toIndex, follow }: ReadRequest, newest: number): number {
  const asked = toIndex ?? Number.MAX_SAFE_INTEGER - 1
  return follow ? asked : Math.min(asked, newest)
}

async function startOf(
  { view, reader }: ReadOptions,
  { fromIndex, fromTimeMs }: ReadRequest,
  id: number,
): Promise<number> {
  if (fromTimeMs !== undefined) return reader.indexAt(id, fromTimeMs)
  if (fromIndex === undefined || fromIndex === 0) return view.ledgerById(id)?.firstIndex ?? 1
  if (!Number.isSafeInteger(fromIndex)) throw new BrokerError('BAD_REQUEST', 'the index is beyond 2^53')
  const ledger = view.ledgerById(id)
  if (ledger !== undefined) requireHeld(ledger, fromIndex)
  return fromIndex
}

function requireHeld({ name, firstIndex }: LedgerView, index: number): void {
  if (index >= firstIndex) return
  throw new BrokerError(
    'INDEX_OUT_OF_RANGE',
    `entry ${index} of ledger "${name}" is gone; it begins at ${firstIndex}`,
  )
}
