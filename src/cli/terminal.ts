/** The terminal: colours only where they are seen, and the width that there is. */
import { styleText } from 'node:util'
import type { Paint } from './status-render.ts'

const COLOURS = { healthy: 'green', degraded: 'yellow', 'no leader': 'red', unreachable: 'red' } as const

/** Whether standard output shows colours (NO_COLOR and FORCE_COLOR as everywhere). */
export function hasColours(): boolean {
  const { NO_COLOR: none, FORCE_COLOR: forced } = process.env
  if (none !== undefined && none !== '') return false
  return process.stdout.isTTY || (forced !== undefined && forced !== '0')
}

export const paintVerdict: Paint = (verdict, text) =>
  hasColours() ? styleText(['bold', COLOURS[verdict]], text) : text

/** Headings and the like. */
export function bold(text: string): string {
  return hasColours() ? styleText('bold', text) : text
}

/** What is less important. */
export function dim(text: string): string {
  return hasColours() ? styleText('dim', text) : text
}

/** Columns of the terminal; `undefined` when the output goes elsewhere. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined
}

/** Writes lines to standard output. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Writes notes that are not the answer to standard error. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}
