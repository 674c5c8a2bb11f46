/** The processes of a bench: started with their output in a file, and gone when the bench ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const alive = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** The folder of the project, wherever the bench was compiled to. */
export function projectFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

/** The compiled file of another program of the bench. */
export function benchProgram(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url))
}

/** Starts a Node program whose output goes to `logFile`. `prefix`: what its command line starts with. */
export function startLogged(
  args: readonly string[],
  logFile: string,
  prefix: readonly string[] = [],
): ChildProcess {
  const log = openSync(logFile, 'a')
  const [program = process.execPath, ...rest] = [...prefix, process.execPath, ...args]
  const child = spawn(program, rest, { stdio: ['ignore', log, log], cwd: projectFolder() })
  closeSync(log)
  return track(child)
}

/** Starts a Node program and calls `line` for each line that it prints. */
export function startRead(args: readonly string[], line: (text: string) => void): ChildProcess {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const whole of lines) line(whole)
  })
  return track(child)
}

function track(child: ChildProcess): ChildProcess {
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  return child
}

/** Ends a process at once, as `kill -9` does, and waits until it is gone. */
export async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

/** A TCP port of loopback that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

/** The last lines of a log file, to say why a process did not start. */
export function tailOf(logFile: string, lines: number): string {
  return existsSync(logFile)
    ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
    : ''
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
