/**
 * One run, where its clients are: starts the group, lets workloads and faults at it, drains, judges, and writes
 * the report. The exit code is the verdict.
 */
import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { projectFolder, sleep, startLogged } from '../bench/children.ts'
import { loopbackPlaces, startMembers } from '../bench/cluster.ts'
import { Prng } from '../src/base/prng.ts'
import { checkAvailability } from './checkers/availability.ts'
import { checkDigests } from './checkers/digests.ts'
import { ImageDisks } from './cluster/image-disks.ts'
import { SWITCH_PORT } from './cluster/namespaces.ts'
import { History } from './history.ts'
import { type Fault, FAULTS } from './nemesis/faults.ts'
import { Nemesis } from './nemesis/nemesis.ts'
import { isAlive, type NameServer, Scene } from './nemesis/scene.ts'
import { schedule } from './nemesis/schedule.ts'
import { commandLine } from './options.ts'
import { placeOf, type RunPlace } from './place.ts'
import { htmlReport } from './report/html.ts'
import { type RunReport, textReport } from './report/text.ts'
import { readDigests } from './status.ts'
import { Stalls } from './stalls.ts'
import { type Judgement, type Verdict, worstVerdict } from './verdict.ts'
import { WORKLOADS } from './workloads/all.ts'

const MEMBERS = 3
const BACK_MS_MAX = 10_000
const SETTLE_MS_MAX = 30_000
/** A machine on which the harness stood still for more of the run than this is too busy to tell slow from stuck. */
const BUSY_SHARE = 0.1
const NAME_SERVER_PORT = 9876
const EXIT_CODES = new Map<Verdict, number>([
  [true, 0],
  [false, 1],
  ['unknown', 2],
])

const place = placeOf(process.argv.slice(2))
const { options, folder } = place
const report = await run(place)
const text = textReport(report)
writeFileSync(join(folder, 'summary.txt'), text)
writeFileSync(join(folder, 'report.html'), htmlReport(report, text))
console.log(`\n${text}\nthe whole run: ${join(folder, 'report.html')}`)
const countOf = (verdict: Verdict): number =>
  report.judgements.filter((one) => one.verdict === verdict).length
console.log(`${countOf(true)} passed, ${countOf(false)} failed, ${countOf('unknown')} unknown`)
process.exit(options.ci && report.verdict === 'unknown' ? 0 : EXIT_CODES.get(report.verdict))

async function run({ members, nodesFile, clientHost }: RunPlace): Promise<RunReport> {
  const spaces = members !== undefined
  const places = members ?? (await loopbackPlaces(MEMBERS))
  const disks = spaces ? new ImageDisks(join(folder, 'disks')) : undefined
  const prng = new Prng(options.seed)
  const faults = FAULTS.filter((fault) => options.faults.includes(fault.name) && isPossible(fault, spaces))
  const names = `${clientHost}:${NAME_SERVER_PORT}`
  const nameServer = spaces ? startNameServer(names) : undefined
  const lineSwitch = spaces ? startSwitch(clientHost, `${nodesFile}.shapes`) : undefined
  const cluster = await startMembers(places, join(folder, 'cluster'), {
    config: { log: { diskReserveBytes: 0 }, ...(spaces ? { nameServers: [names] } : {}) },
    ...(disks === undefined ? {} : { dataFolder: (id: number) => join(disks.make(id), 'data') }),
  })
  const scene = new Scene(cluster, nodesFile, disks, nameServer)
  const running = await Promise.all(
    WORKLOADS.filter(({ name }) => options.workloads.includes(name)).map(async ({ name, start }) => {
      const history = new History(() => performance.now())
      return {
        name,
        history,
        run: await start({ addresses: cluster.addresses(), history, rate: options.rate }),
      }
    }),
  )
  const nemesis = new Nemesis(
    scene,
    faults,
    running.map(({ history }) => history),
    prng.split(),
  )
  const stalls = new Stalls()
  const runMs = options.seconds * 1_000
  const quiet = sleep(runMs)
  await nemesis.run(schedule(prng.split(), faults, runMs), runMs)
  if (!nemesis.gaveUp) await quiet
  const judgements: Judgement[] = nemesis.gaveUp ? [] : [await settledJudgement(scene)]
  await Promise.all(running.map((one) => one.run.stopSending()))
  // A group that never became well hands out nothing: what is missing is not called lost then.
  if (!nemesis.gaveUp) await Promise.all(running.map((one) => one.run.drain()))
  for (const one of running) judgements.push(await one.run.judge())
  const busy = stalls.share() > BUSY_SHARE
  judgements.push(nemesis.judge(busy))
  if (!nemesis.gaveUp) judgements.push(checkDigests(await readDigests(cluster.addresses())))
  const first = running[0]?.history.events ?? []
  const pauseMsMax = new Map(
    FAULTS.flatMap(({ name, pauseMsMax: ms }) => (ms === undefined ? [] : [[name, ms] as const])),
  )
  const availability = checkAvailability(first, { pauseMsMax, backMsMax: BACK_MS_MAX, stalls: stalls.all })
  judgements.push(
    (busy || options.ci) && availability.verdict === false
      ? { ...availability, verdict: 'unknown' }
      : availability,
    { judge: 'machine', verdict: true, stories: [stalls.words()] },
  )
  if (lineSwitch !== undefined && !isAlive(lineSwitch)) {
    const stories = ['the switch for slow and flaky ways ended: see switch.log']
    judgements.push({ judge: 'switch', verdict: 'unknown', stories })
  }
  for (const { name, history } of running) {
    writeFileSync(join(folder, `history-${name}.ndjson`), history.text())
  }
  await cluster.close()
  disks?.close(places.map(({ id }) => id))
  return {
    verdict: worstVerdict(judgements.map((one) => one.verdict)),
    judgements,
    availability,
    history: first,
    leftOut: options.faults.filter((name) => !faults.some((fault) => fault.name === name)),
    again: commandLine(options),
    folder,
  }
}

/** At the end the group must be well. */
async function settledJudgement(scene: Scene): Promise<Judgement> {
  try {
    await scene.settled(SETTLE_MS_MAX)
    return { judge: 'group', verdict: true, stories: [] }
  } catch (error) {
    return { judge: 'group', verdict: false, stories: [(error as Error).message] }
  }
}

function isPossible(fault: Fault, spaces: boolean): boolean {
  return fault.needs === 'nothing' || spaces
}

/** What is slow or flaky passes through it (scripts/slow, scripts/flaky). */
function startSwitch(host: string, file: string): ChildProcess {
  const program = fileURLToPath(new URL('./cluster/user-switch.js', import.meta.url))
  return startLogged([program, host, String(SWITCH_PORT), file], join(folder, 'switch.log'))
}

function startNameServer(address: string): NameServer {
  const file = join(folder, 'namesrv.yaml')
  writeFileSync(file, `listen: ${address}\n`)
  const program = join(projectFolder(), 'bin', 'dledger.cjs')
  const start = (): ChildProcess => startLogged([program, 'namesrv', '-c', file], join(folder, 'namesrv.log'))
  return { process: start(), start }
}
