/** Medians, tables and aims: what a bench prints. A missed aim is told, it never fails the bench. */
import Table from 'cli-table3'

/** The middle of the values; of an even number, the mean of the two in the middle. 0 without values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** A number for people: three digits that count, no more than one after the point from ten on. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 1000) return String(Math.round(value))
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** Prints rows of texts below their heads. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } })
  for (const row of rows) table.push([...row])
  console.log(table.toString())
}

/** One thing to reach. `value` is what was measured. */
export interface Aim {
  readonly what: string
  readonly value: number
  readonly rule: 'at least' | 'at most' | 'under'
  readonly bound: number
  readonly unit?: string
}

/** Does the measured value keep the aim's rule? */
export function reached(aim: Aim): boolean {
  if (aim.rule === 'at least') return aim.value >= aim.bound
  return aim.rule === 'at most' ? aim.value <= aim.bound : aim.value < aim.bound
}

/** Prints each aim with what was measured and whether it is reached. */
export function printAims(aims: readonly Aim[]): void {
  printTable(
    ['aim', 'measured', 'wanted', ''],
    aims.map((aim) => {
      const unit = aim.unit === undefined ? '' : ` ${aim.unit}`
      return [
        aim.what,
        `${short(aim.value)}${unit}`,
        `${aim.rule} ${aim.bound}${unit}`,
        reached(aim) ? 'reached' : 'MISSED',
      ]
    }),
  )
}
