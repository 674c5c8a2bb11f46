/**
 * Brings a clone to the point where it runs: packages installed, sources compiled. Does only what has changed
 * since the last time, and says what it waits for. Plain Node: it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const { nodeFault } = createRequire(import.meta.url)('../bin/node-version.cjs')

/** The folder of the project. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const INSTALL_MARK = join(ROOT, 'node_modules', '.dledger-setup')

/** Installs and builds what is not up to date. Ends the process with one sentence when that fails. */
export function setUp() {
  const fault = nodeFault()
  if (fault !== '') giveUp(fault)
  install()
  compile('tsconfig.build.json', ['src'], 'dist')
}

/** Compiles `folders` to `out` unless it holds exactly what they would give. */
export function compile(config, folders, out) {
  const mark = join(ROOT, out, '.dledger-build')
  const wanted = hashOf([...folders.flatMap(sourcesBelow), 'tsconfig.json', config, 'package-lock.json'])
  if (textOf(mark) === wanted) return
  const next = `${out}-next-${process.pid}`
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '-p', config, '--noEmitOnError', '--outDir', next]
  run(`compiling ${folders.join(' and ')} to ${out}`, args, () => remove(next))
  writeFileSync(join(ROOT, next, '.dledger-build'), wanted)
  replace(out, next)
}

/** Puts a finished folder in the place of another at once: what runs never sees a half one. */
function replace(out, next) {
  const old = `${out}-next-old-${process.pid}`
  if (existsSync(join(ROOT, out))) renameSync(join(ROOT, out), join(ROOT, old))
  renameSync(join(ROOT, next), join(ROOT, out))
  for (const name of readdirSync(ROOT)) if (name.startsWith(`${out}-next-`)) remove(name)
}

function remove(name) {
  rmSync(join(ROOT, name), { recursive: true, force: true })
}

/** Runs a Node program in the project's folder with its output shown; returns its exit code. */
export function runNode(args, env = {}) {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error !== undefined) giveUp(`${args[0]} cannot be started: ${error.message}`)
  return status ?? 1
}

function install() {
  const wanted = hashOf(['package-lock.json', 'package.json'])
  if (textOf(INSTALL_MARK) === wanted) return
  if (!installedAsLocked()) {
    const flags = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
    run('installing the packages of package-lock.json (npm ci)', [npmProgram(), ...flags])
  }
  writeFileSync(INSTALL_MARK, wanted)
}

/** Whether somebody else, for example `npm ci`, has already installed exactly what the lock file says. */
function installedAsLocked() {
  const there = textOf(join(ROOT, 'node_modules', '.package-lock.json'))
  if (there === '') return false
  const installed = JSON.parse(there).packages ?? {}
  const locked = JSON.parse(textOf(join(ROOT, 'package-lock.json'))).packages ?? {}
  return Object.entries(locked).every(
    ([path, { version, optional }]) =>
      path === '' ||
      (optional === true && installed[path] === undefined) ||
      installed[path]?.version === version,
  )
}

/** npm as a Node program, so that no shell is needed: the npm that runs us, or the one beside this Node. */
function npmProgram() {
  const beside = dirname(process.execPath)
  const places = [
    process.env.npm_execpath ?? '',
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ]
  const found = places.find((place) => place.endsWith('npm-cli.js') && existsSync(place))
  return found ?? giveUp('npm was not found beside this Node: run "npm ci" yourself, then try again')
}

function run(what, args, cleanUp = () => {}) {
  const started = Date.now()
  process.stderr.write(`${what} ... `)
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`)
  if (status === 0) return
  cleanUp()
  giveUp(`${stdout ?? ''}${stderr ?? ''}${what} failed`)
}

function sourcesBelow(folder) {
  const names = readdirSync(join(ROOT, folder), { recursive: true }).map(String)
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort()
}

function hashOf(files) {
  const hash = createHash('sha256').update(process.version)
  for (const file of files) hash.update(`\n${file}\n`).update(readFileSync(join(ROOT, file)))
  return hash.digest('hex')
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function giveUp(sentence) {
  console.error(sentence)
  process.exit(1)
}
