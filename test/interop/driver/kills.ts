/** A member is killed with -9 in the middle of steady traffic, and started again. */
import { join } from 'node:path'
import type { Member } from '../../integration/group.ts'
import { Agent } from './agent.ts'
import { pause, Setting } from './case.ts'
import type { Language, LanguageName } from './languages.ts'
import type { Kill } from './options.ts'
import type { Run } from './run.ts'
import { Steady } from './steady.ts'

const DOWN_MS = 3_000
/** In CI the connected node is killed for these only. */
const NODE_KILLED_OF_CI: readonly LanguageName[] = ['node', 'go']

interface Client {
  readonly language: Language
  readonly agent: Agent
  readonly setting: Setting
  steady?: Steady
}

/** The leader once, under the traffic of all languages; then for each language the node that it is connected to. */
export async function runKills(run: Run): Promise<void> {
  const { options, programs } = run
  const languages = [...programs.keys()]
  if (options.cases.includes('leader-killed')) await leaderKilled(run, languages)
  if (!options.cases.includes('node-killed')) return
  for (const language of languages) {
    if (options.ci && !NODE_KILLED_OF_CI.includes(language.name)) continue
    await nodeKilled(run, language)
  }
}

/** Every client is connected to one node that stays; the leader is another one. */
async function leaderKilled(run: Run, languages: readonly Language[]): Promise<void> {
  const { cluster, options } = run
  const leader = await cluster.group.healthy()
  const node = cluster.group.others(leader)[0] as Member
  const clients = languages.map((language) => client(run, language, 'leader-killed', node.endpoint, []))
  const started = performance.now()
  const faults = new Map<Client, string>()
  const each = (work: (one: Client) => Promise<void>): Promise<unknown> =>
    Promise.all(
      clients
        .filter((one) => !faults.has(one))
        .map((one) => work(one).catch((error: Error) => faults.set(one, error.message))),
    )
  await each(async (one) => {
    one.steady = await Steady.start(one.setting)
  })
  const traffic = each((one) => one.steady?.traffic(options.seconds, options.rate) ?? Promise.resolve())
  await pause((options.seconds * 1_000) / 3)
  await killAndStart(await cluster.group.leader())
  await traffic
  await each((one) => one.steady?.judge(0) ?? Promise.resolve())
  for (const one of clients) await finish(run, one, 'leader-killed', faults.get(one) ?? '', started)
}

async function nodeKilled(run: Run, language: Language): Promise<void> {
  const { cluster, options } = run
  const leader = await cluster.group.healthy()
  const started = performance.now()
  let one: Client | undefined
  let fault = ''
  try {
    const { endpoints, before } = cluster.all(language, cluster.group.others(leader)[0] as Member)
    one = client(run, language, 'node-killed', endpoints, before)
    const steady = await Steady.start(one.setting)
    const traffic = steady.traffic(options.seconds, options.rate)
    await pause((options.seconds * 1_000) / 3)
    const counts = [...one.agent.connections(cluster.port)].sort(([, a], [, b]) => b - a)
    const member = cluster.memberAt(counts[0]?.[0] ?? '')
    if (member === undefined) throw new Error(`its connections were not found (${JSON.stringify(counts)})`)
    one.setting.note(`killed node ${member.id}${member === leader ? ', the leader' : ''}`)
    const killedAt = Date.now()
    await killAndStart(member)
    await traffic
    await steady.judge(killedAt)
  } catch (error) {
    fault = (error as Error).message
  }
  if (one === undefined) {
    const result = { language: language.name, name: 'node-killed', outcome: 'failed', text: fault } as const
    run.results.add({ ...result, seconds: 0 })
  } else await finish(run, one, 'node-killed', fault, started)
}

async function killAndStart(member: Member): Promise<void> {
  await member.signal('SIGKILL')
  await pause(DOWN_MS)
  member.start()
}

function client(
  run: Run,
  language: Language,
  kill: Kill,
  endpoints: string,
  before: readonly string[],
): Client {
  const folder = join(run.folder, `${language.name}-${kill}`)
  const command = [...before, ...(run.programs.get(language) ?? [])]
  const env = language.env(folder, run.cluster.caPath)
  const agent = new Agent({ language: language.name, command, endpoints, tls: false, env, folder })
  const admin = run.cluster.group.members[0]?.admin
  if (admin === undefined) throw new Error('the group has no members')
  return { language, agent, setting: new Setting(agent, language, admin, `${language.name}-${kill}`) }
}

async function finish(run: Run, one: Client, kill: Kill, fault: string, started: number): Promise<void> {
  const { setting, language, agent } = one
  const outcome = fault === '' ? 'passed' : 'failed'
  const text = [fault, ...setting.notes].filter((part) => part !== '').join('; ')
  run.results.add({
    language: language.name,
    name: kill,
    outcome,
    text,
    seconds: (performance.now() - started) / 1_000,
  })
  await setting.close()
  await agent.end()
}
