/**
 * `npm test`: sets the project up and runs the unit, scenario and simulator tests, then those with real
 * processes. With arguments (`npm test -- test/cli`) only the tests of the first kind that they name.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runNode, setUp } from './setup.mjs'

setUp()
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
const names = process.argv.slice(2)
let code = runNode([vitest, 'run', ...names])
const integration = join(ROOT, 'test', 'integration')
if (names.length === 0 && existsSync(integration) && holdsTests(integration)) {
  console.error('now the tests with real processes, up to some minutes')
  code = runNode([vitest, 'run', '--config', 'vitest.integration.config.ts']) || code
}
process.exitCode = code

function holdsTests(folder) {
  return readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.test.ts'))
}
