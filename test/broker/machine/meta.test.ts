import { describe, expect, test } from 'vitest'
import type { LogIndex, Millis } from '../../../src/base/brand.ts'
import { BytesError } from '../../../src/base/bytes.ts'
import { Meta } from '../../../src/broker/machine/meta.ts'
import { MachineState } from '../../../src/broker/machine/state.ts'
import { SMALL_WINDOWS } from './support/harness.ts'

function written(): { state: MachineState; meta: Meta; value: Uint8Array } {
  const state = new MachineState(SMALL_WINDOWS)
  const meta = new Meta()
  for (let index = 1; index <= 70; index++) {
    state.appliedIndex = index as LogIndex
    state.now = (index * 10) as Millis
    meta.settle(state)
    meta.addCheckpoint(state)
  }
  state.nextQueue = 77
  state.dedupe.conflicts = 3
  meta.settle(state)
  return { state, meta, value: meta.row(state).value as Uint8Array }
}

describe('the meta row', () => {
  test('comes back with its digest and the last 64 checkpoints', () => {
    const { state, meta, value } = written()
    const back = new MachineState(SMALL_WINDOWS)
    const again = new Meta()
    const saved = again.restore(back, value)
    expect(back).toMatchObject({ appliedIndex: 70, now: 700, nextQueue: 77, nextTopicId: 1 })
    expect(back.dedupe.conflicts).toBe(3)
    expect(back.rows.digest.text()).toBe(state.rows.digest.text())
    expect([saved.a, saved.b]).toEqual([state.rows.digest.a, state.rows.digest.b])
    expect(again.checkpoints()).toEqual(meta.checkpoints())
    expect(meta.checkpoints().map(({ index }) => index)).toEqual(Array.from({ length: 64 }, (_, i) => i + 7))
    expect(again.row(back)).toEqual(meta.row(state))
  })

  test('counts once for the digest, however often it is settled', () => {
    const { state, meta } = written()
    const before = state.rows.digest.text()
    meta.settle(state)
    expect(state.rows.digest.text()).toBe(before)
  })

  test('with a changed byte or cut short is damaged', () => {
    const { value } = written()
    for (let at = 1; at < value.byteLength; at++) {
      const changed = value.slice()
      changed[at] = (changed[at] as number) ^ 1
      expect(() => new Meta().restore(new MachineState(SMALL_WINDOWS), changed)).toThrow(BytesError)
    }
    for (const end of [1, 50, 90, value.byteLength - 1]) {
      expect(() => new Meta().restore(new MachineState(SMALL_WINDOWS), value.subarray(0, end))).toThrow(
        BytesError,
      )
    }
  })
})
