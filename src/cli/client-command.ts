/** `client list|show|stack|verify|reconnect` for the programs that are connected to a group. */
import type { Command } from 'commander'
import { BrokerError } from '../base/errors.ts'
import { FailoverClient } from '../client/failover-client.ts'
import type {
  ClientList,
  ClientsCalls,
  ConnectedClient,
  VerifyMessageResponse,
} from '../rpc/clients-types.ts'
import type { Draft } from '../rpc/draft.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { durationText } from './format.ts'
import { whole } from './produce-command.ts'
import { nearest } from './suggest.ts'
import { note, say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- client list                                       who is connected, and where
  npm run cli -- client list -g billing                            the consumers of a group
  npm run cli -- client show ID                                    everything about one
  npm run cli -- client stack ID                                   where its threads are
  npm run cli -- client verify ID -t orders -q 0 -o 17             have it try one message
  npm run cli -- client reconnect ID                               have it connect anew
`
const CALL_MS = 12_000
const CODE_OK = 20_000

interface ListOptions extends CommonOptions {
  readonly group?: string
  readonly topic?: string
}

interface VerifyOptions extends CommonOptions {
  readonly topic: string
  readonly queue: number
  readonly offset: number
}

type Call = <Name extends keyof ClientsCalls>(
  name: Name,
  request: Draft<ClientsCalls[Name]['request']>,
) => Promise<ClientsCalls[Name]['response']>

/** Adds the command with its verbs. */
export function addClientCommand(program: Command): void {
  const client = program.command('client').description('the producers and consumers that are connected')
  client.addHelpText('before', EXAMPLES)
  withCommonOptions(client.command('list'))
    .description('all clients with a stream, on any member')
    .option('-g, --group <GROUP>', 'only consumers of this group')
    .option('-t, --topic <TOPIC>', 'only those that publish or read this topic')
    .action(list)
  withCommonOptions(client.command('show <ID>')).description('one client').action(show)
  withCommonOptions(client.command('stack <ID>'))
    .description('where the threads of a client are, as its library tells it')
    .action(stack)
  withCommonOptions(client.command('verify <ID>'))
    .description('have a consumer try one message; nothing is acknowledged')
    .requiredOption('-t, --topic <TOPIC>', 'the topic of the message')
    .requiredOption('-q, --queue <N>', 'its queue', whole(0, 65_535))
    .requiredOption('-o, --offset <N>', 'its offset', whole(0, Number.MAX_SAFE_INTEGER))
    .action(verify)
  withCommonOptions(client.command('reconnect <ID>'))
    .description('tell a client to connect anew (Java and Node obey)')
    .action(reconnect)
}

async function withClients<T>(options: CommonOptions, use: (call: Call) => Promise<T>): Promise<T> {
  const client = new FailoverClient<ClientsCalls>(endpointsOf(options).addresses, 'dledger.v1.Clients')
  try {
    return await use((name, request) => client.call(name, request, { timeoutMs: CALL_MS }))
  } finally {
    client.close()
  }
}

async function list(options: ListOptions): Promise<void> {
  const { group = '', topic = '' } = options
  const found = await withClients(options, (call) => call('List', { group, topic }))
  if (options.json === true) return say(JSON.stringify(found))
  say(found.clients.length === 0 ? 'No client is connected.' : clientTable(found.clients))
  for (const warning of found.warnings) note(`Warning: ${warning}`)
  for (const member of found.unreachable)
    note(`Member ${member} did not answer: its clients are missing here.`)
}

function clientTable(clients: readonly ConnectedClient[]): string {
  return tableText(
    [
      { head: 'CLIENT', worth: 9, cell: (one) => one.clientId },
      { head: 'KIND', worth: 8, cell: (one) => one.kind },
      { head: 'GROUP', worth: 7, cell: (one) => one.group || '-' },
      { head: 'TOPICS', worth: 6, cell: (one) => topicsText(one) },
      { head: 'LANGUAGE', worth: 5, cell: (one) => `${one.language} ${one.version}`.trim() },
      { head: 'ADDRESS', worth: 4, cell: (one) => one.address },
      { head: 'MEMBER', worth: 3, right: true, cell: (one) => String(one.memberId) },
      { head: 'CONNECTED', worth: 2, right: true, cell: (one) => durationText(one.connectedMs) },
    ],
    clients,
    terminalWidth(),
  )
}

function topicsText({ topics, subscriptions }: ConnectedClient): string {
  const names = [...topics, ...subscriptions.map((one) => one.topic)].filter((name) => name !== '')
  return names.length === 0 ? '-' : names.join(', ')
}

async function show(clientId: string, options: CommonOptions): Promise<void> {
  const { clients }: ClientList = await withClients(options, (call) => call('List', {}))
  const found = clients.filter((one) => one.clientId === clientId)
  if (found.length === 0) {
    const ids = clients.map((one) => one.clientId)
    const meant = nearest(clientId, ids)
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
    throw new BrokerError('CLIENT_NOT_FOUND', `client "${clientId}" is not connected${hint}`)
  }
  say(options.json === true ? JSON.stringify({ clients: found }) : found.map(clientText).join('\n\n'))
}

/** What `show` shows of a client on one member. */
export function clientText(client: ConnectedClient): string {
  const { kind, group, language, version, address, hostname, memberId, topics, subscriptions } = client
  const lines = [
    `Client       ${client.clientId}`,
    `Kind         ${kind}`,
    `Library      ${language} ${version}`,
    `Address      ${address}${hostname === '' ? '' : ` (${hostname})`}`,
    `Member       ${memberId}`,
    `Connected    ${durationText(client.connectedMs)}, heard of ${durationText(client.silentMs)} ago`,
  ]
  if (group !== '') lines.push(`Group        ${group}`)
  for (const topic of topics) lines.push(`Publishes    ${topic}`)
  for (const { topic, expression } of subscriptions) lines.push(`Subscribes   ${topic} ${expression || '*'}`)
  return lines.join('\n')
}

async function stack(clientId: string, options: CommonOptions): Promise<void> {
  const { text } = await withClients(options, (call) => call('Stack', { clientId }))
  say(options.json === true ? JSON.stringify({ clientId, stack: text }) : text)
}

async function verify(clientId: string, options: VerifyOptions): Promise<void> {
  const { topic, queue, offset } = options
  const answer = await withClients(options, (call) =>
    call('Verify', { clientId, topic, queueId: queue, offset }),
  )
  say(options.json === true ? JSON.stringify({ clientId, ...answer }) : answerText(answer))
}

/** What `verify` says. */
export function answerText({ code, message }: VerifyMessageResponse): string {
  const told = message === '' ? '' : `: ${message}`
  return code === CODE_OK ? `The client consumed the message${told}.` : `The client answered ${code}${told}.`
}

async function reconnect(clientId: string, options: CommonOptions): Promise<void> {
  await withClients(options, (call) => call('Reconnect', { clientId }))
  say(options.json === true ? JSON.stringify({ told: clientId }) : `Told ${clientId} to connect anew.`)
}
