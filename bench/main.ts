/** `npm run bench -- NAME [options]`: runs one bench as a process of its own. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { benchProgram } from './children.ts'

const BENCHES: readonly (readonly [name: string, what: string])[] = [
  [
    'send',
    'SendMessage against a no-op server: rate, latency, CPU (--seconds 5 --rounds 3 --through leader|all)',
  ],
  [
    'ledger',
    'AppendStream of a ledger against three files with fdatasync: rate, latency, CPU (--seconds 4 --rounds 3)',
  ],
  ['failover', 'kill -9 of the leader under load: time without an accepted send (--rounds 10)'],
  ['restart', 'time until a node with 1 GiB of log serves again after kill -9 (--rounds 3)'],
  ['idle', 'memory and CPU of idle nodes (--seconds 10)'],
  ['fifo', 'other message groups behind a million messages of a blocked one, CPU (--blocked N --others N)'],
  ['machine', 'commands that the state machine applies a second'],
  ['timers', 'delayed messages: memory of a million, time to load them, lateness (--seconds 10)'],
  ['cut', 'cutting a request and joining a delivery'],
  ['filter', 'tag and SQL filters: what one message costs'],
  ['peers', 'bytes and entries between members a second'],
]

const [name = '', ...args] = process.argv.slice(2)
if (!BENCHES.some(([known]) => known === name) || !existsSync(benchProgram(name))) {
  console.error('npm run bench -- NAME [--seconds N] [--rounds N] [--warm N] [--folder PATH]')
  for (const [known, what] of BENCHES) console.error(`  ${known.padEnd(10)}${what}`)
  process.exit(2)
}
const { status } = spawnSync(process.execPath, [benchProgram(name), ...args], { stdio: 'inherit' })
process.exit(status ?? 1)
