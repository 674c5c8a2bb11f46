/** A run as one page that needs nothing else: faults on a timeline, throughput and latency below, the words. Pure. */
import type { FaultWindow } from '../checkers/availability.ts'
import { type Second, secondsOf } from './series.ts'
import type { RunReport } from './text.ts'

const WIDTH = 1_100
const LEFT = 190
const ROW = 18
const PLOT = 120
const COLOURS = { true: '#1a7f37', false: '#cf222e', unknown: '#9a6700' } as const

/** `text` is the summary in words, shown as it is. */
export function htmlReport(report: RunReport, text: string): string {
  const { history, availability, verdict } = report
  const begin = history[0]?.ts ?? 0
  const seconds = secondsOf(history, begin)
  const spanMs = Math.max(1_000, (history.at(-1)?.ts ?? 0) - begin, seconds.length * 1_000)
  const x = (ts: number): number => LEFT + ((ts - begin) / spanMs) * (WIDTH - LEFT - 10)
  const at = (second: number): number => x(begin + second * 1_000)
  const drawings = [
    timeline(availability.windows, x),
    plot(
      'acknowledged a second',
      seconds.map((one) => one.acknowledged),
      at,
      '#0969da',
    ),
    plot(
      'latency, slowest, ms',
      seconds.map((one) => one.max),
      at,
      '#cf222e',
    ),
    plot(
      'latency, median, ms',
      seconds.map((one: Second) => one.p50),
      at,
      '#8250df',
    ),
  ]
  return `<!doctype html>
<meta charset="utf-8">
<title>run: ${String(verdict)}</title>
<style>
body { font: 14px system-ui, sans-serif; margin: 2em; color: #1f2328 }
h1 span { color: ${COLOURS[String(verdict) as keyof typeof COLOURS]} }
pre { background: #f6f8fa; padding: 1em; overflow: auto }
svg { display: block; margin: 1em 0 } text { font: 12px system-ui, sans-serif }
</style>
<h1>verdict: <span>${String(verdict)}</span></h1>
${drawings.join('\n')}
<pre>${escaped(text)}</pre>
`
}

/** One row a kind: light from begin to healed, dark while the fault is at work. Hovering tells whom it hit. */
function timeline(windows: readonly FaultWindow[], x: (ts: number) => number): string {
  const kinds = [...new Set(windows.map((window) => window.fault))]
  const rows = kinds.map((kind, n) => {
    const y = n * ROW
    const bars = windows
      .filter((window) => window.fault === kind)
      .map(({ begin, end, healed, about }) => {
        const title = `<title>${escaped(`${kind}: ${about}, ${Math.round(healed - begin)} ms`)}</title>`
        return (
          bar(x(begin), y, x(healed) - x(begin), '#ffd8b5', '') +
          bar(x(begin), y, x(end) - x(begin), '#d4600a', title)
        )
      })
    return `<text x="0" y="${y + 13}">${escaped(kind)}</text>${bars.join('')}`
  })
  return `<svg width="${WIDTH}" height="${kinds.length * ROW}">${rows.join('')}</svg>`
}

function bar(x: number, y: number, width: number, colour: string, inside: string): string {
  const w = Math.max(1, width).toFixed(1)
  return `<rect x="${x.toFixed(1)}" y="${y + 2}" width="${w}" height="${ROW - 4}" fill="${colour}">${inside}</rect>`
}

function plot(
  name: string,
  values: readonly number[],
  at: (second: number) => number,
  colour: string,
): string {
  const top = Math.max(1, ...values)
  const y = (value: number): number => PLOT - 5 - (value / top) * (PLOT - 15)
  const points = values.map((value, n) => `${at(n + 0.5).toFixed(1)},${y(value).toFixed(1)}`)
  return `<svg width="${WIDTH}" height="${PLOT}">
<text x="0" y="15">${escaped(name)}</text><text x="${LEFT - 40}" y="15">${Math.round(top)}</text>
<line x1="${LEFT}" x2="${WIDTH - 10}" y1="${PLOT - 5}" y2="${PLOT - 5}" stroke="#d0d7de"/>
<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/></svg>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
