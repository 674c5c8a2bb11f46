import { describe, expect, test } from 'vitest'
import type { LogIndex, Millis } from '../../src/base/brand.ts'
import { utf8Text, viewOf } from '../../src/base/bytes.ts'
import { BrokerError, type ErrorCode, type Outcome } from '../../src/base/errors.ts'
import { AppendStream, type AppendOutcome } from '../../src/ledger/append-stream.ts'
import type { LedgerAnswer, LedgerRequest } from '../../src/ledger/leader-calls.ts'
import { readAppend } from '../../src/ledger/machine/append-codec.ts'
import type { AppendRequest } from '../../src/rpc/ledger-types.ts'
import { codecOf } from '../../src/rpc/protos.ts'
import type { BidiStream } from '../../src/rpc/service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { settle } from '../support/manual-clock.ts'

const requests = codecOf<AppendRequest>('dledger.v1.AppendRequest')

/** A stream that the test feeds. */
class FedStream implements BidiStream {
  readonly #waiting: Buffer[] = []
  #ended = false
  #wake: () => void = () => undefined
  taken = 0

  feed(...drafts: readonly Draft<AppendRequest>[]): void {
    this.#waiting.push(...drafts.map((draft) => requests.encode(draft)))
    this.#wake()
  }

  send(): boolean {
    return true
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next !== undefined) {
        this.taken++
        yield next
      } else if (this.#ended) {
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}

interface Ask {
  readonly texts: readonly string[]
  readonly answer: (firstIndex: number) => void
  readonly fail: (code: ErrorCode, outcome?: Outcome) => void
}

/** A stream of appends whose leader is the test. */
class Case {
  readonly stream = new FedStream()
  readonly asked: Ask[] = []
  readonly outcomes: string[] = []
  readonly done: Promise<void>
  nowMs = 0
  term = 1
  held = 0

  constructor() {
    const appending = new AppendStream(this.stream, {
      askOnce: (request) => this.#ask(request),
      term: () => this.term,
      leaderChange: () => Promise.resolve(),
      enter: (bytes) => {
        this.held += bytes
      },
      leave: (bytes) => {
        this.held -= bytes
      },
      encode: (results) => {
        this.outcomes.push(...results.map(outcomeText))
        return new Uint8Array(0)
      },
      mono: () => this.nowMs,
      schedule: (run) => void setImmediate(run),
    })
    this.done = appending.run()
  }

  #ask(request: LedgerRequest): Promise<LedgerAnswer> {
    const texts = textsOf(request)
    return new Promise((resolve, reject) => {
      this.asked.push({
        texts,
        answer: (firstIndex) => {
          const [index, stampMs] = [1 as LogIndex, 0 as Millis]
          resolve({ index, value: firstIndex, count: texts.length, stampMs, repeated: false })
        },
        fail: (code, outcome = 'none') => reject(new BrokerError(code, 'no', { outcome })),
      })
    })
  }

  get texts(): readonly string[] {
    return this.asked.map((ask) => ask.texts.join('+'))
  }

  ask(at: number): Ask {
    const ask = this.asked[at]
    if (ask === undefined) throw new Error(`nothing was asked at ${at}: ${this.texts.join(', ')}`)
    return ask
  }

  async pass(): Promise<void> {
    for (let i = 0; i < 12; i++) await settle()
  }
}

function outcomeText(outcome: AppendOutcome): string {
  return outcome instanceof BrokerError
    ? `${outcome.code} ${outcome.outcome}`
    : `${outcome.value}+${outcome.count}`
}

function textsOf(request: LedgerRequest): string[] {
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
  return texts
}

function draft(text: string, more: Draft<AppendRequest> = {}): Draft<AppendRequest> {
  return { ledger: 'l', entries: text.split('').map((letter) => Buffer.from(letter)), ...more }
}

describe('appending through a stream', () => {
  test('what waits becomes one command, and each request gets its own part of the answer', async () => {
    const one = new Case()
    one.stream.feed(draft('a'), draft('bc', { ledger: '' }), draft('d'))
    await one.pass()
    expect(one.texts).toEqual(['a+b+c+d'])
    one.ask(0).answer(5)
    one.stream.end()
    await one.done
    expect(one.outcomes).toEqual(['5+1', '6+2', '8+1'])
  })

  test('a request with a key or a condition is a command of its own', async () => {
    const one = new Case()
    one.stream.feed(
      draft('a'),
      draft('b', { idempotencyKey: 'k' }),
      draft('c'),
      draft('d'),
      draft('e', { expectedLastIndex: 4 }),
    )
    await one.pass()
    expect(one.texts).toEqual(['a', 'b', 'c+d', 'e'])
  })

  test('requests of another ledger are another command', async () => {
    const one = new Case()
    one.stream.feed(draft('a'), draft('b', { ledger: 'm' }), draft('c', { ledger: '' }))
    await one.pass()
    expect(one.texts).toEqual(['a', 'b+c'])
  })

  test('results come in the order of the requests, whatever is answered first', async () => {
    const one = new Case()
    one.stream.feed(draft('a'))
    await one.pass()
    one.stream.feed(draft('b'))
    await one.pass()
    one.ask(1).answer(2)
    await one.pass()
    expect(one.outcomes).toEqual([])
    one.ask(0).answer(1)
    await one.pass()
    expect(one.outcomes).toEqual(['1+1', '2+1'])
    expect(one.held).toBe(0)
  })

  test('a request that cannot be read fails alone', async () => {
    const one = new Case()
    one.stream.feed(draft('a'), { ledger: 'l', entries: [] }, draft('b'))
    await one.pass()
    one.ask(0).answer(1)
    await one.pass()
    expect(one.outcomes).toEqual(['1+1', 'BAD_REQUEST none', '2+1'])
  })
})

describe('when the leader goes', () => {
  test('what surely did not happen is sent again, in order, before anything new', async () => {
    const one = new Case()
    one.stream.feed(draft('a', { expectedLastIndex: 0 }), draft('b'))
    await one.pass()
    one.ask(0).fail('NOT_LEADER')
    await one.pass()
    one.stream.feed(draft('c'))
    await one.pass()
    expect(one.texts).toEqual(['a', 'b'])
    one.ask(1).fail('NOT_LEADER')
    await one.pass()
    expect(one.texts).toEqual(['a', 'b', 'a'])
    one.ask(2).answer(1)
    await one.pass()
    one.ask(3).answer(2)
    await one.pass()
    expect(one.texts).toEqual(['a', 'b', 'a', 'b', 'c'])
    one.ask(4).answer(3)
    await one.pass()
    expect(one.outcomes).toEqual(['1+1', '2+1', '3+1'])
  })

  test('what failed before something that went well has failed: it would stand behind it', async () => {
    const one = new Case()
    one.stream.feed(draft('a', { idempotencyKey: 'k' }), draft('b'))
    await one.pass()
    one.ask(0).fail('NOT_LEADER')
    one.ask(1).answer(1)
    await one.pass()
    expect(one.outcomes).toEqual(['NOT_LEADER none', '1+1'])
    expect(one.texts).toEqual(['a', 'b'])
  })

  test('that something behind it went well is not forgotten when what stands before it is reported', async () => {
    const one = new Case()
    one.stream.feed(
      draft('a', { expectedLastIndex: 0 }),
      draft('b', { idempotencyKey: 'k' }),
      draft('c', { idempotencyKey: 'l' }),
    )
    await one.pass()
    one.ask(1).fail('NOT_LEADER')
    one.ask(2).answer(2)
    await one.pass()
    one.ask(0).answer(1)
    await one.pass()
    expect(one.texts).toEqual(['a', 'b', 'c'])
    expect(one.outcomes).toEqual(['1+1', 'NOT_LEADER none', '2+1'])
  })

  test('an unknown outcome is told and never sent again without a key', async () => {
    const one = new Case()
    one.stream.feed(draft('a'))
    await one.pass()
    one.stream.feed(draft('b'))
    await one.pass()
    one.ask(0).fail('NOT_LEADER')
    one.ask(1).fail('NOT_LEADER', 'unknown')
    await one.pass()
    expect(one.outcomes).toEqual(['NOT_LEADER none', 'NOT_LEADER unknown'])
    expect(one.texts).toEqual(['a', 'b'])
  })

  test('an unknown outcome is sent again with a key', async () => {
    const one = new Case()
    one.stream.feed(draft('a', { idempotencyKey: 'k' }))
    await one.pass()
    one.ask(0).fail('NOT_LEADER', 'unknown')
    await one.pass()
    one.ask(1).answer(1)
    await one.pass()
    expect(one.outcomes).toEqual(['1+1'])
  })

  test('what has keys is sent again in order if one leader was asked for all of it, else only the last', async () => {
    for (const isSame of [true, false]) {
      const one = new Case()
      one.stream.feed(draft('a', { idempotencyKey: 'k' }))
      await one.pass()
      if (!isSame) one.term = 2
      one.stream.feed(draft('b', { idempotencyKey: 'l' }))
      await one.pass()
      for (const at of [0, 1]) one.ask(at).fail('NOT_LEADER', 'unknown')
      await one.pass()
      one.ask(2).answer(1)
      await one.pass()
      if (isSame) one.ask(3).answer(2)
      await one.pass()
      expect(one.texts).toEqual(isSame ? ['a', 'b', 'a', 'b'] : ['a', 'b', 'b'])
      expect(one.outcomes).toEqual(isSame ? ['1+1', '2+1'] : ['NOT_LEADER unknown', '1+1'])
    }
  })

  test('what surely did not happen is not sent again when something behind it may have happened', async () => {
    const one = new Case()
    one.stream.feed(draft('a', { idempotencyKey: 'k' }), draft('b', { idempotencyKey: 'l' }))
    await one.pass()
    one.ask(0).fail('BUSY')
    one.ask(1).fail('NOT_LEADER', 'unknown')
    await one.pass()
    one.ask(2).answer(7)
    await one.pass()
    expect(one.texts).toEqual(['a', 'b', 'b'])
    expect(one.outcomes).toEqual(['BUSY none', '7+1'])
  })

  test('a request that finds no leader in its time has failed and nothing happened', async () => {
    const one = new Case()
    one.stream.feed(draft('a'))
    await one.pass()
    one.nowMs = 10_001
    one.ask(0).fail('NO_LEADER')
    await one.pass()
    expect(one.outcomes).toEqual(['NO_LEADER none'])
  })
})

test('requests that do not fit the ledger together are tried one by one', async () => {
  const one = new Case()
  one.stream.feed(draft('aa'), draft('b'))
  await one.pass()
  one.ask(0).fail('LIMIT_REACHED')
  await one.pass()
  one.ask(1).fail('LIMIT_REACHED')
  await one.pass()
  one.ask(2).answer(9)
  await one.pass()
  expect(one.outcomes).toEqual(['LIMIT_REACHED none', '9+1'])
})

test('a client that sends without end is not read from while enough is under way', async () => {
  const one = new Case()
  one.stream.feed(...Array.from({ length: 5_000 }, () => draft('a')))
  await one.pass()
  expect(one.stream.taken).toBe(4_096)
  for (let at = 0; at < one.asked.length; at++) one.ask(at).answer(at)
  await one.pass()
  expect(one.stream.taken).toBe(5_000)
})
