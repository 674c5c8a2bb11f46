import { defineConfig } from 'vitest/config'
import { LONG_TESTS, REAL_PROCESSES } from './vitest.integration.config.ts'

/** The long tests with real processes, after `npm run build`, and the requests and frames that are made up. */
export default defineConfig({
  test: { ...REAL_PROCESSES, include: [...LONG_TESTS, 'test/fuzz/**/*.test.ts'] },
})
