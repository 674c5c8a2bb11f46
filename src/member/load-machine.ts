/** The machines of a member from its tables: the broker, and the ledgers as its part. */
import { assert } from '../base/assert.ts'
import type { Kv } from '../base/ports.ts'
import { BrokerMachine, MACHINE_ROWS_END, MACHINE_ROWS_START } from '../broker/machine/index.ts'
import { LedgerMachine } from '../ledger/machine/index.ts'

export interface LoadedMachine {
  readonly machine: BrokerMachine
  readonly ledgers: LedgerMachine
  /** What is wrong with the tables, in sentences. */
  readonly problems: readonly string[]
  readonly rowCount: number
}

export async function loadMachine(kv: Kv): Promise<LoadedMachine> {
  const parts: LedgerMachine[] = []
  const loader = BrokerMachine.loader({}, (rows) => {
    const made = new LedgerMachine(rows)
    parts.push(made)
    return made
  })
  let rowCount = 0
  for await (const rows of kv.scan(MACHINE_ROWS_START, MACHINE_ROWS_END)) {
    for (const [key, value] of rows) loader.add(key, value)
    rowCount += rows.length
  }
  const { machine, problems } = loader.finish()
  const [ledgers] = parts
  assert(ledgers !== undefined, 'a machine has its part')
  return { machine, ledgers, problems, rowCount }
}
