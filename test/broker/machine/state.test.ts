import { expect, test } from 'vitest'
import { keyText, MachineState, refused } from '../../../src/broker/machine/state.ts'

test('effects are handed out once', () => {
  const state = new MachineState()
  state.arrived.add(4)
  state.catalogMoved()
  expect(state.takeEffects()).toEqual({ arrived: new Set([4]), catalogChanged: true, timersMade: [] })
  expect(state.takeEffects()).toEqual({ arrived: new Set(), catalogChanged: false, timersMade: [] })
})

test('different bytes have different texts', () => {
  expect(keyText(Uint8Array.of(0, 255, 1))).toBe('\u0000\u00ff\u0001')
  expect(keyText(Uint8Array.of(0, 0))).not.toBe(keyText(Uint8Array.of(0)))
})

test('no mark is given out twice', () => {
  const state = new MachineState()
  expect(new Set([state.nextMark(), state.nextMark(), state.nextMark()]).size).toBe(3)
})

test('a refusal carries its code', () => {
  expect(refused('BAD_REQUEST', 'why')).toEqual({ type: 'refused', code: 'BAD_REQUEST', message: 'why' })
})
