/** The order of the house: layers, circles, dead files, pure folders, shape of files, tests, loose ends. */
import { describe, expect, test } from 'vitest'
import {
  cycles,
  deadFiles,
  importGraph,
  layerFaults,
  type Layers,
  testedFiles,
} from './support/import-graph.ts'
import {
  declaresPurity,
  focusFaults,
  isTypesOnly,
  LINES_MAX,
  purityFaults,
  shapeFaults,
  todoFaults,
} from './support/source-rules.ts'
import { filesBelow, has, textOf } from './support/tree.ts'

/** What each layer may import beside itself. Imports go down only. */
const LAYERS: Layers = {
  base: [],
  raft: ['base'],
  'broker/machine': ['base'],
  store: ['base'],
  http2: ['base'],
  rpc: ['base', 'http2'],
  observe: ['base'],
  dledger: ['base', 'raft', 'store', 'rpc'],
  namesrv: ['base', 'rpc'],
  client: ['base', 'rpc'],
  broker: ['base', 'broker/machine', 'dledger', 'store', 'rpc', 'namesrv'],
  proxy: ['base', 'rpc', 'broker', 'broker/machine'],
  'ledger/machine': ['base', 'broker/machine'],
  ledger: ['base', 'rpc', 'dledger', 'broker', 'broker/machine', 'proxy', 'ledger/machine'],
  member: [
    'observe',
    'base',
    'raft',
    'broker/machine',
    'store',
    'rpc',
    'dledger',
    'namesrv',
    'client',
    'broker',
    'proxy',
    'ledger/machine',
    'ledger',
  ],
  cli: [
    'base',
    'raft',
    'broker/machine',
    'store',
    'rpc',
    'observe',
    'dledger',
    'namesrv',
    'client',
    'broker',
    'proxy',
    'member',
  ],
}

/** Folders whose files reach nothing outside, and the one file that may: it checksums with `node:zlib`. */
const PURE_FOLDERS = ['base', 'raft', 'broker/machine', 'ledger/machine']
const IMPURE_FILES = ['base/crc32.ts']

/** The programs: what they do not reach is dead. */
const ENTRIES = ['cli/dledger.ts', 'cli/dledger-cli.ts']

/** Files and folders that no test imports, not even through another file of their layer, and what tests them. */
const TESTED_ELSEWHERE: readonly (readonly [path: string, by: string])[] = [
  ['cli/', 'test/integration starts the programs as a user does'],
  ['member/', 'test/integration starts whole members'],
]

const sources = new Map(
  filesBelow(['src'])
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path.slice(4), textOf(path)]),
)
const graph = importGraph(sources)
const tests = filesBelow(['test']).filter((path) => path.endsWith('.ts'))
const texts = filesBelow([
  'src',
  'test',
  'bench',
  'jepsen-like',
  'scripts',
  'bin',
  'proto',
  'docs',
  'deploy',
  '.ci',
])
const ownTexts = [...texts, 'README.md', 'package.json', 'package-lock.json', '.npmrc'].filter(has)

function faultsOf(check: (file: string, text: string) => readonly string[]): string[] {
  return [...sources].flatMap(([file, text]) => check(file, text))
}

function isPure(file: string): boolean {
  if (IMPURE_FILES.includes(file)) return false
  const folder = PURE_FOLDERS.some((pure) => file.startsWith(`${pure}/`))
  return folder || declaresPurity(sources.get(file) ?? '')
}

describe('the import graph', () => {
  test('imports go down the layers', () => {
    expect(layerFaults(graph, LAYERS)).toEqual([])
  })

  test('no files import one another in a circle', () => {
    expect(cycles(graph)).toEqual([])
  })

  test('a program reaches every file', () => {
    expect(deadFiles(graph, ENTRIES)).toEqual([])
  })
})

describe('files', () => {
  test('pure files reach nothing outside', () => {
    expect(faultsOf((file, text) => (isPure(file) ? purityFaults(file, text) : []))).toEqual([])
  })

  test('each opens with a comment, is short and exports by name', () => {
    expect(faultsOf(shapeFaults)).toEqual([])
  })

  test('no test is too long', () => {
    const long = tests.filter((path) => textOf(path).trimEnd().split('\n').length > LINES_MAX)
    expect(long).toEqual([])
  })
})

describe('tests', () => {
  const tested = testedFiles(graph, new Map(tests.map((path) => [path, textOf(path)])), LAYERS)
  const unreached = [...sources]
    .filter(([file, text]) => !isTypesOnly(text) && !tested.has(file))
    .map(([file]) => file)
  const covers = (path: string, file: string): boolean =>
    path.endsWith('/') ? file.startsWith(path) : file === path

  test('tests reach each file with code, or the list says what tests it', () => {
    const listed = (file: string): boolean => TESTED_ELSEWHERE.some(([path]) => covers(path, file))
    expect(unreached.filter((file) => !listed(file))).toEqual([])
  })

  test('the list holds nothing that is gone or that tests reach', () => {
    const needless = TESTED_ELSEWHERE.filter(([path]) => !unreached.some((file) => covers(path, file)))
    expect(needless).toEqual([])
  })

  test('none is left out and none runs alone', () => {
    expect(tests.flatMap((path) => focusFaults(path, textOf(path)))).toEqual([])
  })
})

describe('loose ends', () => {
  test('open work names its issue', () => {
    const own = texts.filter((path) => !path.startsWith('test/support/source-rules'))
    expect(own.flatMap((path) => todoFaults(path, textOf(path)))).toEqual([])
  })

  test('no file names a package registry or a folder of one machine', () => {
    // Put together here, so that this file names none either.
    const hosts = ['npmjs', 'yarnpkg'].map((name) => `registry.${name}`)
    const folders = ['home', 'Users', 'root', 'work'].map((name) => `/${name}/`)
    const places = [...hosts, ...folders]
    const found = ownTexts.flatMap((path) =>
      places.filter((place) => textOf(path).includes(place)).map((place) => `${path}: ${place}`),
    )
    expect(found).toEqual([])
  })
})
