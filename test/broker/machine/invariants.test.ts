import { expect, test } from 'vitest'
import type { Millis } from '../../../src/base/brand.ts'
import { stateFaults } from '../../../src/broker/machine/invariants.ts'
import type { MachineState } from '../../../src/broker/machine/state.ts'
import { Scene } from './support/scene.ts'

/** A scene's state, with one claim in flight. */
function stateOf(): MachineState {
  const scene = new Scene()
  scene.send(2)
  scene.claim({ autoRenew: true })
  return (scene.machine as unknown as { state: MachineState }).state
}

test('a state that commands made has no faults', () => {
  expect(stateFaults(stateOf())).toEqual([])
})

test('each kind of damage is a fault', () => {
  const damages: readonly ((state: MachineState) => void)[] = [
    (state) => {
      state.nextTopicId = 1
    },
    (state) => {
      state.nextQueue = 1
    },
    (state) => {
      state.nextGroupId = 1
    },
    (state) => state.topics.queues.clear(),
    (state) => state.batches.clear(),
    (state) => state.clients.clear(),
    (state) => state.groups.byId.get(1)?.consumers.clear(),
    (state) => {
      const consumer = state.groups.consumer(1, 1)
      if (consumer !== undefined) consumer.cursor = 0 as never
    },
    (state) => {
      const claim = state.groups.consumer(1, 1)?.inFlight.get(0 as never)
      if (claim !== undefined) claim.attempt = 4
    },
    (state) => {
      const claim = state.groups.consumer(1, 1)?.inFlight.get(0 as never)
      if (claim !== undefined) claim.turn++
    },
    (state) => {
      state.now = 0 as Millis
    },
    (state) => {
      state.dedupe.ring.tail = 1
    },
    (state) => state.dedupe.ring.words.fill(0),
    (state) => state.requests.ring.words.fill(0),
  ]
  for (const [i, damage] of damages.entries()) {
    const state = stateOf()
    damage(state)
    expect(stateFaults(state), `damage ${i}`).not.toEqual([])
  }
})
