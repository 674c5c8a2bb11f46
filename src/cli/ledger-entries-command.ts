/** `ledger append|read|tail`. */
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { BrokerError } from '../base/errors.ts'
import { LEDGER_APPEND_ENTRIES_MAX } from '../base/limits.ts'
import { FailoverClient } from '../client/failover-client.ts'
import { readEverywhere } from '../client/ledger-reader.ts'
import type { Draft } from '../rpc/draft.ts'
import type { AppendResponse, LedgerCalls, LedgerEntry, ReadRequest } from '../rpc/ledger-types.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { whole } from './produce-command.ts'
import { dim, note, say } from './terminal.ts'

const CALL_MS = 15_000
/** Lines of standard input go out in appends of so many. */
const LINES_TOGETHER = Math.min(1_024, LEDGER_APPEND_ENTRIES_MAX)
const INDEX_MAX = Number.MAX_SAFE_INTEGER - 1

interface AppendOptions extends CommonOptions {
  readonly expect?: number
  readonly key?: string
}

interface ReadOptions extends CommonOptions {
  readonly from?: number
  readonly to?: number
  readonly since?: string
  readonly stale?: true
}

/** Adds the verbs to the command `ledger`. */
export function addEntriesCommands(ledger: Command): void {
  withCommonOptions(ledger.command('append <NAME> [ENTRY...]'))
    .description('append entries, all or none; without any, each line of standard input is one')
    .option('--expect <INDEX>', 'only if the ledger ends at this index', whole(0, INDEX_MAX))
    .option('--key <KEY>', 'a repeat with the same key stores nothing (default: one for this call)')
    .action(append)
  withCommonOptions(ledger.command('read <NAME>'))
    .description('show entries up to the end')
    .option('--from <INDEX>', 'the first', whole(1, INDEX_MAX))
    .option('--to <INDEX>', 'the last', whole(1, INDEX_MAX))
    .option('--since <TIME>', 'from the first that was appended at or after, such as 2026-01-31T12:00:00Z')
    .option('--stale', 'what the asked member knows, without asking the leader')
    .action((name: string, options: ReadOptions) => read(name, options, false))
  withCommonOptions(ledger.command('tail <NAME>'))
    .description('show entries as they come, until Ctrl-C')
    .option('--from <INDEX>', 'the first (default: the next to come)', whole(1, INDEX_MAX))
    .action((name: string, options: ReadOptions) => read(name, options, true))
}

async function append(name: string, texts: readonly string[], options: AppendOptions): Promise<void> {
  const client = new FailoverClient<LedgerCalls>(endpointsOf(options).addresses, 'dledger.v1.Ledger')
  // With a key the call may go to the next member whatever became of it at the last one.
  const send = (entries: readonly Buffer[], key: string): Promise<AppendResponse> => {
    const expected = options.expect === undefined ? {} : { expectedLastIndex: options.expect }
    const request = { ledger: name, entries, idempotencyKey: key, ...expected }
    return client.call('Append', request, { timeoutMs: CALL_MS })
  }
  try {
    if (texts.length > 0) {
      report(
        await send(
          texts.map((text) => Buffer.from(text)),
          options.key ?? randomUUID(),
        ),
        options,
      )
      return
    }
    if (options.expect !== undefined || options.key !== undefined) {
      throw new BrokerError('BAD_REQUEST', 'standard input is many appends: --expect and --key are for one')
    }
    for await (const lines of linesOfInput()) report(await send(lines, randomUUID()), options)
  } finally {
    client.close()
  }
}

async function* linesOfInput(): AsyncGenerator<readonly Buffer[]> {
  let lines: Buffer[] = []
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    lines.push(Buffer.from(line))
    if (lines.length < LINES_TOGETHER) continue
    yield lines
    lines = []
  }
  if (lines.length > 0) yield lines
}

function report(appended: AppendResponse, options: CommonOptions): void {
  const { firstIndex, lastIndex, repeated } = appended
  if (options.json === true) say(JSON.stringify(appended))
  else if (firstIndex === lastIndex) say(`${repeated ? 'Was there already' : 'Appended'} at ${firstIndex}.`)
  else say(`${repeated ? 'Were there already' : 'Appended'} at ${firstIndex} to ${lastIndex}.`)
}

async function read(name: string, options: ReadOptions, follow: boolean): Promise<void> {
  const { addresses } = endpointsOf(options)
  await readEverywhere({
    addresses,
    request: await requestOf(name, options, follow, addresses),
    take: (entry) => say(options.json === true ? jsonOf(entry) : textOf(entry)),
    moved: (error) => note(`${error.message}; asking the next member ...`),
    pause: (ms) => pause(ms),
  })
}

async function requestOf(
  name: string,
  options: ReadOptions,
  follow: boolean,
  addresses: readonly string[],
): Promise<Draft<ReadRequest>> {
  const { from, to, since, stale } = options
  const request = { ledger: name, follow, stale: stale === true, toIndex: to ?? null }
  if (since !== undefined) return { ...request, fromTimeMs: timeOf(since) }
  if (from !== undefined || !follow) return { ...request, fromIndex: from ?? null }
  const client = new FailoverClient<LedgerCalls>(addresses, 'dledger.v1.Ledger')
  try {
    const { lastIndex } = await client.call('Status', { ledger: name }, { timeoutMs: CALL_MS })
    return { ...request, fromIndex: lastIndex + 1 }
  } finally {
    client.close()
  }
}

function timeOf(text: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms))
    throw new BrokerError('BAD_REQUEST', `"${text}" is no time such as 2026-01-31T12:00:00Z`)
  return ms
}

function textOf({ index, appendedAtMs, body }: LedgerEntry): string {
  return `${dim(`${index} ${new Date(appendedAtMs).toISOString()}`)} ${Buffer.from(body).toString()}`
}

/** The body as text, or in base64 when it is none. */
function jsonOf({ index, appendedAtMs, body }: LedgerEntry): string {
  const bytes = Buffer.from(body)
  const text = bytes.toString()
  const isText = Buffer.from(text).equals(bytes)
  return JSON.stringify({
    index,
    appendedAtMs,
    ...(isText ? { body: text } : { bodyBase64: bytes.toString('base64') }),
  })
}
