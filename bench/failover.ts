/**
 * The leader is killed with `kill -9` again and again under load through the two other members: how long
 * is no send acknowledged, and does any fail? A send is tried at most three times, as clients do.
 */
import { sleep } from './children.ts'
import { startCluster } from './cluster.ts'
import { type BenchOptions, withOptions } from './options.ts'
import { median, printAims, printTable } from './report.ts'
import { runLoad } from './run-load.ts'
import type { Cluster } from './cluster.ts'
import type { LoadResult } from './load-result.ts'

const TOPIC = 'bench'
const SENDS_PER_SECOND = 1_000
const ATTEMPTS = 3
/** The kill comes this long into the measured seconds, plus up to as much again. */
const KILL_AFTER_MS = 800

await withOptions({ seconds: 5, rounds: 10 }, async (options) => {
  const cluster = await startCluster(3, options.folder)
  await cluster.createTopic(TOPIC)
  const runs: LoadResult[] = []
  for (let round = 1; round <= options.rounds; round += 1) {
    const run = await killOnce(cluster, options)
    runs.push(run)
    console.log(
      `kill ${round}: ${run.longestGapMs} ms without an accepted send, ${run.failed} failed, ${run.retried} retried${run.lastError === '' ? '' : `, last: ${run.lastError}`}`,
    )
  }
  await cluster.close()
  tell(runs)
})

async function killOnce(cluster: Cluster, options: BenchOptions): Promise<LoadResult> {
  const leader = await cluster.healthy()
  const others = cluster.members.filter((member) => member !== leader)
  let killed: Promise<void> | undefined
  const plan = {
    addresses: others.map((member) => member.clientAddress),
    topic: TOPIC,
    seconds: options.seconds,
    warmSeconds: options.warm,
    ratePerSecond: SENDS_PER_SECOND,
    attempts: ATTEMPTS,
  }
  const { load } = await runLoad(plan, [], () => {
    killed = sleep(KILL_AFTER_MS * (1 + Math.random())).then(() => cluster.kill(leader))
  })
  await killed
  cluster.restart(leader)
  return load
}

function tell(runs: readonly LoadResult[]): void {
  const gaps = runs.map((run) => run.longestGapMs)
  const sum = (of: (run: LoadResult) => number): number => runs.reduce((total, run) => total + of(run), 0)
  printTable(
    ['kills', 'gap p50 ms', 'gap max ms', 'accepted', 'retried', 'failed'],
    [
      [
        runs.length,
        median(gaps),
        Math.max(...gaps),
        sum((r) => r.calls),
        sum((r) => r.retried),
        sum((r) => r.failed),
      ].map(String),
    ],
  )
  printAims([
    { what: 'longest gap, p50', value: median(gaps), rule: 'under', bound: 800, unit: 'ms' },
    { what: 'longest gap, max', value: Math.max(...gaps), rule: 'under', bound: 1500, unit: 'ms' },
    { what: 'failed sends', value: sum((run) => run.failed), rule: 'at most', bound: 0 },
  ])
}
