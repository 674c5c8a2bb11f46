/** The walker of the import graph on made-up files: it must see what it is there to see. */
import { expect, test } from 'vitest'
import {
  cycles,
  deadFiles,
  importGraph,
  importsOf,
  layerFaults,
  layerOf,
  testedFiles,
} from './import-graph.ts'

const layers = { base: [], raft: ['base'], 'broker/machine': ['base'], broker: ['base', 'broker/machine'] }

function graphOf(files: Readonly<Record<string, string>>) {
  return importGraph(new Map(Object.entries(files)))
}

test('every way to import is seen', () => {
  const text = [
    "import type { A } from './type.ts'",
    "import B from './default.ts'",
    "import C, { D } from './both.ts'",
    "import * as e from './star.ts'",
    "import './bare.ts'",
    "export { F } from './again.ts'",
    'import {\n  G,\n  type H,\n} from "./lines.ts"',
    "const i = await import('./called.ts')",
    "type J = import('./in-type.ts').J",
    "new Worker(new URL('./worker.ts', import.meta.url))",
  ].join('\n')
  const found = [...importsOf(text)].sort()
  expect(found).toEqual(
    ['again', 'bare', 'both', 'called', 'default', 'in-type', 'lines', 'star', 'type', 'worker'].map(
      (n) => `./${n}.ts`,
    ),
  )
})

test('words in comments and texts are no imports', () => {
  expect(importsOf(" * import x from './a.ts'\n// import './b.ts'\nexport const from = 'c'\n")).toEqual([])
})

test('an import that goes up is a fault, one that goes down is none', () => {
  const graph = graphOf({
    'base/a.ts': "import type { B } from '../raft/b.ts'",
    'raft/b.ts': "import { c } from '../base/c.ts'",
    'base/c.ts': '',
  })
  expect(layerFaults(graph, layers)).toEqual(['base/a.ts (base) imports raft/b.ts (raft)'])
})

test('a nested layer is its own and does not see the folder around it', () => {
  expect(layerOf('broker/machine/x.ts', layers)).toBe('broker/machine')
  expect(layerOf('broker/x.ts', layers)).toBe('broker')
  const graph = graphOf({ 'broker/machine/x.ts': "import '../y.ts'", 'broker/y.ts': '' })
  expect(layerFaults(graph, layers)).toEqual([
    'broker/machine/x.ts (broker/machine) imports broker/y.ts (broker)',
  ])
})

test('a file outside every layer is a fault', () => {
  expect(layerFaults(graphOf({ 'other/x.ts': '' }), layers)).toEqual(['other/x.ts is in no layer'])
})

test('a circle is found, also through types and over three files', () => {
  const graph = graphOf({
    'base/a.ts': "import './b.ts'",
    'base/b.ts': "import type { C } from './c.ts'",
    'base/c.ts': "export { A } from './a.ts'",
    'base/d.ts': "import './a.ts'",
  })
  expect(cycles(graph)).toEqual([['base/a.ts', 'base/b.ts', 'base/c.ts']])
})

test('a file that imports itself is a circle', () => {
  expect(cycles(graphOf({ 'base/a.ts': "import './a.ts'" }))).toEqual([['base/a.ts']])
})

test('a graph without circles has none', () => {
  const graph = graphOf({
    'base/a.ts': "import './b.ts'\nimport './c.ts'",
    'base/b.ts': "import './c.ts'",
    'base/c.ts': '',
  })
  expect(cycles(graph)).toEqual([])
})

test('a file that no entry point reaches is dead', () => {
  const graph = graphOf({
    'cli/main.ts': "import '../base/a.ts'",
    'base/a.ts': '',
    'base/dead.ts': "import './a.ts'",
  })
  expect(deadFiles(graph, ['cli/main.ts'])).toEqual(['base/dead.ts'])
})

test('a missing file or entry point is not passed over', () => {
  expect(() => graphOf({ 'base/a.ts': "import './gone.ts'" })).toThrow('base/gone.ts')
  expect(() => deadFiles(graphOf({}), ['cli/main.ts'])).toThrow('cli/main.ts')
})

test('a file counts as tested when a test imports it or its layer uses it for one that is', () => {
  const graph = graphOf({
    'raft/raft.ts': "import './log.ts'\nimport '../base/bytes.ts'",
    'raft/log.ts': '',
    'raft/alone.ts': '',
    'base/bytes.ts': '',
  })
  const tests = new Map([['test/raft/raft.test.ts', "import '../../src/raft/raft.ts'\nimport 'vitest'"]])
  expect([...testedFiles(graph, tests, layers)].sort()).toEqual(['raft/log.ts', 'raft/raft.ts'])
})
