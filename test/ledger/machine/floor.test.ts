import { expect, test } from 'vitest'
import type { LogPosition } from '../../../src/base/brand.ts'
import { encodeCommand } from '../../../src/broker/machine/index.ts'
import { LedgerHarness } from './support/harness.ts'

function raise(harness: LedgerHarness, position: LogPosition): void {
  harness.applyAny([encodeCommand({ type: 'floor', rising: position, position })])
}

test('no floor passes what a ledger still holds, and it may when that was trimmed', () => {
  const harness = new LedgerHarness()
  const id = harness.create('audit')
  const first = harness.end
  harness.append(id, ['first', 'second'])
  const second = harness.end
  harness.append(id, ['third'])
  raise(harness, harness.end)
  const { position } = harness.machine.floors
  expect(position).toBe(harness.ledgers.neededFrom())
  expect(position).toBeGreaterThan(first)
  expect(position).toBeLessThan(second)
  harness.one({ type: 'trimLedger', name: 'audit', firstIndex: 4 })
  const { end } = harness
  raise(harness, end)
  expect(harness.machine.floors).toEqual({ position: end, rising: end })
})
