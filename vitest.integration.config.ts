import { defineConfig } from 'vitest/config'

/** Tests that start real processes on real ports: one file after the other, with time to start and stop. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    pool: 'forks',
  },
})
