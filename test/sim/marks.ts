/** What a run really reached: rare things, each counted when it happens. A run that reaches nothing proves nothing. */

/** Everything that must happen somewhere in enough seeds. */
export const MARKS = [
  'conflict repaired',
  'change begun',
  'change done',
  'change under fault',
  'change handed on',
  'configuration cut',
  'leader removed',
  'transfer done',
  'transfer given up',
  'read',
  'read refused',
  'log forgotten',
  'state sent',
  'state taken',
  'state passed over',
] as const

export type Mark = (typeof MARKS)[number]

/** The marks of one run. */
export class Marks {
  readonly #counts = new Map<Mark, number>()

  hit(mark: Mark): void {
    this.#counts.set(mark, this.count(mark) + 1)
  }

  count(mark: Mark): number {
    return this.#counts.get(mark) ?? 0
  }

  /** For example `reached: change done` 3. */
  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries(MARKS.map((mark) => [`reached: ${mark}`, this.count(mark)]))
  }
}
