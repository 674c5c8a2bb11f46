import { expect, test } from 'vitest'
import { nodeId, term } from '../../src/base/brand.ts'
import type { LogChange } from '../../src/dledger/log-store.ts'
import { type LaneWrite, WriteLane } from '../../src/dledger/write-lane.ts'
import type { HardState } from '../../src/raft/types.ts'
import { settle } from '../support/manual-clock.ts'

const CHANGE: LogChange = { cut: null, records: [] }

function stateOf(atTerm: number): HardState {
  return { term: term(atTerm), votedFor: nodeId(1) }
}

/** A lane whose disk ends each call when the test says so, and the story of what happened. */
function laneOf(): { lane: WriteLane; story: string[]; end: (error?: Error) => Promise<void> } {
  const story: string[] = []
  let finish: (error?: Error) => void = () => undefined
  const call = (what: string): Promise<void> => {
    story.push(what)
    return new Promise((resolve, reject) => {
      finish = (error) => (error === undefined ? resolve() : reject(error))
    })
  }
  const lane = new WriteLane(
    {
      saveHardState: (state) => call(`save term ${state.term}`),
      writeLog: (changes) => call(`write ${changes.length}`),
    },
    {
      persisted: (id) => story.push(`persisted ${id}`),
      failed: (error) => story.push(`failed ${error instanceof Error ? error.message : ''}`),
    },
  )
  const end = async (error?: Error): Promise<void> => {
    finish(error)
    await settle()
  }
  return { lane, story, end }
}

function writeOf(id: number, atTerm: number | null, change: LogChange | null = CHANGE): LaneWrite {
  return { id, hardState: atTerm === null ? null : stateOf(atTerm), change }
}

test('a write is told to be durable when it is, its term and vote before its entries', async () => {
  const { lane, story, end } = laneOf()
  lane.enqueue(writeOf(1, 1))
  expect(story).toEqual(['save term 1'])
  await end()
  expect(story).toEqual(['save term 1', 'write 1'])
  expect(lane.idle).toBe(false)
  await end()
  expect(story).toEqual(['save term 1', 'write 1', 'persisted 1'])
  expect(lane.idle).toBe(true)
})

test('what waits for the disk is one write with the newest term and vote', async () => {
  const { lane, story, end } = laneOf()
  lane.enqueue(writeOf(1, null))
  lane.enqueue(writeOf(2, 4))
  lane.enqueue(writeOf(3, 5, null))
  lane.enqueue(writeOf(4, null))
  for (let i = 0; i < 3; i++) await end()
  expect(story).toEqual(['write 1', 'persisted 1', 'save term 5', 'write 2', 'persisted 4'])
})

test('nothing is written or told to be durable after a failure', async () => {
  const { lane, story, end } = laneOf()
  lane.enqueue(writeOf(1, null))
  lane.enqueue(writeOf(2, null))
  await end(new Error('EIO'))
  lane.enqueue(writeOf(3, 7))
  await end()
  expect(story).toEqual(['write 1', 'failed EIO'])
  await lane.drained()
})
