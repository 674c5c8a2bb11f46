/** `npm run interop`: a group, the programs of five languages, the cases, a table. */
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Agent } from './agent.ts'
import { type Case, Setting } from './case.ts'
import { CASES } from './cases.ts'
import { Cluster } from './cluster.ts'
import { runExamples } from './examples.ts'
import { lackOf } from './features.ts'
import { runKills } from './kills.ts'
import { build, type Language, LANGUAGES, missingTools } from './languages.ts'
import { EXAMPLES_CASE, optionsOf, type RunOptions, USAGE } from './options.ts'
import { Results, tables } from './results.ts'
import type { Run } from './run.ts'

/** Cases of a language that run beside each other: they mostly wait. */
const CASES_AT_ONCE = 5
const LANGUAGES_AT_ONCE = 2
/** In CI TLS is tried with these. */
const TLS_CASES_OF_CI = ['normal', 'push']
const WRONG_USAGE = 64

const options = optionsOf(process.argv.slice(2))
if (typeof options === 'string') {
  console.error(`${options}\n\n${USAGE}`)
  process.exitCode = WRONG_USAGE
} else if (options.list) console.log(tables())
else process.exitCode = await main(options)

async function main(options: RunOptions): Promise<number> {
  const results = new Results()
  const programs = buildAll(options, results)
  mkdirSync('interop-runs', { recursive: true })
  const folder = resolve(mkdtempSync(join('interop-runs', 'run-')))
  const cluster = await Cluster.start()
  try {
    const run: Run = { options, cluster, results, folder, programs }
    await inTurn([...programs.keys()], LANGUAGES_AT_ONCE, (language) => runCases(run, language))
    if (options.cases.includes(EXAMPLES_CASE)) await runExamples(run)
    await runKills(run)
  } finally {
    await cluster.close(folder)
  }
  results.tell()
  console.log(`logs: ${folder}`)
  const missing = options.named ? results.count('no toolchain') : 0
  return results.count('failed') + missing === 0 ? 0 : 1
}

function buildAll(options: RunOptions, results: Results): Map<Language, readonly string[]> {
  const programs = new Map<Language, readonly string[]>()
  for (const language of LANGUAGES.filter(({ name }) => options.languages.includes(name))) {
    const started = performance.now()
    const add = (outcome: 'passed' | 'failed' | 'no toolchain', text: string): void => {
      const seconds = (performance.now() - started) / 1_000
      results.add({ language: language.name, name: 'build', outcome, text, seconds })
    }
    const missing = missingTools(language)
    if (missing.length > 0) {
      add('no toolchain', `${missing.join(', ')} is not on this machine`)
      continue
    }
    try {
      programs.set(language, build(language))
      add('passed', language.library)
    } catch (error) {
      add('failed', (error as Error).message.slice(-2_000))
    }
  }
  return programs
}

/** Every case of one language, without TLS and with it, each kind of connection in one process. */
async function runCases(run: Run, language: Language): Promise<void> {
  const { options, cluster, programs, results, folder } = run
  for (const tls of options.tls) {
    const suffix = tls ? ' (TLS)' : ''
    const wanted = CASES.filter(
      ({ name }) => options.cases.includes(name) && !(tls && options.ci && !TLS_CASES_OF_CI.includes(name)),
    )
    const able = wanted.filter((one) => {
      const lack = lackOf(language.name, language.library, tls ? ['tls', ...one.needs] : one.needs)
      if (lack !== '')
        results.add({
          language: language.name,
          name: one.name + suffix,
          outcome: 'lacking',
          text: lack,
          seconds: 0,
        })
      return lack === ''
    })
    if (able.length === 0) continue
    const leader = await cluster.group.healthy()
    const { endpoints, before } = cluster.all(language, cluster.group.others(leader)[0] ?? leader)
    const logs = join(folder, `${language.name}${tls ? '-tls' : ''}`)
    const command = [...before, ...(programs.get(language) ?? [])]
    const env = language.env(logs, cluster.caPath)
    const agent = new Agent({ language: language.name, command, endpoints, tls, env, folder: logs })
    await inTurn(able, CASES_AT_ONCE, (one) => {
      const prefix = `${language.name}-${one.name}${tls ? '-tls' : ''}`
      const setting = new Setting(agent, language, leader.admin, prefix)
      return runOne(results, language.name, one.name + suffix, one, setting)
    })
    await agent.end()
  }
}

async function runOne(
  results: Results,
  language: string,
  name: string,
  one: Case,
  setting: Setting,
): Promise<void> {
  const started = performance.now()
  let fault = ''
  try {
    await one.run(setting)
  } catch (error) {
    fault = (error as Error).message
  }
  const seconds = (performance.now() - started) / 1_000
  const text = fault === '' ? setting.notes.join('; ') : fault
  results.add({ language, name, outcome: fault === '' ? 'passed' : 'failed', text, seconds })
  await setting.close()
}

/** Does the work for each of the list, `most` at once. */
async function inTurn<T>(list: readonly T[], most: number, work: (one: T) => Promise<void>): Promise<void> {
  const queue = [...list]
  const next = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: most }, next))
}
