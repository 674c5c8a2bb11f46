/**
 * The import graph of a set of TypeScript files and the rules over it: layers, cycles, dead files. Works on
 * text, so that it can be tried on made-up files, and counts `import type` like every other import.
 */

/** Paths relative to `src/`, for example `raft/log.ts`, and the text of each file. */
export type Sources = ReadonlyMap<string, string>

/** For each file the files of the same set that it imports. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>

/** For each layer the layers below it that it may import. A layer is a folder, possibly a nested one. */
export type Layers = Readonly<Record<string, readonly string[]>>

const FROM =
  /^(?:import|export)\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|[\w$\s,]*\{[^}]*\}|[\w$]+)\s*from\s*['"]([^'"]+)['"]/gm
const BARE = /^import\s*['"]([^'"]+)['"]/gm
const CALLED = /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g
const WORKER = /new URL\(\s*['"](\.{1,2}\/[^'"]+\.ts)['"]\s*,\s*import\.meta\.url/g

/** Every module name that a file imports, static, dynamic, by type, or as the file of a worker. */
export function importsOf(text: string): string[] {
  return [FROM, BARE, CALLED, WORKER].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => match[1] ?? ''),
  )
}

/** Builds the graph. Imports of packages are left out; a relative import of a missing file throws. */
export function importGraph(sources: Sources): Graph {
  return new Map(
    [...sources].map(([file, text]) => {
      const targets = importsOf(text)
        .filter((name) => name.startsWith('.'))
        .map((name) => resolveFrom(file, name))
      const missing = targets.find((target) => !sources.has(target))
      if (missing !== undefined) throw new Error(`${file} imports ${missing}, which is not there`)
      return [file, new Set(targets)]
    }),
  )
}

/** The path that a relative import means, seen from the file that holds it. */
export function resolveFrom(file: string, name: string): string {
  const parts = file.split('/').slice(0, -1)
  for (const part of name.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** The layer of a file: the longest folder named in `layers` that holds it; `undefined` without one. */
export function layerOf(file: string, layers: Layers): string | undefined {
  return Object.keys(layers)
    .filter((layer) => file.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0]
}

/** One sentence for each import that does not go down, and for each file outside every layer. */
export function layerFaults(graph: Graph, layers: Layers): string[] {
  const faults: string[] = []
  for (const [file, targets] of graph) {
    const from = layerOf(file, layers)
    if (from === undefined) faults.push(`${file} is in no layer`)
    for (const target of targets) {
      const to = layerOf(target, layers)
      if (from === undefined || to === undefined || from === to) continue
      if (!layers[from]?.includes(to)) faults.push(`${file} (${from}) imports ${target} (${to})`)
    }
  }
  return faults
}

/** Every group of files that import one another in a circle, each sorted; empty when there is none. */
export function cycles(graph: Graph): string[][] {
  return [...graph.keys()]
    .filter((file) => reachableFrom(graph, graph.get(file) ?? []).has(file))
    .reduce<string[][]>((found, file) => {
      const known = found.some((circle) => circle.includes(file))
      return known ? found : [...found, circleOf(graph, file)]
    }, [])
}

function circleOf(graph: Graph, file: string): string[] {
  const ahead = reachableFrom(graph, [file])
  return [...ahead].filter((other) => reachableFrom(graph, graph.get(other) ?? []).has(file)).sort()
}

/** The files that are in reach of the given ones, those included. */
export function reachableFrom(graph: Graph, starts: Iterable<string>): Set<string> {
  const seen = new Set(starts)
  for (const file of seen) for (const target of graph.get(file) ?? []) seen.add(target)
  return seen
}

/** Files that no entry point reaches, sorted. An entry point that is missing throws. */
export function deadFiles(graph: Graph, entries: readonly string[]): string[] {
  const missing = entries.find((entry) => !graph.has(entry))
  if (missing !== undefined) throw new Error(`the entry point ${missing} is not there`)
  const alive = reachableFrom(graph, entries)
  return [...graph.keys()].filter((file) => !alive.has(file)).sort()
}

/**
 * Files that a test imports, or that such a file uses within its own layer. `tests` are the texts of test
 * files by path, for example `test/raft/log.test.ts`, beside the sources in `src/`.
 */
export function testedFiles(graph: Graph, tests: Sources, layers: Layers): Set<string> {
  const within = new Map(
    [...graph].map(([file, targets]) => {
      const layer = layerOf(file, layers)
      return [file, new Set([...targets].filter((target) => layerOf(target, layers) === layer))]
    }),
  )
  const imported = [...tests].flatMap(([test, text]) =>
    importsOf(text).map((name) => resolveFrom(test, name)),
  )
  const sources = imported.filter((path) => path.startsWith('src/')).map((path) => path.slice('src/'.length))
  return reachableFrom(within, sources)
}
