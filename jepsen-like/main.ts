/**
 * `npm run jepsen`: makes the network namespaces of a run, runs it where its clients are, and removes
 * everything again, however the run ends. What a runner that was killed left behind goes at the next start.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeNamespaces, noNamespaces, removeNamespaces } from './cluster/namespaces.ts'

const why = noNamespaces()
if (why !== '') { console.error(why); process.exit(2) }
for (const name of removeNamespaces()) console.error(`removed the left-over namespace ${name}`)
process.on('exit', () => removeNamespaces(process.pid))
// The run below hears of Ctrl-C too and ends; then this process does.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
const folder = mkdtempSync(join(tmpdir(), 'dledger-jepsen-'))
const spaces = makeNamespaces(3)
const nodes = join(folder, 'nodes')
writeFileSync(nodes, spaces.nodesText)
const program = fileURLToPath(new URL('./silent-leader.js', import.meta.url))
const [command = '', ...args] = [...spaces.clientPrefix, process.execPath, program, nodes, JSON.stringify(spaces.members), join(folder, 'cluster'), process.argv[2] ?? '10']
const child = spawn(command, args, { stdio: 'inherit' })
child.once('exit', (code) => { console.log(folder); process.exitCode = code ?? 1 })
