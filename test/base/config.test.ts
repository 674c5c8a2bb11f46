/** What the plain configuration types promise. */
import { expect, test } from 'vitest'
import { CONFIG_DEFAULTS, splitEndpoint } from '../../src/base/config.ts'

test.each([
  ['127.0.0.1:8081', { host: '127.0.0.1', port: 8081 }],
  ['broker.example:1', { host: 'broker.example', port: 1 }],
  ['[::1]:9876', { host: '::1', port: 9876 }],
  ['::1:9876', undefined],
  ['localhost', undefined],
  ['localhost:70000', undefined],
  [':80', undefined],
  ['http://localhost:80', undefined],
])('the endpoint %s is split or refused', (text, parts) => {
  expect(splitEndpoint(text)).toEqual(parts)
})

test('an election waits longer than several heartbeats by default', () => {
  const { heartbeatTicks, electionTicksMin, electionTicksMax } = CONFIG_DEFAULTS.raft
  expect(heartbeatTicks * 3).toBeLessThan(electionTicksMin)
  expect(electionTicksMin).toBeLessThan(electionTicksMax)
})
