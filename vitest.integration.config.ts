import { defineConfig } from 'vitest/config'

/** Tests with real processes that take minutes: a part of `.ci/run` of their own (vitest.long.config.ts). */
export const LONG_TESTS = [
  'facade',
  'namesrv',
  'snapshot',
  'topics',
  'push',
  'fifo',
  'transaction',
  'renew',
  'disk',
  'rot',
  'retention',
  'catch-up',
  'partitions',
  'delay',
  'folders',
  'ledger',
  'apache-admin',
  'members',
  'query',
  'consume',
].map((name) => `test/integration/${name}.test.ts`)

/** What all tests with real processes need: one file after the other, with time to start and stop. */
export const REAL_PROCESSES = {
  testTimeout: 120_000,
  hookTimeout: 60_000,
  fileParallelism: false,
  pool: 'forks',
  onUnhandledError: (error: { readonly stack?: string }) => !isClosedTelemetry(error.stack ?? ''),
} as const

/** The tests with real processes that `npm test` runs. */
export default defineConfig({
  test: { ...REAL_PROCESSES, include: ['test/integration/**/*.test.ts'], exclude: LONG_TESTS },
})

/**
 * The official client no longer listens to a telemetry stream that it closes. When the node is killed before
 * that stream has ended, the stream's error is heard by nobody. That says nothing about the node.
 */
function isClosedTelemetry(stack: string): boolean {
  return stack.includes('UNAVAILABLE') && /rocketmq-client-nodejs.*TelemetrySession/.test(stack)
}
