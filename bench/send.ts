/**
 * SendMessage against the ceiling: the no-op server, a group of one and a group of three take turns under
 * the same load, and the medians are compared. Everything runs on this machine, with fdatasync.
 */
import { benchProgram, killHard, startRead } from './children.ts'
import { type Cluster, type Member, startCluster } from './cluster.ts'
import { type BenchOptions, withOptions } from './options.ts'
import { type Aim, median, printAims, printTable, short } from './report.ts'
import { type LoadPlan, type Measured, runLoad } from './run-load.ts'

const TOPIC = 'bench'
const BATCH = 16
const PACED_PER_SECOND = 3_000

/** One thing that is measured each round. */
interface Subject {
  readonly name: string
  readonly addresses: readonly string[]
  readonly processes: readonly { readonly name: string; readonly pid: number }[]
  readonly batch: number
  readonly ratePerSecond: number
  readonly runs: Measured[]
}

await withOptions({ seconds: 5, rounds: 3 }, async (options) => {
  const noop = await startNoop()
  const single = await startCluster(1, `${options.folder}/single`)
  const three = await startCluster(3, `${options.folder}/three`)
  await single.createTopic(TOPIC)
  await three.createTopic(TOPIC)
  const subjects = await subjectsOf(options, noop, single, three)
  console.log('warm-up')
  // Programs that have just started are slow: one pass that does not count.
  for (const subject of subjects) await measure(subject, { ...options, seconds: options.warm })
  for (const subject of subjects) subject.runs.length = 0
  for (let round = 1; round <= options.rounds; round += 1) {
    console.log(`round ${round} of ${options.rounds}`)
    // Every second round goes backwards, so that a machine that slows down favours nobody.
    for (const subject of round % 2 === 1 ? subjects : [...subjects].reverse())
      await measure(subject, options)
  }
  await Promise.all([single.close(), three.close(), killHard(noop.child)])
  tell(subjects)
})

async function measure(subject: Subject, options: BenchOptions): Promise<void> {
  const plan: LoadPlan = {
    addresses: subject.addresses,
    topic: TOPIC,
    seconds: options.seconds,
    warmSeconds: options.warm,
    batch: subject.batch,
    ratePerSecond: subject.ratePerSecond,
  }
  const run = await runLoad(
    plan,
    subject.processes.map((one) => one.pid),
  )
  subject.runs.push(run)
  const { load } = run
  const trouble = load.failed > 0 ? `, ${load.failed} FAILED: ${load.lastError}` : ''
  console.log(
    `  ${subject.name}: ${load.messagesPerSecond} messages/s, p50 ${load.latencyMs.p50} ms, p99 ${load.latencyMs.p99} ms${trouble}`,
  )
}

async function startNoop() {
  return new Promise<{ child: ReturnType<typeof startRead>; address: string }>((resolve) => {
    const child = startRead([benchProgram('noop')], (line) =>
      resolve({ child, address: `127.0.0.1:${line.split(' ').pop() ?? ''}` }),
    )
  })
}

async function subjectsOf(
  options: BenchOptions,
  noop: Awaited<ReturnType<typeof startNoop>>,
  single: Cluster,
  three: Cluster,
): Promise<Subject[]> {
  const leader = await three.healthy()
  const onNoop = { addresses: [noop.address], processes: [{ name: 'no-op', pid: noop.child.pid ?? 0 }] }
  const onSingle = { addresses: single.addresses(), processes: named(single.members, single.members[0]) }
  const onThree = {
    addresses: options.through === 'all' ? three.addresses() : [leader.clientAddress],
    processes: named(three.members, leader),
  }
  const full = { batch: 1, ratePerSecond: 0 }
  const paced = { batch: 1, ratePerSecond: PACED_PER_SECOND }
  return [
    { name: 'no-op', ...onNoop, ...full, runs: [] },
    { name: 'one node', ...onSingle, ...full, runs: [] },
    { name: 'three nodes', ...onThree, ...full, runs: [] },
    { name: `three nodes, batches of ${BATCH}`, ...onThree, batch: BATCH, ratePerSecond: 0, runs: [] },
    { name: `no-op, ${PACED_PER_SECOND}/s`, ...onNoop, ...paced, runs: [] },
    { name: `three nodes, ${PACED_PER_SECOND}/s`, ...onThree, ...paced, runs: [] },
  ]
}

function named(members: readonly Member[], leader: Member | undefined): Subject['processes'] {
  return members.map((member) => ({
    name: member === leader ? 'leader' : 'follower',
    pid: member.process.pid ?? 0,
  }))
}

function tell(subjects: readonly Subject[]): void {
  const [noop, single, three, batched, , paced] = subjects
  if (!noop || !single || !three || !batched || !paced) throw new Error('a subject is missing')
  const ceiling = ratePerSecond(noop)
  const head = [
    '1 KiB messages',
    'messages/s',
    'of no-op',
    'p50 ms',
    'p99 ms',
    'CPU us a message',
    'generator',
  ]
  printTable(
    head,
    subjects.map((subject) => [
      subject.name,
      short(ratePerSecond(subject)),
      short(ratePerSecond(subject) / ceiling),
      short(median(subject.runs.map((run) => run.load.latencyMs.p50))),
      short(median(subject.runs.map((run) => run.load.latencyMs.p99))),
      subject.processes.map((one, n) => `${one.name} ${short(cpuOf(subject, n))}`).join(', '),
      short(median(subject.runs.map((run) => run.load.cpuMicrosPerCall / subject.batch))),
    ]),
  )
  const failed = subjects.reduce(
    (sum, subject) => sum + subject.runs.reduce((n, run) => n + run.load.failed, 0),
    0,
  )
  const aims: Aim[] = [
    {
      what: 'one node, rate of no-op',
      value: ratePerSecond(single) / ceiling,
      rule: 'at least',
      bound: 0.85,
    },
    {
      what: 'three nodes, rate of no-op',
      value: ratePerSecond(three) / ceiling,
      rule: 'at least',
      bound: 0.75,
    },
    {
      what: `batches of ${BATCH}, messages for each no-op call`,
      value: ratePerSecond(batched) / ceiling,
      rule: 'at least',
      bound: 4.5,
    },
    {
      what: 'three nodes together, CPU of no-op',
      value: three.processes.reduce((sum, _, n) => sum + cpuOf(three, n), 0) / cpuOf(noop, 0),
      rule: 'at most',
      bound: 1.8,
    },
    { what: `p99 at ${PACED_PER_SECOND}/s`, value: p99Of(paced), rule: 'under', bound: 15, unit: 'ms' },
    { what: 'failed sends', value: failed, rule: 'at most', bound: 0 },
  ]
  printAims(aims)
}

function ratePerSecond(subject: Subject): number {
  return median(subject.runs.map((run) => run.load.messagesPerSecond))
}

function p99Of(subject: Subject): number {
  return median(subject.runs.map((run) => run.load.latencyMs.p99))
}

function cpuOf(subject: Subject, process: number): number {
  return median(subject.runs.map((run) => run.cpuMicrosPerMessage[process] ?? 0))
}
