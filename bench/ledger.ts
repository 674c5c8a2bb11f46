/**
 * Appending 1 KiB entries to a ledger through AppendStream against its ceiling in the same run: a server that only
 * writes what comes to three files side by side with fdatasync. Batches of 64 and one by one, 1,024 under way; at half
 * of the group's own rate for the latency. Beside it what the disk alone allows. All on this machine.
 */
import { benchProgram, killHard, startRead } from './children.ts'
import { type Member, startCluster } from './cluster.ts'
import { diskBytesPerSecond } from './disk-limit.ts'
import { createLedger } from './ledger-admin.ts'
import { type BenchOptions, withOptions } from './options.ts'
import { median, printAims, printTable, short } from './report.ts'
import { type LedgerMeasured, runLedgerLoad } from './run-ledger-load.ts'

const LEDGER = 'bench'
const ENTRY_BYTES = 1_024
const BATCH = 64
const BATCHES_UNDER_WAY = 128
const SINGLES_UNDER_WAY = 1_024
const DISK_ROUND_BYTES = 1024 * 1024

/** One thing that is measured each round. */
interface Subject {
  readonly name: string
  readonly address: string
  readonly processes: readonly { readonly name: string; readonly pid: number }[]
  readonly entries: number
  readonly inflight: number
  readonly runs: LedgerMeasured[]
}

await withOptions({ seconds: 4, rounds: 3 }, async (options) => {
  const ceiling = await startCeiling(options.folder)
  const three = await startCluster(3, `${options.folder}/three`)
  const leader = await three.healthy()
  await createLedger(leader.clientAddress, LEDGER)
  const onCeiling = {
    address: ceiling.address,
    processes: [{ name: 'ceiling', pid: ceiling.child.pid ?? 0 }],
  }
  const onThree = { address: leader.clientAddress, processes: named(three.members, leader) }
  const batches = { entries: BATCH, inflight: BATCHES_UNDER_WAY }
  const singles = { entries: 1, inflight: SINGLES_UNDER_WAY }
  const subjects: Subject[] = [
    { name: `ceiling, batches of ${BATCH}`, ...onCeiling, ...batches, runs: [] },
    { name: `three nodes, batches of ${BATCH}`, ...onThree, ...batches, runs: [] },
    { name: 'ceiling, one by one', ...onCeiling, ...singles, runs: [] },
    { name: 'three nodes, one by one', ...onThree, ...singles, runs: [] },
  ]
  const disk: number[] = []
  for (let round = 1; round <= options.rounds; round += 1) {
    console.log(`round ${round} of ${options.rounds}`)
    disk.push(await diskBytesPerSecond(options.folder, 3, DISK_ROUND_BYTES, 2))
    // Every second round goes backwards, so that a machine that slows down favours nobody.
    for (const subject of round % 2 === 1 ? subjects : [...subjects].reverse())
      await measure(subject, options, 0)
  }
  const paced = subjects.map((subject) => ({ ...subject, name: `${subject.name}, half`, runs: [] }))
  for (const [n, subject] of paced.entries()) {
    const full = median((subjects[n]?.runs ?? []).map((run) => run.load.requestsPerSecond))
    if (n % 2 === 1) await measure(subject, options, full / 2)
  }
  await Promise.all([three.close(), killHard(ceiling.child)])
  tell(subjects, paced, median(disk) / ENTRY_BYTES)
})

async function measure(subject: Subject, options: BenchOptions, rate: number): Promise<void> {
  const { address, entries, inflight, processes } = subject
  const { warm, seconds } = options
  const run = await runLedgerLoad(
    { address, ledger: LEDGER, entries, inflight, rate, warm, seconds },
    processes.map((one) => one.pid),
  )
  subject.runs.push(run)
  const { load } = run
  const trouble = load.failed > 0 ? `, ${load.failed} FAILED` : ''
  const { p50, p99 } = load.latencyMs
  console.log(`  ${subject.name}: ${load.entriesPerSecond} entries/s, p50 ${p50} ms, p99 ${p99} ms${trouble}`)
}

function startCeiling(folder: string): Promise<{ child: ReturnType<typeof startRead>; address: string }> {
  return new Promise((resolve) => {
    const child = startRead([benchProgram('ledger-ceiling'), folder], (line) =>
      resolve({ child, address: `127.0.0.1:${line.split(' ').pop() ?? ''}` }),
    )
  })
}

function named(members: readonly Member[], leader: Member): Subject['processes'] {
  return members.map((member) => ({
    name: member === leader ? 'leader' : 'follower',
    pid: member.process.pid ?? 0,
  }))
}

function tell(subjects: readonly Subject[], paced: readonly Subject[], diskPerSecond: number): void {
  const [ceiling, three, ceilingOne, one] = subjects
  const [, threeHalf, , oneHalf] = paced
  if (!ceiling || !three || !ceilingOne || !one || !threeHalf || !oneHalf)
    throw new Error('a subject is missing')
  const rows = [...subjects, threeHalf, oneHalf].map((subject) => [
    subject.name,
    short(rateOf(subject)),
    short(rateOf(subject) / rateOf(subject.entries === 1 ? ceilingOne : ceiling)),
    short(rateOf(subject) / diskPerSecond),
    short(median(subject.runs.map((run) => run.load.latencyMs.p50))),
    short(p99Of(subject)),
    subject.processes.map(({ name }, n) => `${name} ${short(cpuOf(subject, n))}`).join(', '),
  ])
  console.log(
    `the disk alone, three files side by side, 1 MiB a round: ${short(diskPerSecond)} entries/s each`,
  )
  printTable(
    ['1 KiB entries', 'entries/s', 'of ceiling', 'of disk', 'p50 ms', 'p99 ms', 'CPU us an entry'],
    rows,
  )
  const failed = [...subjects, ...paced].reduce(
    (sum, { runs }) => sum + runs.reduce((n, run) => n + run.load.failed, 0),
    0,
  )
  const batchAim = Math.max(50_000, Math.min(100_000, 0.6 * rateOf(ceiling)))
  printAims([
    {
      what: `batches of ${BATCH}`,
      value: rateOf(three),
      rule: 'at least',
      bound: Math.round(batchAim),
      unit: '/s',
    },
    { what: 'one by one', value: rateOf(one), rule: 'at least', bound: 20_000, unit: '/s' },
    {
      what: `p99 at half, batches of ${BATCH}`,
      value: p99Of(threeHalf),
      rule: 'under',
      bound: 10,
      unit: 'ms',
    },
    { what: 'p99 at half, one by one', value: p99Of(oneHalf), rule: 'under', bound: 10, unit: 'ms' },
    { what: 'failed appends', value: failed, rule: 'at most', bound: 0 },
  ])
}

function rateOf(subject: Subject): number {
  return median(subject.runs.map((run) => run.load.entriesPerSecond))
}

function p99Of(subject: Subject): number {
  return median(subject.runs.map((run) => run.load.latencyMs.p99))
}

function cpuOf(subject: Subject, process: number): number {
  return median(subject.runs.map((run) => run.cpuMicrosPerEntry[process] ?? 0))
}
