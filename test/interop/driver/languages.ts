/** The five languages: what each needs on the machine, how its program is built, and how it is given addresses. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type LanguageName = 'node' | 'java' | 'go' | 'python' | 'rust'

export interface Language {
  readonly name: LanguageName
  /** The library and its version, as the table says it. */
  readonly library: string
  /** Programs that must be there to build and run it. */
  readonly tools: readonly string[]
  /** Builds below `folder`, where the sources have been copied to; each step is a command line. */
  readonly steps: (folder: string) => readonly (readonly string[])[]
  /** What runs the built program. */
  readonly command: (folder: string) => readonly string[]
  /** Whether several addresses are given as a list or as one host name with several addresses. */
  readonly several: 'list' | 'name'
  /** More of the environment: where logs go, whom to trust. */
  readonly env: (logs: string, caPath: string) => Readonly<Record<string, string>>
}

/** Repository folder of the programs; the compiled driver runs below `dist-interop`. */
const SOURCES = join(process.cwd(), 'test', 'interop')
/** Where programs are built: kept between runs, known to nobody else. */
const BUILDS = join(process.cwd(), '.interop')
const BUILD_MS_MAX = 900_000

export const LANGUAGES: readonly Language[] = [
  {
    name: 'node',
    library: 'rocketmq-client-nodejs 1.0.8',
    tools: ['node'],
    steps: () => [],
    command: () => [process.execPath, join(SOURCES, 'node', 'agent.mjs')],
    several: 'name',
    env: (_logs, caPath) => ({ NODE_EXTRA_CA_CERTS: caPath, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: caPath }),
  },
  {
    name: 'java',
    library: 'rocketmq-client-java 5.2.0',
    tools: ['java', 'javac', 'mvn'],
    steps: () => [
      ['mvn', '-q', '-B', '-ntp', 'compile', 'dependency:build-classpath', '-Dmdep.outputFile=classpath.txt'],
    ],
    command: (folder) => [
      'java',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-cp',
      `${join(folder, 'target', 'classes')}:${readFileSync(join(folder, 'classpath.txt'), 'utf8').trim()}`,
      'Agent',
    ],
    several: 'list',
    env: (logs) => ({ JAVA_TOOL_OPTIONS: `-Drocketmq.log.root=${logs}` }),
  },
  {
    name: 'go',
    library: 'rocketmq-clients/golang/v5 5.1.4',
    tools: ['go'],
    steps: () => [['go', 'build', '-o', 'agent', '.']],
    command: (folder) => [join(folder, 'agent')],
    several: 'list',
    env: (logs) => ({ 'rocketmq.client.logRoot': logs }),
  },
  {
    name: 'python',
    library: 'rocketmq-python-client 5.1.2',
    tools: ['python3'],
    steps: (folder) => [
      ['python3', '-m', 'venv', join(folder, 'venv')],
      [join(folder, 'venv', 'bin', 'pip'), 'install', '-q', '--no-deps', '-r', 'requirements.txt'],
    ],
    command: (folder) => [join(folder, 'venv', 'bin', 'python'), join(folder, 'agent.py')],
    several: 'name',
    env: (logs, caPath) => ({ HOME: logs, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: caPath }),
  },
  {
    name: 'rust',
    library: 'rocketmq 5.0.0',
    tools: ['cargo', 'rustc', 'cc'],
    steps: () => [['cargo', 'build', '--quiet']],
    command: (folder) => [join(folder, 'target', 'debug', 'agent')],
    several: 'name',
    env: () => ({}),
  },
]

/** Tools of a language that are not on this machine. */
export function missingTools({ tools }: Language): string[] {
  const folders = (process.env['PATH'] ?? '').split(':')
  return tools.filter((tool) => !folders.some((folder) => existsSync(join(folder, tool))))
}

/** Builds what has changed since the last time and returns the command that runs the program. Throws what the tool said. */
export function build(language: Language): readonly string[] {
  const source = join(SOURCES, language.name)
  const folder = join(BUILDS, language.name)
  const mark = join(folder, '.built')
  const wanted = hashOf(source)
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) {
    mkdirSync(folder, { recursive: true })
    rmSync(mark, { force: true })
    cpSync(source, folder, { recursive: true })
    for (const step of language.steps(folder)) run(step, folder)
    writeFileSync(mark, wanted)
  }
  return language.command(folder)
}

function run(step: readonly string[], folder: string): void {
  const { status, stdout, stderr, error } = spawnSync(step[0] ?? '', step.slice(1), {
    cwd: folder,
    encoding: 'utf8',
    timeout: BUILD_MS_MAX,
  })
  if (status === 0) return
  throw new Error(`${step.join(' ')} failed: ${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`)
}

function hashOf(folder: string): string {
  const hash = createHash('sha256')
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  for (const path of names.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(`\n${path}\n`).update(readFileSync(path))
  }
  return hash.digest('hex')
}
