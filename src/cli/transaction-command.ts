/** `transaction list|show|commit|rollback` for transactions that nobody has ended. */
import type { Command } from 'commander'
import { FailoverClient } from '../client/failover-client.ts'
import type { Draft } from '../rpc/draft.ts'
import type {
  OpenTransaction,
  TransactionDetail,
  TransactionList,
  TransactionsCalls,
} from '../rpc/transactions-types.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { bytesText, durationText } from './format.ts'
import { whole } from './produce-command.ts'
import { note, say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- transaction list                      what is open, the oldest first
  npm run cli -- transaction list --parked             what no producer has decided
  npm run cli -- transaction show ID                   with its message
  npm run cli -- transaction commit ID                 the message becomes visible
  npm run cli -- transaction rollback ID               the message is gone
`
const CALL_MS = 12_000

interface ListOptions extends CommonOptions {
  readonly topic?: string
  readonly parked?: true
  readonly limit: number
  readonly after?: string
}

type Call = <Name extends keyof TransactionsCalls>(
  name: Name,
  request: Draft<TransactionsCalls[Name]['request']>,
) => Promise<TransactionsCalls[Name]['response']>

/** Adds the command with its verbs. */
export function addTransactionCommand(program: Command): void {
  const transaction = program
    .command('transaction')
    .description('transactions that were not ended, and an end in the place of their producers')
  transaction.addHelpText('before', EXAMPLES)
  withCommonOptions(transaction.command('list'))
    .description('open transactions, the oldest first')
    .option('-t, --topic <TOPIC>', 'only of this topic')
    .option('--parked', 'only those that were checked as often as they may be')
    .option('-n, --limit <N>', 'at most so many', whole(1, 1_000), 100)
    .option('--after <ID>', 'only younger ones than this one')
    .action(list)
  withCommonOptions(transaction.command('show <ID>'))
    .description('one transaction with its message')
    .action(show)
  withCommonOptions(transaction.command('commit <ID>'))
    .description('make the message visible, in the place of its producer')
    .action((id: string, options: CommonOptions) => end(id, true, options))
  withCommonOptions(transaction.command('rollback <ID>'))
    .description('throw the message away, in the place of its producer')
    .action((id: string, options: CommonOptions) => end(id, false, options))
}

async function withTransactions<T>(options: CommonOptions, use: (call: Call) => Promise<T>): Promise<T> {
  const { addresses } = endpointsOf(options)
  const client = new FailoverClient<TransactionsCalls>(addresses, 'dledger.v1.Transactions')
  try {
    return await use((name, request) => client.call(name, request, { timeoutMs: CALL_MS }))
  } finally {
    client.close()
  }
}

async function list(options: ListOptions): Promise<void> {
  const { topic = '', parked = false, limit, after = '' } = options
  const found = await withTransactions(options, (call) =>
    call('List', { topic, parkedOnly: parked, limit, after }),
  )
  if (options.json === true) return say(JSON.stringify(found))
  say(listText(found, Date.now()))
  const last = found.transactions.at(-1)
  if (found.more && last !== undefined) note(`There are more: --after ${last.transactionId}`)
}

/** What `list` shows at a time, in milliseconds since 1970. */
export function listText({ transactions, open, parked }: TransactionList, nowMs: number): string {
  const head = `${open} open transactions, ${parked} of them parked.`
  if (transactions.length === 0) return head
  const age = (ms: number): string => durationText(Math.max(0, nowMs - ms))
  const state = (one: OpenTransaction): string =>
    one.parked ? `parked for ${age(one.dueMs)}` : `check in ${durationText(Math.max(0, one.dueMs - nowMs))}`
  const rows = tableText(
    [
      { head: 'TRANSACTION', worth: 9, cell: (one) => one.transactionId },
      { head: 'TOPIC', worth: 8, cell: (one) => one.topic },
      { head: 'STATE', worth: 7, cell: state },
      { head: 'CHECKS', worth: 6, right: true, cell: (one) => String(one.checks) },
      { head: 'OPEN FOR', worth: 5, right: true, cell: (one) => age(one.openedMs) },
      { head: 'SIZE', worth: 1, right: true, cell: (one) => bytesText(one.size) },
    ],
    transactions,
    terminalWidth(),
  )
  return `${head}\n\n${rows}`
}

async function show(transactionId: string, options: CommonOptions): Promise<void> {
  const detail = await withTransactions(options, (call) => call('Show', { transactionId }))
  if (options.json === true) {
    say(JSON.stringify({ ...detail, body: Buffer.from(detail.body).toString('base64') }))
  } else {
    say(detailText(detail))
  }
}

/** What `show` shows. */
export function detailText(detail: TransactionDetail): string {
  const { transaction, messageId, tag, keys, properties, body, bodyEncoding } = detail
  const time = (ms: number | undefined): string => new Date(ms ?? 0).toISOString()
  const parked = transaction?.parked === true
  const lines = [
    `Transaction  ${transaction?.transactionId ?? ''}`,
    `Topic        ${transaction?.topic ?? ''}`,
    `Message      ${messageId}`,
    `Open since   ${time(transaction?.openedMs)}`,
    `Checks       ${transaction?.checks ?? 0}`,
    `${parked ? 'Parked since' : 'Next check  '} ${time(transaction?.dueMs)}`,
  ]
  if (tag !== '') lines.push(`Tag          ${tag}`)
  if (keys.length > 0) lines.push(`Keys         ${keys.join(' ')}`)
  for (const [name, value] of Object.entries(properties)) lines.push(`Property     ${name} = ${value}`)
  const isText = bodyEncoding !== 'GZIP'
  lines.push(`Body         ${bytesText(body.byteLength)}${isText ? '' : ', compressed by its producer'}`)
  if (isText) lines.push('', Buffer.from(body).toString())
  return lines.join('\n')
}

async function end(transactionId: string, commit: boolean, options: CommonOptions): Promise<void> {
  await withTransactions(options, (call) => call('End', { transactionId, commit }))
  const ended = commit ? 'committed' : 'rolledBack'
  const text = commit ? 'Committed' : 'Rolled back'
  say(options.json === true ? JSON.stringify({ [ended]: transactionId }) : `${text} ${transactionId}.`)
}
