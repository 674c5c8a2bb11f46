/** What a campaign really did: hours, operations, faults and rare states, summed over its seeds. */
import type { AnyVerdict, Kind } from './campaign.ts'
import { Tally } from './tally.ts'

interface Sums {
  seeds: number
  simulatedMs: number
  answered: number
  committed: number
  events: number
}

export class Summary {
  readonly #start = performance.now()
  readonly #rings = new Map<'core' | 'node', Sums>()
  readonly #tally = new Tally()
  #twice = 0

  add(kind: Kind, verdict: AnyVerdict, twice: boolean): void {
    const ring = kind === 'node' ? 'node' : 'core'
    const sums = this.#rings.get(ring) ?? { seeds: 0, simulatedMs: 0, answered: 0, committed: 0, events: 0 }
    this.#rings.set(ring, sums)
    sums.seeds++
    sums.simulatedMs += verdict.simulatedMs
    sums.answered += verdict.answered
    sums.committed += verdict.committed
    sums.events += verdict.events
    if (twice) this.#twice++
    this.#tally.join(verdict.tally)
  }

  get seeds(): number {
    return [...this.#rings.values()].reduce((sum, { seeds }) => sum + seeds, 0)
  }

  /** One line a ring, a fault and a rare state, and one for the whole. */
  get lines(): readonly string[] {
    const seconds = (performance.now() - this.#start) / 1000
    const counts = Object.entries(this.#tally.all)
    const faults = counts.filter(([name]) => name.startsWith('fault: '))
    const struck = faults.reduce((sum, [, count]) => sum + count, 0)
    const hours = [...this.#rings.values()].reduce((sum, { simulatedMs }) => sum + simulatedMs / 3_600_000, 0)
    return [
      ...counts.map(([name, count]) => `${String(count).padStart(9)} ${name}`),
      ...[...this.#rings].map(([ring, sums]) => ringLine(ring, sums)),
      `${this.seeds} seeds, ${this.#twice} of them twice, ${hours.toFixed(1)} simulated hours and ${struck} faults of ${faults.length} kinds in ${seconds.toFixed(0)} s`,
    ]
  }
}

function ringLine(ring: string, { seeds, simulatedMs, answered, committed, events }: Sums): string {
  const hours = (simulatedMs / 3_600_000).toFixed(1)
  const pace = (answered / (simulatedMs / 1000)).toFixed(1)
  return `ring ${ring}: ${seeds} seeds, ${hours} simulated hours, ${answered} operations of clients (${pace} a second), ${committed} entries committed, ${events} events`
}
