/** What a node costs that has nothing to do: resident memory and CPU time of an idle group of three. */
import { sleep } from './children.ts'
import { startCluster } from './cluster.ts'
import { cpuMicros, residentBytes } from './cpu.ts'
import { withOptions } from './options.ts'
import { printAims, printTable, short } from './report.ts'

await withOptions({ seconds: 10, rounds: 1 }, async (options) => {
  const cluster = await startCluster(3, options.folder)
  await cluster.createTopic('bench')
  const leader = await cluster.healthy()
  const before = cluster.pids().map(cpuMicros)
  await sleep(options.seconds * 1000)
  const nodes = cluster.members.map((member, n) => {
    const pid = member.process.pid ?? 0
    return {
      name: member === leader ? 'leader' : 'follower',
      megabytes: residentBytes(pid) / 1e6,
      cpuPercent: (cpuMicros(pid) - (before[n] ?? 0)) / (options.seconds * 1e4),
    }
  })
  await cluster.close()
  printTable(
    ['idle node', 'resident MB', 'CPU % of one core'],
    nodes.map((node) => [node.name, short(node.megabytes), short(node.cpuPercent)]),
  )
  const most = Math.max(...nodes.map((node) => node.megabytes))
  printAims([{ what: 'idle node, resident memory', value: most, rule: 'under', bound: 120, unit: 'MB' }])
})
