/** A stream against a leader that fails in every way: what the results say is what the ledger holds, in order. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogIndex, Millis } from '../../src/base/brand.ts'
import { utf8Text, viewOf } from '../../src/base/bytes.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { Prng } from '../../src/base/prng.ts'
import { type AppendOutcome, AppendStream } from '../../src/ledger/append-stream.ts'
import type { LedgerAnswer, LedgerRequest } from '../../src/ledger/leader-calls.ts'
import { readAppend } from '../../src/ledger/machine/append-codec.ts'
import type { AppendRequest } from '../../src/rpc/ledger-types.ts'
import { codecOf } from '../../src/rpc/protos.ts'
import type { BidiStream } from '../../src/rpc/service.ts'
import { settle } from '../support/manual-clock.ts'

const requests = codecOf<AppendRequest>('dledger.v1.AppendRequest')

/**
 * A ledger that takes appends in the order in which they are asked, or not, and says so, or not. Within a term, what
 * is lost is lost with all behind it, as when a leader dies.
 */
class UnsteadyLeader {
  readonly log: string[] = []
  term = 1
  /** The leader of this term has died: what it is asked is lost, its outcome unknown. */
  #lost = 0
  readonly #keys = new Map<string, number>()
  readonly #prng: Prng
  #calm = false

  constructor(seed: number) {
    this.#prng = new Prng(seed)
  }

  /** From now on everything goes well. */
  calmDown(): void {
    this.#calm = true
  }

  async ask(request: LedgerRequest, term: number): Promise<LedgerAnswer> {
    const { texts, key } = contentOf(request)
    const fate = this.#fateIn(term)
    const isTaken = fate < 6 || fate === 8
    const firstIndex = isTaken ? this.#take(texts, key) : 0
    for (let turns = this.#prng.below(6); turns > 0; turns--) await settle()
    if (fate < 6) {
      const [index, stampMs] = [1 as LogIndex, 0 as Millis]
      return { index, value: firstIndex, count: texts.length, stampMs, repeated: false }
    }
    const outcome = fate >= 8 ? 'unknown' : 'none'
    throw new BrokerError(fate === 7 ? 'BUSY' : 'NOT_LEADER', 'the leader is unsteady', { outcome })
  }

  /** 0 to 5 goes well; 6 and 7 nothing happens; 8 it happens and 9 it does not, and nobody can tell. */
  #fateIn(term: number): number {
    if (this.#calm) return 0
    if (this.#prng.below(8) === 0) this.term++
    if (term !== 0 && term !== this.term) return term === this.#lost ? 9 : 6
    if (this.#lost === this.term) return 9
    const fate = this.#prng.below(10)
    if (fate === 9) this.#lost = this.term
    return fate
  }

  #take(texts: readonly string[], key: string): number {
    const known = this.#keys.get(key)
    if (key !== '' && known !== undefined) return known
    const firstIndex = this.log.length + 1
    this.log.push(...texts)
    if (key !== '') this.#keys.set(key, firstIndex)
    return firstIndex
  }
}

function contentOf(request: LedgerRequest): { readonly texts: readonly string[]; readonly key: string } {
  if (request.type !== 'append') throw new Error(request.type)
  const body = Buffer.concat(request.body.chunks)
  const view = viewOf(body)
  const place = readAppend(view, 0, body.byteLength)
  if (place === undefined) throw new Error('no append')
  const texts: string[] = []
  for (let at = place.placesAt; at < place.rawAt; at += 8) {
    const start = place.rawAt + view.getUint32(at)
    texts.push(utf8Text(body.subarray(start, start + view.getUint32(at + 4))))
  }
  return { texts, key: place.hasKey ? body.subarray(16, 32).toString('hex') : '' }
}

/** Streams requests, some with keys, a few at a time; returns what became of each and the ledger. */
async function stream(
  seed: number,
  keyed: readonly boolean[],
): Promise<{ readonly outcomes: readonly AppendOutcome[]; readonly log: readonly string[] }> {
  const prng = new Prng(seed)
  const leader = new UnsteadyLeader(prng.uint32())
  const outcomes: AppendOutcome[] = []
  const bidi: BidiStream = {
    send: () => true,
    end: () => undefined,
    async *[Symbol.asyncIterator]() {
      for (const [n, hasKey] of keyed.entries()) {
        for (let turns = prng.below(4); turns > 0; turns--) await settle()
        const entries = [Buffer.from(`${n}`)]
        yield requests.encode({ ledger: 'l', entries, idempotencyKey: hasKey ? `key ${n}` : '' })
      }
    },
  }
  let held = 0
  const appending = new AppendStream(bidi, {
    askOnce: (request, _remainingMs, term) => leader.ask(request, term),
    term: () => leader.term,
    leaderChange: async () => {
      await settle()
      if (prng.below(20) === 0) leader.calmDown()
    },
    enter: (bytes) => {
      held += bytes
    },
    leave: (bytes) => {
      held -= bytes
    },
    encode: (results) => {
      outcomes.push(...results)
      return new Uint8Array(0)
    },
    mono: () => 0,
    schedule: (run) => void setImmediate(run),
  })
  await appending.run()
  expect(held).toBe(0)
  return { outcomes, log: leader.log }
}

test('whatever fails, entries stand in order and once, and every result is true', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
      async (seed, keyed) => {
        const { outcomes, log } = await stream(seed, keyed)
        expect(outcomes).toHaveLength(keyed.length)
        expect(log.map(Number)).toEqual([...new Set(log.map(Number))].sort((a, b) => a - b))
        for (const [n, outcome] of outcomes.entries()) {
          if (!(outcome instanceof BrokerError)) expect(log[outcome.value - 1]).toBe(`${n}`)
          else if (outcome.outcome === 'none') expect(log).not.toContain(`${n}`)
        }
      },
    ),
    { numRuns: 150 },
  )
})
