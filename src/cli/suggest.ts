/** "Did you mean": the known name that is nearest to a mistyped one. Pure. */

/** The nearest name, or `undefined` when none is near enough to be meant. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(typed.length / 3))
  let best: string | undefined
  let least = limit + 1
  for (const name of known) {
    const steps = distance(typed.toLowerCase(), name.toLowerCase())
    if (steps < least && name !== typed) {
      best = name
      least = steps
    }
  }
  return best
}

/** How many letters must be added, removed, replaced or swapped with their neighbour (Damerau). */
export function distance(from: string, to: string): number {
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, n) => n)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let steps = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (same ? 0 : 1))
      if (from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        steps = Math.min(steps, at(before, j - 2) + 1)
      next.push(steps)
    }
    before = row
    row = next
  }
  return at(row, to.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
