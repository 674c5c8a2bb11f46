/** The machines of a member from its tables: the broker, and the ledgers as its part. */
import { assert } from '../base/assert.ts'
import type { LogIndex } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Kv, KvRows } from '../base/ports.ts'
import { BrokerMachine, MACHINE_ROWS_END, MACHINE_ROWS_START } from '../broker/machine/index.ts'
import { LedgerMachine } from '../ledger/machine/index.ts'

export interface LoadedMachine {
  readonly machine: BrokerMachine
  readonly ledgers: LedgerMachine
  /** What is wrong with the tables, in sentences. */
  readonly problems: readonly string[]
  readonly rowCount: number
}

export function loadMachine(kv: Kv): Promise<LoadedMachine> {
  return machineOf(kv.scan(MACHINE_ROWS_START, MACHINE_ROWS_END))
}

/** What a machine of these rows would be. Rejects with DATA_DAMAGED when they are none. */
export async function examineRows(
  rows: KvRows,
): Promise<{ readonly index: LogIndex; readonly digest: string }> {
  const { machine, problems } = await machineOf(rows)
  if (problems.length > 0) throw new BrokerError('DATA_DAMAGED', `The rows are damaged: ${problems[0] ?? ''}`)
  return machine.digests().applied
}

async function machineOf(chunks: KvRows): Promise<LoadedMachine> {
  const parts: LedgerMachine[] = []
  const loader = BrokerMachine.loader({}, (rows) => {
    const made = new LedgerMachine(rows)
    parts.push(made)
    return made
  })
  let rowCount = 0
  for await (const rows of chunks) {
    for (const [key, value] of rows) loader.add(key, value)
    rowCount += rows.length
  }
  const { machine, problems } = loader.finish()
  const [ledgers] = parts
  assert(ledgers !== undefined, 'a machine has its part')
  return { machine, ledgers, problems, rowCount }
}
