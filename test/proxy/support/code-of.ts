/** The code with which something is refused, for tests. */
import { Refusal } from '../../../src/proxy/refusal.ts'

/** The `Code` of the refusal that `run` throws; 0 when it throws none. */
export function codeOf(run: () => unknown): number {
  try {
    run()
    return 0
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}
