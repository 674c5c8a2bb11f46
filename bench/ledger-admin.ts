/** Makes a ledger for a bench. */
import { openClient } from '../src/rpc/client.ts'
import { type LedgerCalls, WHEN_FULL } from '../src/rpc/ledger-types.ts'

const CALL_MS = 15_000

/** It keeps the newest gigabyte, so that no run ends at a limit. */
export async function createLedger(address: string, name: string): Promise<void> {
  const client = openClient<LedgerCalls>({ service: 'dledger.v1.Ledger', address })
  const retention = { entriesMax: 0, bytesMax: 0, ageMsMax: 0, whenFull: WHEN_FULL.DROP_OLDEST }
  try {
    await client.call('CreateLedger', { name, retention }, { timeoutMs: CALL_MS })
  } finally {
    client.close()
  }
}
