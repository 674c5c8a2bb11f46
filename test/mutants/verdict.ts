/** Reads what a run of the tests says about a mutant. */
import { z } from 'zod'

/** The tests' word on one mutant. Only a test that failed kills; whatever else goes wrong proves nothing. */
export type Verdict =
  | { readonly type: 'killed'; readonly test: string; readonly promise: string }
  | { readonly type: 'passed' }
  | { readonly type: 'broken'; readonly reason: string }

const REPORT = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
})

/**
 * The verdict of a report in vitest's JSON format, `''` when the run left none. `root` is cut off the names of
 * test files.
 */
export function verdictOf(report: string, root: string): Verdict {
  if (report === '') return { type: 'broken', reason: 'the tests did not come to an end' }
  const { testResults } = REPORT.parse(JSON.parse(report))
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (failed === undefined) continue
    const file = name.startsWith(root) ? name.slice(root.length + 1) : name
    const [promise = ''] = (failed.failureMessages?.[0] ?? '').split('\n')
    return { type: 'killed', test: `${file} > ${failed.fullName}`, promise }
  }
  const broken = testResults.find(({ message }) => message !== '')
  if (broken !== undefined) return { type: 'broken', reason: `no test ran: ${broken.message}` }
  return { type: 'passed' }
}
