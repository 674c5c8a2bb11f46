/**
 * The leader falls silent, again and again, under load through the two other members: all its packets vanish
 * both ways, without a reset. How long is no send acknowledged? A send is tried at most three times, as clients
 * do. Runs where the clients are (place.ts).
 */
import { sleep } from '../bench/children.ts'
import { type Cluster, startMembers } from '../bench/cluster.ts'
import type { LoadResult } from '../bench/load-result.ts'
import { median, printAims, printTable } from '../bench/report.ts'
import { runLoad } from '../bench/run-load.ts'
import { placeOf } from './place.ts'
import { runScript } from './scripts.ts'

const TOPIC = 'silent'
const SENDS_PER_SECOND = 500
const ATTEMPTS = 3
const SECONDS = 4
const WARM_SECONDS = 1
/** The cut comes this long into the measured seconds, plus up to as much again. */
const CUT_AFTER_MS = 600

const { members, nodesFile, folder, options } = placeOf(process.argv.slice(2))
if (members === undefined) throw new Error('a silent leader needs network namespaces')
const cluster = await startMembers(members, folder)
await cluster.createTopic(TOPIC)
const runs: LoadResult[] = []
for (let round = 1; round <= options.rounds; round += 1) {
  const run = await silenceOnce(cluster)
  runs.push(run)
  console.log(
    `round ${round}: ${run.longestGapMs} ms without an accepted send, ${run.failed} failed, ${run.retried} retried${run.lastError === '' ? '' : `, last: ${run.lastError}`}`,
  )
}
await cluster.close()
tell(runs)
process.exit(0)

async function silenceOnce(of: Cluster): Promise<LoadResult> {
  const leader = await of.healthy()
  const others = of.members.filter((member) => member !== leader)
  let cut: Promise<string> | undefined
  const plan = {
    addresses: others.map((member) => member.clientAddress),
    topic: TOPIC,
    seconds: SECONDS,
    warmSeconds: WARM_SECONDS,
    ratePerSecond: SENDS_PER_SECOND,
    attempts: ATTEMPTS,
  }
  const { load } = await runLoad(plan, [], () => {
    cut = sleep(CUT_AFTER_MS * (1 + Math.random())).then(() =>
      runScript(nodesFile, 'isolate', String(leader.id)),
    )
  })
  await cut
  await runScript(nodesFile, 'heal')
  return load
}

function tell(of: readonly LoadResult[]): void {
  const gaps = of.map((run) => run.longestGapMs)
  const sum = (what: (run: LoadResult) => number): number => of.reduce((total, run) => total + what(run), 0)
  const cells = [
    of.length,
    median(gaps),
    Math.max(...gaps),
    sum((r) => r.calls),
    sum((r) => r.retried),
    sum((r) => r.failed),
  ]
  printTable(['rounds', 'gap p50 ms', 'gap max ms', 'accepted', 'retried', 'failed'], [cells.map(String)])
  printAims([
    { what: 'longest gap, p50', value: median(gaps), rule: 'under', bound: 1_000, unit: 'ms' },
    { what: 'longest gap, max', value: Math.max(...gaps), rule: 'under', bound: 1_500, unit: 'ms' },
    { what: 'failed sends', value: sum((run) => run.failed), rule: 'at most', bound: 0 },
  ])
}
