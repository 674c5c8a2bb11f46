/** What really happened in a run: faults that struck and rare states that were reached, by name. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(name: string, count = 1): void {
    this.#counts.set(name, this.count(name) + count)
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** Adds all of another tally. */
  join(other: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(other)) this.add(name, count)
  }

  /** All counts, by name. */
  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
