import { defineConfig } from 'vitest/config'

/** Tests that start real processes on real ports: one file after the other, with time to start and stop. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    pool: 'forks',
    // The official Node client lets the end of a telemetry stream that it has left escape as an 'error' event
    // nobody listens to (its node was killed); a user's process would end there. No other error is passed over.
    onUnhandledError: (error) =>
      !('code' in error && error.code === 14 && error.message.includes('UNAVAILABLE')),
  },
})
