/**
 * Metrics in the text format of Prometheus (exposition format 0.0.4). Whoever has metrics hands in families;
 * gauges are read when somebody asks.
 */
import type { Counter, Histogram } from '../base/metrics.ts'

export type Labels = Readonly<Record<string, string>>

/** One value of a family, under its own labels. */
export interface Sample<Value> {
  readonly labels?: Labels
  readonly value: Value
}

/** All series of one name. */
export type Family =
  | {
      readonly type: 'counter'
      readonly name: string
      readonly help: string
      readonly samples: readonly Sample<Counter | number>[]
    }
  | {
      readonly type: 'gauge'
      readonly name: string
      readonly help: string
      readonly samples: readonly Sample<number>[]
    }
  | {
      readonly type: 'histogram'
      readonly name: string
      readonly help: string
      readonly samples: readonly Sample<Histogram>[]
    }

/** The page that Prometheus reads. `common` stands on every series. */
export function exposition(families: readonly Family[], common: Labels): string {
  return families.map((family) => `${head(family)}${series(family, common)}`).join('')
}

function head({ name, help, type }: Family): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
}

function series(family: Family, common: Labels): string {
  if (family.type === 'histogram') {
    return family.samples
      .map(({ labels, value }) => buckets(family.name, { ...common, ...labels }, value))
      .join('')
  }
  return family.samples
    .map(({ labels, value }) => {
      const number = typeof value === 'number' ? value : value.value
      return line(family.name, { ...common, ...labels }, number)
    })
    .join('')
}

function buckets(name: string, labels: Labels, histogram: Histogram): string {
  const counts = histogram.cumulative()
  const total = counts.at(-1) ?? 0
  const lines = histogram.bounds.map((bound, at) =>
    line(`${name}_bucket`, { ...labels, le: String(bound) }, counts[at] ?? 0),
  )
  return [
    ...lines,
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, total),
    line(`${name}_sum`, labels, histogram.sum),
    line(`${name}_count`, labels, total),
  ].join('')
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
