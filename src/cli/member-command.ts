/** `member list|add|remove|replace|transfer`. */
import { type Command, InvalidArgumentError } from 'commander'
import { splitEndpoint } from '../base/config.ts'
import { BrokerError } from '../base/errors.ts'
import { FailoverClient } from '../client/failover-client.ts'
import type { Draft } from '../rpc/draft.ts'
import type { ListedMember, MemberList, MembersCalls } from '../rpc/members-types.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { whole } from './produce-command.ts'
import { note, say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- member list
  npm run cli -- member replace 3 --new-id 4 --peer 10.0.0.4:40911 --client 10.0.0.4:8081
  npm run cli -- member add --id 4 --peer 10.0.0.4:40911 --client 10.0.0.4:8081
  npm run cli -- member remove 2
  npm run cli -- member transfer 1

To replace a member whose data folder is lost: start a new one with an empty folder, a new id and in its
configuration "join: CLUSTER" (member list shows the cluster id) instead of "bootstrap"; then member replace.
`
/** For each member that is tried: longer than a change may take until it is committed. */
const CALL_MS = 20_000
const LOOK_MS = 300
const WAIT_SECONDS = 600

type Call = <Name extends keyof MembersCalls>(
  name: Name,
  request: Draft<MembersCalls[Name]['request']>,
) => Promise<MembersCalls[Name]['response']>

interface NewOptions extends CommonOptions {
  readonly peer: string
  readonly client: string
  readonly wait: number
}

interface AddOptions extends NewOptions {
  readonly id?: number
  readonly learner?: true
}

interface ReplaceOptions extends NewOptions {
  readonly newId?: number
}

/** Adds the command with its verbs. */
export function addMemberCommand(program: Command): void {
  const member = program.command('member').description('who belongs to a group, and changes of that')
  const id = whole(1, 65_535)
  member.addHelpText('before', EXAMPLES)
  withCommonOptions(member.command('list')).description('the members of the group').action(list)
  withNew(member.command('add'))
    .description('make a running member with an empty folder one of the group')
    .option('--id <ID>', 'its id, the next one if not given', id)
    .option('--learner', 'it gets the log and serves, and never votes')
    .action(add)
  withNew(member.command('replace'))
    .argument('<ID>', 'the member that goes', id)
    .description('put a new member in the place of another one')
    .option('--new-id <ID>', 'the id of the new one, the next one if not given', id)
    .action(replace)
  withCommonOptions(member.command('remove'))
    .argument('<ID>', 'the member that goes', id)
    .description('let a member go, for good')
    .action(remove)
  withCommonOptions(member.command('transfer'))
    .argument('[ID]', 'who is to lead, whoever is ready if not given', id)
    .description('let another member lead')
    .action(transfer)
}

function withNew(command: Command): Command {
  return withCommonOptions(command)
    .requiredOption('--peer <HOST:PORT>', 'where the other members reach it', endpoint)
    .requiredOption('--client <HOST:PORT>', 'where clients reach it', endpoint)
    .option(
      '--wait <SECONDS>',
      'wait so long until it has caught up, 0: not at all',
      whole(0, 86_400),
      WAIT_SECONDS,
    )
}

function endpoint(text: string): string {
  if (splitEndpoint(text) !== undefined) return text
  throw new InvalidArgumentError('give an address as host:port.')
}

async function list(options: CommonOptions): Promise<void> {
  const found = await withMembers(options, (call) => call('List', {}))
  say(options.json === true ? JSON.stringify(found) : listText(found))
}

async function add(options: AddOptions): Promise<void> {
  const { peer, client, learner = false } = options
  await withMembers(options, async (call) => {
    const id = options.id ?? (await call('List', {})).nextId
    await call('Add', { id, peerEndpoint: peer, clientEndpoint: client, listens: learner })
    const wanted = (found: MemberList): boolean =>
      found.members.some((one) => one.id === id && one.role === 'voter')
    const isDone = learner || (await waited(call, id, options, wanted))
    tell({ id, done: isDone }, options, `Member ${id} ${learner ? 'listens' : 'votes'}.`)
  })
}

async function replace(oldId: number, options: ReplaceOptions): Promise<void> {
  const { peer, client } = options
  await withMembers(options, async (call) => {
    const id = options.newId ?? (await call('List', {})).nextId
    await call('Replace', { oldId, id, peerEndpoint: peer, clientEndpoint: client })
    const isDone = await waited(call, id, options, ({ members }) => {
      return (
        members.every((one) => one.id !== oldId) &&
        members.some((one) => one.id === id && one.role === 'voter')
      )
    })
    tell(
      { id, replaced: oldId, done: isDone },
      options,
      `Member ${id} votes in the place of member ${oldId}.`,
    )
  })
}

async function remove(id: number, options: CommonOptions): Promise<void> {
  await withMembers(options, (call) => call('Remove', { id }))
  tell({ removed: id }, options, `Member ${id} was removed. Stop it; its id is never given again.`)
}

async function transfer(to: number | undefined, options: CommonOptions): Promise<void> {
  await withMembers(options, async (call) => {
    await call('Transfer', { to: to ?? 0 })
    const { leaderId } = await newLeader(call, to)
    tell({ leaderId }, options, leaderId === 0 ? 'Nobody leads yet.' : `Member ${leaderId} leads.`)
  })
}

/** The list when somebody leads, `to` if that is given; the last one that was had after a few looks. */
async function newLeader(call: Call, to: number | undefined): Promise<MemberList> {
  for (let looks = 0; ; looks++) {
    const found = await call('List', {})
    const isThere = to === undefined ? found.leaderId !== 0 : found.leaderId === to
    if (isThere || looks >= 20) return found
    await pause()
  }
}

/** Waits until the group is as `wanted`, and says how far it is; false when that takes too long. */
async function waited(
  call: Call,
  id: number,
  options: NewOptions,
  wanted: (found: MemberList) => boolean,
): Promise<boolean> {
  const end = performance.now() + options.wait * 1_000
  let said = ''
  while (performance.now() < end) {
    const found = await listOrNothing(call)
    if (found !== undefined && wanted(found) && found.committed) return true
    const matched = found?.members.find((one) => one.id === id)?.matchIndex
    const text = matched === undefined ? '' : `Member ${id} has ${matched} of ${found?.lastIndex} entries.`
    if (text !== said && text !== '' && options.json !== true) note(text)
    said = text
    await pause()
  }
  return false
}

/** A look that fails while the leader changes says nothing. */
async function listOrNothing(call: Call): Promise<MemberList | undefined> {
  try {
    return await call('List', {})
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    return undefined
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}

function tell(answer: Readonly<Record<string, unknown>>, options: CommonOptions, text: string): void {
  if (options.json === true) say(JSON.stringify(answer))
  else if (answer['done'] === false) say('It goes on by itself: member list shows how far it is.')
  else say(text)
}

function listText(found: MemberList): string {
  const change = found.committed ? '' : ' A change is under way.'
  const head = `Group ${found.group} of cluster ${found.clusterId}, the next id is ${found.nextId}.${change}`
  const rows = tableText<ListedMember>(
    [
      { head: 'MEMBER', worth: 9, right: true, cell: ({ id }) => String(id) },
      { head: 'ROLE', worth: 8, cell: (member) => roleText(member, found.leaderId) },
      { head: 'PEERS', worth: 7, cell: ({ peerEndpoint }) => peerEndpoint },
      { head: 'CLIENTS', worth: 7, cell: ({ clientEndpoint }) => clientEndpoint },
      { head: 'HAS', worth: 6, right: true, cell: (member) => hasText(member, found) },
      {
        head: 'CONNECTED',
        worth: 5,
        cell: ({ connected, refusal }) => (refusal === '' ? yesNo(connected) : refusal),
      },
    ],
    found.members,
    terminalWidth(),
  )
  return `${head}\n\n${rows}`
}

function roleText({ id, role, joining, replaces }: ListedMember, leaderId: number): string {
  if (id === leaderId) return 'leader'
  if (!joining) return role
  return replaces === 0 ? 'learner, to vote' : `learner, to vote for ${replaces}`
}

function hasText({ id, matchIndex }: ListedMember, { leaderId, lastIndex }: MemberList): string {
  if (id === leaderId) return String(lastIndex)
  return matchIndex === undefined ? '-' : String(matchIndex)
}

function yesNo(flag: boolean): string {
  return flag ? 'yes' : 'no'
}

/** Runs `use` with the calls of dledger.v1.Members; the client is closed after it. */
async function withMembers<T>(options: CommonOptions, use: (call: Call) => Promise<T>): Promise<T> {
  const client = new FailoverClient<MembersCalls>(endpointsOf(options).addresses, 'dledger.v1.Members')
  try {
    return await use((name, request) => client.call(name, request, { timeoutMs: CALL_MS }))
  } finally {
    client.close()
  }
}
