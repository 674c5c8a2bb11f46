/** Reads a ledger through whichever member answers, and goes on at the next one where the last broke off. */
import { BrokerError } from '../base/errors.ts'
import { openClient, type StreamingClient } from '../rpc/client.ts'
import type { LedgerCalls, LedgerEntry, ReadRequest } from '../rpc/ledger-types.ts'
import type { Draft } from '../rpc/draft.ts'

/** Every member in turn has failed so often without an entry in between: nobody is there. */
const ROUNDS_MAX = 20
const PAUSE_MS = 250

/** Opens a client for one address; a test gives its own. */
export type OpenLedgerClient = (address: string) => Pick<StreamingClient<LedgerCalls>, 'each' | 'close'>

export interface ReadEverywhereOptions {
  readonly addresses: readonly string[]
  readonly request: Draft<ReadRequest>
  readonly take: (entry: LedgerEntry) => void
  /** Hears that another member is asked. */
  readonly moved: (error: BrokerError) => void
  readonly pause: (ms: number) => Promise<void>
  readonly open?: OpenLedgerClient
}

/**
 * Hands out each entry once, in order. Resolves when the read is complete. Throws `BrokerError`: what a member
 * refuses, or what went wrong when no member can be reached.
 */
export async function readEverywhere(options: ReadEverywhereOptions): Promise<void> {
  const { addresses, take, moved, pause } = options
  const open =
    options.open ?? ((address) => openClient<LedgerCalls>({ service: 'dledger.v1.Ledger', address }))
  let request = options.request
  let failures = 0
  for (let at = 0; ; at++) {
    const client = open(addresses[at % addresses.length] ?? '')
    try {
      await client.each('Read', request, { timeoutMs: Number.POSITIVE_INFINITY }, ({ entries }) => {
        for (const entry of entries) {
          take(entry)
          request = { ...request, fromIndex: entry.index + 1, fromTimeMs: null }
          failures = 0
        }
      })
      return
    } catch (error) {
      if (!(error instanceof BrokerError) || !isAboutMember(error)) throw error
      if (++failures >= ROUNDS_MAX * addresses.length) throw error
      moved(error)
    } finally {
      client.close()
    }
    await pause(PAUSE_MS)
  }
}

function isAboutMember({ code }: BrokerError): boolean {
  return code === 'CLOSED' || code === 'NOT_LEADER' || code === 'NO_LEADER' || code === 'TIMEOUT'
}
