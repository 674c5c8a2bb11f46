import { expect, test } from 'vitest'
import { nodeId } from '../../src/base/brand.ts'
import type { ConnectionEvent, Ending } from '../../src/dledger/peers/index.ts'
import { PeerWatch } from '../../src/member/peer-watch.ts'

const about = { peer: nodeId(2), channel: 'raft', direction: 'out' } as const
const down = (ending: Ending): ConnectionEvent => ({ type: 'down', ...about, ending, reason: '' })
const unreached = (ending: Ending): ConnectionEvent => ({ type: 'unreached', ...about, ending })
const up: ConnectionEvent = { type: 'up', ...about }

test('a closed connection and a redial that is turned away show once that the process is gone', () => {
  const watch = new PeerWatch()
  expect([down('closed'), unreached('reset'), unreached('reset')].map((event) => watch.sees(event))).toEqual([
    false,
    true,
    false,
  ])
})

test('a connection that was reset and made again shows nothing', () => {
  const watch = new PeerWatch()
  expect([down('reset'), up, unreached('reset')].some((event) => watch.sees(event))).toBe(false)
})

test('silence shows nothing, neither of a connection nor of a redial', () => {
  const watch = new PeerWatch()
  expect([down('silent'), unreached('reset')].some((event) => watch.sees(event))).toBe(false)
  expect([down('closed'), unreached('silent')].some((event) => watch.sees(event))).toBe(false)
})
