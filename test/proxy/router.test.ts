import { describe, expect, test } from 'vitest'
import { BrokerError, type ErrorCode, type Outcome } from '../../src/base/errors.ts'
import { Admission } from '../../src/proxy/admission.ts'
import type { CallHead } from '../../src/proxy/call-head.ts'
import type { LeaderPlace } from '../../src/proxy/cluster.ts'
import { Patience } from '../../src/proxy/patience.ts'
import { Router, type RoutedCall, type RunHere } from '../../src/proxy/router.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { FakeCluster, headFor } from './support/facade-world.ts'

const REQUEST = Uint8Array.from([1, 2, 3])
const REPLY = [Uint8Array.from([9])]

class Case {
  readonly clock = new ManualClock()
  readonly cluster: FakeCluster
  readonly admission: Admission
  readonly here: { readonly head: CallHead; readonly request: Uint8Array; readonly signal: AbortSignal }[] =
    []
  onHere: RunHere = () => Promise.resolve(REPLY)
  readonly #router: Router

  constructor(place: LeaderPlace, admission = new Admission(10, 100)) {
    this.cluster = new FakeCluster(place)
    this.admission = admission
    this.#router = new Router({
      cluster: this.cluster,
      clock: this.clock,
      runHere: (head, request, signal) => {
        this.here.push({ head, request, signal })
        return this.onHere(head, request, signal)
      },
    })
  }

  /** Starts a call with 2.5 s and keeps what becomes of it. */
  call(changes: Partial<RoutedCall> = {}): { result: unknown } {
    const kept: { result: unknown } = { result: 'waiting' }
    const patience = new Patience(this.clock, this.clock.mono() + 2500)
    const call = { head: headFor('sendMessage'), request: REQUEST, patience, admission: this.admission }
    void this.#router
      .call({ ...call, reserveMs: 0, repeatable: true, abortable: false, ...changes })
      .then(
        (reply) => (kept.result = reply),
        (error: unknown) => (kept.result = error),
      )
      .finally(() => patience.close())
    return kept
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      await settle()
      this.clock.advance(Math.min(10, left))
    }
    await settle()
  }
}

function failing(code: ErrorCode, outcome: Outcome): () => Promise<never> {
  return () => Promise.reject(new BrokerError(code, 'why', { outcome }))
}

describe('a call', () => {
  test('is answered here while this node leads, in the time that is left', async () => {
    const at = new Case('here')
    const call = at.call({ reserveMs: 30 })
    await settle()
    expect(call.result).toBe(REPLY)
    expect(at.here[0]).toMatchObject({ request: REQUEST, head: { remainingMs: 2470 } })
    expect(at.admission.count).toBe(0)
  })

  test('goes to the leader elsewhere as it came', async () => {
    const at = new Case('elsewhere')
    at.cluster.onCall = () => Promise.resolve(REPLY)
    const call = at.call()
    await settle()
    expect(call.result).toBe(REPLY)
    expect(at.cluster.calls[0]?.request).toBe(REQUEST)
    expect(at.here).toEqual([])
  })

  test('waits while nobody leads', async () => {
    const at = new Case('nobody')
    const call = at.call()
    await at.pass(1000)
    expect(call.result).toBe('waiting')
    at.cluster.change('here')
    await settle()
    expect(call.result).toBe(REPLY)
    expect(at.here[0]?.head.remainingMs).toBe(1500)
  })

  test('that finds no leader in time did nothing', async () => {
    const at = new Case('nobody')
    const call = at.call()
    await at.pass(2499)
    expect(call.result).toBe('waiting')
    await at.pass(1)
    expect(call.result).toMatchObject({ code: 'NO_LEADER', outcome: 'none' })
    expect(at.admission.count).toBe(0)
  })
})

describe('a change of leader', () => {
  test.each<readonly [code: ErrorCode, outcome: Outcome]>([
    ['NOT_LEADER', 'none'],
    ['NOT_LEADER', 'unknown'],
    ['CLOSED', 'unknown'],
    ['TIMEOUT', 'unknown'],
  ])(
    'in the middle of a call (%s, %s) sends it to the new leader under the same key',
    async (code, outcome) => {
      const at = new Case('here')
      at.onHere = failing(code, outcome)
      const call = at.call()
      await settle()
      expect(call.result).toBe('waiting')
      at.cluster.onCall = () => Promise.resolve(REPLY)
      at.cluster.change('elsewhere')
      await settle()
      expect(call.result).toBe(REPLY)
      expect(at.cluster.calls[0]?.head.requestKey).toBe(at.here[0]?.head.requestKey)
      expect(at.cluster.calls[0]?.request).toBe(REQUEST)
    },
  )

  test('that nobody hears of is found by trying again, less and less often', async () => {
    const at = new Case('elsewhere')
    at.cluster.onCall = failing('CLOSED', 'none')
    const call = at.call()
    await at.pass(2400)
    expect(at.cluster.calls.length).toBeGreaterThan(5)
    expect(at.cluster.calls.length).toBeLessThan(15)
    at.cluster.onCall = () => Promise.resolve(REPLY)
    at.cluster.change('elsewhere')
    await settle()
    expect(call.result).toBe(REPLY)
  })

  test('does not repeat what must not be repeated', async () => {
    const at = new Case('here')
    at.onHere = failing('NOT_LEADER', 'unknown')
    const call = at.call({ repeatable: false })
    await at.pass(500)
    expect(call.result).toMatchObject({ code: 'NOT_LEADER', outcome: 'unknown' })
    expect(at.here.length).toBe(1)
  })
})

describe('when the time is over', () => {
  test('a call that is under way has an unknown outcome', async () => {
    const at = new Case('here')
    let finish: (reply: readonly Uint8Array[]) => void = () => undefined
    at.onHere = () => new Promise((resolve) => (finish = resolve))
    const call = at.call()
    await at.pass(2500)
    expect(call.result).toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' })
    expect(at.admission.bytes).toBe(3)
    finish(REPLY)
    await settle()
    expect(at.admission.bytes).toBe(0)
  })

  test('an outcome that was unknown once stays unknown', async () => {
    const at = new Case('here')
    at.onHere = failing('NOT_LEADER', 'unknown')
    const call = at.call()
    await settle()
    at.cluster.change('nobody')
    await at.pass(2500)
    expect(call.result).toMatchObject({ outcome: 'unknown' })
  })

  test('a try that is under way elsewhere is given up', async () => {
    const at = new Case('elsewhere')
    at.cluster.onCall = (_head, _request, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    const call = at.call()
    await at.pass(2500)
    expect(at.cluster.calls[0]?.signal.aborted).toBe(true)
    expect(call.result).toMatchObject({ outcome: 'unknown' })
    expect(at.admission.count).toBe(0)
  })
})

describe('what is no matter of leadership', () => {
  test('is thrown at once', async () => {
    const at = new Case('here')
    at.onHere = failing('BUSY', 'none')
    const call = at.call()
    await settle()
    expect(call.result).toMatchObject({ code: 'BUSY' })
  })

  test('a call too many is refused at the door and surely not done', async () => {
    const at = new Case('nobody', new Admission(2, 100))
    at.call()
    at.call()
    const third = at.call()
    await settle()
    expect(third.result).toMatchObject({ code: 'BUSY', outcome: 'none' })
    expect(at.here).toEqual([])
    at.cluster.change('here')
    await settle()
    expect(at.admission.count).toBe(0)
  })

  test('waiting leaves no timer behind', async () => {
    const at = new Case('nobody')
    at.call()
    await at.pass(100)
    at.cluster.change('here')
    await settle()
    expect(at.clock.timers).toBe(0)
  })
})
