/**
 * A node with 1 GiB of log is killed with `kill -9` and started again: how long until it serves as leader, with
 * everything applied? Once more without the index files of its segments, when it reads and checks all of it. The
 * files are still in the page cache.
 */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { residentBytes } from './cpu.ts'
import { sleep } from './children.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { type BenchOptions, withOptions } from './options.ts'
import { median, printAims, printTable, short } from './report.ts'
import { runLoad } from './run-load.ts'

const TOPIC = 'bench'
const LOG_BYTES = 1024 ** 3
const BATCH = 16
/** The tables are written and the index files of full segments are made within this time. */
const SETTLE_MS = 2_000

await withOptions({ seconds: 5, rounds: 3 }, async (options) => {
  const cluster = await startCluster(1, options.folder)
  await cluster.createTopic(TOPIC)
  const folder = join(options.folder, 'data-1', 'log')
  await fill(cluster, folder, options)
  const known: number[] = []
  const read: number[] = []
  for (let round = 0; round < options.rounds; round += 1) known.push(await restart(cluster))
  const megabytes = residentBytes(cluster.pids()[0] ?? 0) / 1e6
  for (let round = 0; round < options.rounds; round += 1) {
    for (const name of readdirSync(folder)) if (name.endsWith('.index')) rmSync(join(folder, name))
    read.push(await restart(cluster))
  }
  await cluster.close()
  printTable(
    ['restart with 1 GiB of log', 'serving after ms, each', 'median'],
    [
      ['as it is', known.map(short).join(', '), short(median(known))],
      ['without index files', read.map(short).join(', '), short(median(read))],
    ],
  )
  printAims([
    { what: 'serving again, median', value: median(known) / 1000, rule: 'at most', bound: 5, unit: 's' },
    { what: 'resident memory after it', value: megabytes, rule: 'under', bound: 400, unit: 'MB' },
  ])
})

async function fill(cluster: Cluster, folder: string, options: BenchOptions): Promise<void> {
  while (bytesIn(folder) < LOG_BYTES) {
    const plan = { addresses: cluster.addresses(), topic: TOPIC, seconds: options.seconds, warmSeconds: 0 }
    await runLoad({ ...plan, batch: BATCH, inflight: 64 }, [])
    console.log(`log: ${short(bytesIn(folder) / 1e6)} MB`)
  }
  await sleep(SETTLE_MS)
}

function bytesIn(folder: string): number {
  const segments = readdirSync(folder).filter((name) => name.endsWith('.segment'))
  return segments.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

/** Milliseconds from the start of the process until the member leads and has applied everything. */
async function restart(cluster: Cluster): Promise<number> {
  const [member] = cluster.members
  if (member === undefined) throw new Error('the group has a member')
  await cluster.kill(member)
  const before = performance.now()
  cluster.restart(member)
  await cluster.healthy()
  const took = performance.now() - before
  await sleep(SETTLE_MS)
  return took
}
