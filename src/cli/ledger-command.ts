/** `ledger create|list|status|trim|delete`; appending and reading are in `ledger-entries-command.ts`. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { LEDGER_BYTES_MAX, LEDGER_ENTRIES_MAX } from '../base/limits.ts'
import { FailoverClient } from '../client/failover-client.ts'
import { type LedgerCalls, type LedgerStatus, WHEN_FULL } from '../rpc/ledger-types.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { addEntriesCommands } from './ledger-entries-command.ts'
import { whole } from './produce-command.ts'
import { say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- ledger create events                          keeps up to 1 GiB, then refuses
  npm run cli -- ledger create audit --bytes 10GiB --age 30d   entries go after 30 days
  npm run cli -- ledger create recent --entries 1000 --drop-oldest
  npm run cli -- ledger append events "first" "second"
  npm run cli -- ledger read events --from 1
  npm run cli -- ledger tail events
`
/** For each member that is tried. Longer than an election. */
const CALL_MS = 15_000
const BYTE_UNITS = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const
const AGE_UNITS = { s: 1_000, m: 60_000, h: 3600_000, d: 86_400_000 } as const

interface CreateOptions extends CommonOptions {
  readonly entries: number
  readonly bytes: number
  readonly age: number
  readonly dropOldest?: true
}

/** Adds the command with its verbs. */
export function addLedgerCommand(program: Command): void {
  const ledger = program.command('ledger').description('replicated logs for any program')
  ledger.addHelpText('before', EXAMPLES)
  withCommonOptions(ledger.command('create <NAME>'))
    .description('make a ledger')
    .option('--entries <N>', 'keep at most so many', whole(1, LEDGER_ENTRIES_MAX), 0)
    .addOption(
      new Option('--bytes <SIZE>', 'keep at most so much, such as 10GiB').argParser(bytes).default(0),
    )
    .addOption(new Option('--age <TIME>', 'keep them so long, such as 12h or 30d').argParser(age).default(0))
    .option('--drop-oldest', 'when it is full the oldest entries go; otherwise appends are refused')
    .action(create)
  addEntriesCommands(ledger)
  withCommonOptions(ledger.command('list')).description('all ledgers').action(list)
  withCommonOptions(ledger.command('status <NAME>')).description('one ledger').action(status)
  withCommonOptions(ledger.command('trim <NAME>'))
    .argument('<INDEX>', 'the first that stays', whole(1, Number.MAX_SAFE_INTEGER))
    .description('let the entries before an index go')
    .action(trim)
  withCommonOptions(ledger.command('delete <NAME>')).description('delete a ledger').action(remove)
}

/** Runs `use` with a client, which is closed after it. */
export async function withLedgers<T>(
  options: CommonOptions,
  use: (call: FailoverClient<LedgerCalls>) => Promise<T>,
): Promise<T> {
  const client = new FailoverClient<LedgerCalls>(endpointsOf(options).addresses, 'dledger.v1.Ledger')
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

function bytes(text: string): number {
  const [, amount, unit] = /^(\d+)(KiB|MiB|GiB|TiB|)$/.exec(text) ?? []
  const size = Number(amount) * BYTE_UNITS[(unit ?? '') as keyof typeof BYTE_UNITS]
  if (amount !== undefined && size >= 1 && size <= LEDGER_BYTES_MAX) return size
  throw new InvalidArgumentError('give a size from 1 to 1TiB, such as 512MiB.')
}

function age(text: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? []
  const ms = Number(amount) * AGE_UNITS[unit as keyof typeof AGE_UNITS]
  if (amount !== undefined && ms >= 1 && Number.isSafeInteger(ms)) return ms
  throw new InvalidArgumentError('give a time such as 90s, 30m, 12h or 30d.')
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const whenFull = options.dropOldest === true ? WHEN_FULL.DROP_OLDEST : WHEN_FULL.REFUSE
  const retention = { entriesMax: options.entries, bytesMax: options.bytes, ageMsMax: options.age, whenFull }
  const made = await withLedgers(options, async (client) => {
    await client.call('CreateLedger', { name, retention }, { timeoutMs: CALL_MS })
    return client.call('Status', { ledger: name }, { timeoutMs: CALL_MS })
  })
  if (options.json === true) say(JSON.stringify(made))
  else say(`Made ledger ${name}: it keeps ${retentionText(made)}.`)
}

function retentionText({ retention }: LedgerStatus): string {
  const parts = [`up to ${retention.entriesMax} entries`, sizeText(retention.bytesMax)]
  if (retention.ageMsMax > 0) parts.push(`${retention.ageMsMax / 1_000} s`)
  const full = retention.whenFull === WHEN_FULL.DROP_OLDEST ? 'then drops the oldest' : 'then refuses'
  return `${parts.join(', ')}, ${full}`
}

function sizeText(size: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    if (size >= BYTE_UNITS[unit] && size % BYTE_UNITS[unit] === 0) return `${size / BYTE_UNITS[unit]} ${unit}`
  }
  return `${size} bytes`
}

async function list(options: CommonOptions): Promise<void> {
  const { ledgers } = await withLedgers(options, (client) =>
    client.call('ListLedgers', {}, { timeoutMs: CALL_MS }),
  )
  if (options.json === true) say(JSON.stringify({ ledgers }))
  else if (ledgers.length === 0) say('There is no ledger yet. To make one: npm run cli -- ledger create NAME')
  else say(ledgerTable([...ledgers].sort((a, b) => (a.name < b.name ? -1 : 1))))
}

function ledgerTable(ledgers: readonly LedgerStatus[]): string {
  return tableText(
    [
      { head: 'LEDGER', worth: 9, cell: (ledger) => ledger.name },
      { head: 'FIRST', worth: 7, right: true, cell: (ledger) => String(ledger.firstIndex) },
      { head: 'LAST', worth: 8, right: true, cell: (ledger) => String(ledger.lastIndex) },
      { head: 'ENTRIES', worth: 6, right: true, cell: (ledger) => String(ledger.entries) },
      { head: 'BYTES', worth: 5, right: true, cell: (ledger) => String(ledger.bytes) },
      { head: 'KEEPS', worth: 2, cell: retentionText },
    ],
    ledgers,
    terminalWidth(),
  )
}

async function status(name: string, options: CommonOptions): Promise<void> {
  const ledger = await withLedgers(options, (client) =>
    client.call('Status', { ledger: name }, { timeoutMs: CALL_MS }),
  )
  if (options.json === true) {
    say(JSON.stringify(ledger))
    return
  }
  const { firstIndex, lastIndex, entries, bytes: size, leaderId, term } = ledger
  const range = entries === 0 ? `none, the next is ${lastIndex + 1}` : `${firstIndex} to ${lastIndex}`
  say(`Ledger ${name}: ${entries} entries (${range}), ${size} bytes.`)
  say(`It keeps ${retentionText(ledger)}. Member ${leaderId} leads in term ${term}.`)
}

async function trim(name: string, firstIndex: number, options: CommonOptions): Promise<void> {
  const trimmed = await withLedgers(options, (client) =>
    client.call('Trim', { ledger: name, firstIndex }, { timeoutMs: CALL_MS }),
  )
  say(options.json === true ? JSON.stringify(trimmed) : `Ledger ${name} begins at ${trimmed.firstIndex}.`)
}

async function remove(name: string, options: CommonOptions): Promise<void> {
  await withLedgers(options, (client) => client.call('DeleteLedger', { name }, { timeoutMs: CALL_MS }))
  say(options.json === true ? JSON.stringify({ deleted: name }) : `Deleted ledger ${name}.`)
}
