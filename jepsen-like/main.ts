/**
 * `npm run jepsen`: makes the network namespaces of a run, runs it where its clients are, and removes everything
 * again, however the run ends. What a supervisor that was killed left behind goes at the next start.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeNamespaces, noNamespaces, removeNamespaces } from './cluster/namespaces.ts'
import { FAULTS } from './nemesis/faults.ts'
import { commandOf, type RunOptions, USAGE } from './options.ts'
import type { RunPlace } from './place.ts'
import { WORKLOADS } from './workloads/all.ts'

const MEMBERS = 3
const WRONG_USAGE = 64

const command = commandOf(process.argv.slice(2))
if (typeof command === 'string') {
  console.error(`${command}\n\n${USAGE}`)
  process.exitCode = WRONG_USAGE
} else if (command.type === 'list') list()
else if (command.type === 'clean') clean()
else supervise(command.type, command.options)

function list(): void {
  console.log('faults (what they need)')
  for (const { name, needs } of FAULTS) console.log(`  ${name.padEnd(22)}${needs === 'nothing' ? '' : needs}`)
  console.log('workloads')
  for (const { name, about } of WORKLOADS) console.log(`  ${name.padEnd(22)}${about}`)
}

function clean(): void {
  if (noNamespaces() !== '') return
  for (const name of removeNamespaces()) console.log(`removed the namespace ${name} and ended what ran in it`)
}

function supervise(program: 'run' | 'silent-leader', options: RunOptions): void {
  const why = noNamespaces()
  if (why !== '')
    console.error(`${why}: the members are on loopback, faults of network and disks are left out`)
  clean()
  process.on('exit', () => why === '' && removeNamespaces(process.pid))
  // Ctrl-C reaches the program below too; when it has ended, this process ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child?.kill(signal))
  const folder = newFolder(options)
  const spaces = why === '' ? makeNamespaces(MEMBERS) : undefined
  const nodesFile = spaces === undefined ? '' : join(folder, 'nodes')
  if (spaces !== undefined) writeFileSync(nodesFile, spaces.nodesText)
  const clientHost = spaces?.clientHost ?? '127.0.0.1'
  const place: RunPlace = { members: spaces?.members, clientHost, nodesFile, folder, options }
  const file = fileURLToPath(new URL(`./${program}.js`, import.meta.url))
  const line = [...(spaces?.clientPrefix ?? []), process.execPath, file, JSON.stringify(place)]
  const child = spawn(line[0] ?? '', line.slice(1), { stdio: 'inherit' })
  child.once('exit', (code) => (process.exitCode = code ?? 1))
}

/** `jepsen-runs/2026-01-31-120000-seed-7-x1y2z3`. */
function newFolder({ folder, seed }: RunOptions): string {
  mkdirSync(folder, { recursive: true })
  const time = new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '')
  return resolve(mkdtempSync(join(folder, `${time}-seed-${seed}-`)))
}
