import { defineConfig } from 'vitest/config'
import { LONG_TESTS, REAL_PROCESSES } from './vitest.integration.config.ts'

/** The long tests with real processes, after `npm run build`. */
export default defineConfig({ test: { ...REAL_PROCESSES, include: LONG_TESTS } })
