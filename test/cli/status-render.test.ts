/** What `status` prints. */
import { expect, test } from 'vitest'
import { judgeGroup } from '../../src/cli/status-judge.ts'
import { statusJson, statusText } from '../../src/cli/status-render.ts'
import { down, up } from './made-up.ts'

const degraded = judgeGroup({ group: 'broker-0', members: [up(1), up(2, { appliedIndex: 2_050 }), down(3)] })
const plain = (_: string, text: string): string => text

test('the verdict comes first, then why, what to do, and all members', () => {
  expect(statusText([degraded], plain)).toBe(
    [
      'Group broker-0 is DEGRADED: 2 of 3 members answer, 0 more may fail, member 1 leads in term 2.',
      '  why  member 3 (127.0.0.1:8083) does not answer: connection refused',
      '  do   start member 3 (127.0.0.1:8083) again, or see why it does not answer; it catches up by itself. If its data folder is lost: npm run cli -- member replace 3',
      '',
      'MEMBER  ENDPOINT        ROLE         TERM  LAST  COMMITTED  APPLIED  LAG  DIGEST    UPTIME          DISK  SCRUB  VERSION',
      '1       127.0.0.1:8081  leader          2  2060       2060     2060    0  aaaa0000    1m1s  46.6 GB free   25 %  0.1.0',
      '2       127.0.0.1:8082  follower        2  2060       2060     2050   10  aaaa0000    1m1s  46.6 GB free   25 %  0.1.0',
      '3       127.0.0.1:8083  unreachable  connection refused',
    ].join('\n'),
  )
})

test('a narrow terminal sees fewer columns and no broken lines', () => {
  const table = statusText([degraded], plain, 80).split('\n').slice(4, 7)
  expect(table[0]).toContain('LAG')
  expect(table[0]).not.toContain('VERSION')
  for (const line of table) expect(line.length).toBeLessThanOrEqual(80)
})

test('programs get the verdict and every member, with an error where there is no answer', () => {
  expect(statusJson([degraded])).toMatchObject({
    verdict: 'degraded',
    groups: [
      {
        group: 'broker-0',
        clusterId: 'c1',
        verdict: 'degraded',
        leaderId: 1,
        term: 2,
        members: [
          {
            id: 1,
            endpoint: '127.0.0.1:8081',
            role: 'leader',
            lag: 0,
            error: null,
            digest: { index: 2_060 },
          },
          { id: 2, role: 'follower', lag: 10, peerEndpoint: '127.0.0.1:40912' },
          { id: 3, endpoint: '127.0.0.1:8083', role: 'unreachable', error: 'connection refused' },
        ],
      },
    ],
  })
})
