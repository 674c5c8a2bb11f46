import { describe, expect, test } from 'vitest'
import { logIndex, term } from '../../src/base/brand.ts'
import { ENTRY_BYTES_TARGET } from '../../src/base/limits.ts'
import { type CommandBatch, type EncodedCommand, Proposals } from '../../src/dledger/proposals.ts'

const FIVE = logIndex(5)

function commandOf(size: number): EncodedCommand {
  return { size, chunks: [] }
}

/** Proposals of which one, of `size` bytes, is the entry at index 5 of term 2. */
function withEntry(size = 10): { proposals: Proposals<string>; answer: Promise<unknown> } {
  const proposals = new Proposals<string>()
  const answer = proposals.add(commandOf(size)).catch((error: unknown) => error)
  proposals.appended(FIVE, term(2), proposals.takeBatch() as CommandBatch<string>)
  return { proposals, answer }
}

describe('a caller', () => {
  test('hears the reply when the entry of its term was applied', async () => {
    const { proposals, answer } = withEntry()
    proposals.applied(FIVE, term(2), ['done'])
    expect(await answer).toEqual({ index: 5, reply: 'done' })
  })

  test('hears that its command is lost when another leader wrote its place, never the reply to that', async () => {
    const { proposals, answer } = withEntry()
    proposals.applied(FIVE, term(3), ['of another'])
    expect(await answer).toMatchObject({ code: 'NOT_LEADER', outcome: 'none' })
  })

  test('hears unknown once leadership is lost, also when its place commits later, with whatever entry', async () => {
    for (const later of [2, 3]) {
      const { proposals, answer } = withEntry()
      proposals.leadershipLost()
      proposals.applied(FIVE, term(later), ['later'])
      expect(await answer).toMatchObject({ code: 'NOT_LEADER', outcome: 'unknown' })
    }
  })

  test('whose command never went into the log hears that nothing happened', async () => {
    const proposals = new Proposals<string>()
    const waiting = proposals.add(commandOf(10)).catch((error: unknown) => error)
    proposals.leadershipLost()
    expect(await waiting).toMatchObject({ outcome: 'none' })
    const refused = proposals.add(commandOf(10)).catch((error: unknown) => error)
    proposals.refuse(proposals.takeBatch() as CommandBatch<string>)
    expect(await refused).toMatchObject({ outcome: 'none' })
  })
})

describe('the bytes that wait', () => {
  test('are counted in the log too, until they are applied or given up', () => {
    const { proposals } = withEntry(10)
    void proposals.add(commandOf(7)).catch(() => undefined)
    expect([proposals.waitingBytes, proposals.appendedBytes]).toEqual([7, 10])
    proposals.applied(FIVE, term(2), ['done'])
    expect([proposals.waitingBytes, proposals.appendedBytes]).toEqual([7, 0])
    proposals.leadershipLost()
    expect([proposals.waitingBytes, proposals.appendedBytes]).toEqual([0, 0])
  })

  test('go into entries in their order, each up to the target but at least one command', () => {
    const proposals = new Proposals<string>()
    for (const size of [ENTRY_BYTES_TARGET * 2, 1, ENTRY_BYTES_TARGET - 1, 1]) {
      void proposals.add(commandOf(size)).catch(() => undefined)
    }
    const sizes: number[][] = []
    for (let batch = proposals.takeBatch(); batch !== null; batch = proposals.takeBatch()) {
      sizes.push(batch.commands.map(({ size }) => size))
    }
    expect(sizes).toEqual([[ENTRY_BYTES_TARGET * 2], [1, ENTRY_BYTES_TARGET - 1], [1]])
    expect(proposals.waitingBytes).toBe(0)
  })
})
