import { describe, expect, test } from 'vitest'
import type { CallContext, Flow } from '../../src/rpc/service.ts'
import { GrpcFailure } from '../../src/rpc/service.ts'
import { LeaderPart } from '../../src/ledger/leader-part.ts'
import { LedgerService } from '../../src/ledger/service.ts'
import { Sweeper } from '../../src/ledger/sweeper.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import type { LedgerCalls } from '../../src/rpc/ledger-types.ts'
import { callsOf } from '../../src/rpc/protos.ts'
import { QuietLogger } from '../support/manual-clock.ts'
import { SimBroker } from '../support/sim-broker.ts'

const calls = callsOf('dledger.v1.Ledger')

/** The service of the only member of a group. */
class Case {
  readonly sim: SimBroker
  readonly service: LedgerService

  private constructor(sim: SimBroker) {
    this.sim = sim
    const { broker, ledgers, clock } = sim
    const common = { view: ledgers, log: broker.ledger, clock }
    this.service = new LedgerService({
      ...common,
      leaderPart: new LeaderPart({
        ...common,
        term: () => broker.ledger.role.term,
        requireSpace: () => broker.diskGuard.requireSpace(),
      }),
      cluster: {
        leaderPlace: () => (broker.ledger.leading ? 'here' : 'nobody'),
        leaderChange: () => new Promise(() => undefined),
        callLeader: () => Promise.reject(new Error('this member is alone')),
      },
      leadership: () => broker.ledger.role,
    })
    sim.onLedgers = (ids) => this.service.changed(ids)
  }

  static async start(): Promise<Case> {
    return new Case(await SimBroker.start())
  }

  async unary<Name extends keyof LedgerCalls>(
    name: Name,
    request: Draft<LedgerCalls[Name]['request']>,
  ): Promise<LedgerCalls[Name]['response']> {
    const call = calls[name]
    const method = this.service.methods().find((one) => one.path === call?.path)
    if (call === undefined || method?.type !== 'unary') throw new Error(name)
    const handled = method.handle(contextOf(new AbortController().signal), call.request.encode(request))
    return call.response.decode(await this.sim.finish(handled)) as LedgerCalls[Name]['response']
  }

  append(ledger: string, texts: readonly string[]): Promise<LedgerCalls['Append']['response']> {
    return this.unary('Append', { ledger, entries: texts.map((text) => Buffer.from(text)) })
  }

  /** Starts a read; `end` breaks it off. */
  read(request: Draft<LedgerCalls['Read']['request']>): Reading {
    const call = calls['Read']
    const method = this.service.methods().find((one) => one.path === call?.path)
    if (call === undefined || method?.type !== 'flow') throw new Error('Read')
    const over = new AbortController()
    const reading: Reading = { texts: [], end: () => over.abort(), done: Promise.resolve() }
    const flow: Flow = {
      over: over.signal,
      send: async (bytes) => {
        const { entries } = call.response.decode(bytes) as LedgerCalls['Read']['response']
        reading.texts.push(...entries.map(({ index, body }) => `${index}:${Buffer.from(body).toString()}`))
        return !over.signal.aborted
      },
    }
    reading.done = method.handle(contextOf(over.signal), call.request.encode(request), flow)
    reading.done.catch(() => undefined)
    return reading
  }

  async readAll(request: Draft<LedgerCalls['Read']['request']>): Promise<readonly string[]> {
    const reading = this.read(request)
    await this.sim.finish(reading.done)
    return reading.texts
  }
}

interface Reading {
  readonly texts: string[]
  readonly end: () => void
  done: Promise<void>
}

function contextOf(signal: AbortSignal): CallContext {
  return {
    metadata: () => undefined,
    peer: 'client:1',
    localAddress: 'member:1',
    deadlineMono: Number.POSITIVE_INFINITY,
    signal,
  }
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `e${n + 1}`)
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
  } catch (error) {
    return error instanceof GrpcFailure ? error.metadata['dledger-code'] : String(error)
  }
  return undefined
}

describe('reading', () => {
  test('entries of many pages come in order, from memory and from the table', async () => {
    const one = await Case.start()
    await one.unary('CreateLedger', { name: 'l' })
    for (let round = 0; round < 4; round++) {
      await one.append('l', numbered(1_000).slice(round * 250, round * 250 + 250))
      if (round % 2 === 0) await one.sim.run(500)
    }
    const expected = numbered(1_000).map((text, n) => `${n + 1}:${text}`)
    expect(await one.readAll({ ledger: 'l' })).toEqual(expected)
    expect(await one.readAll({ ledger: 'l', fromIndex: 200, toIndex: 700 })).toEqual(expected.slice(199, 700))
    expect(await one.readAll({ ledger: 'l', fromIndex: 1_001 })).toEqual([])
  })

  test('a time finds the first entry at or after it', async () => {
    const one = await Case.start()
    await one.unary('CreateLedger', { name: 'l' })
    const times: number[] = []
    for (const text of ['a', 'b', 'c']) {
      times.push((await one.append('l', [text, text])).appendedAtMs)
      await one.sim.run(100)
    }
    const at = (timeMs: number): Promise<readonly string[]> =>
      one.readAll({ ledger: 'l', fromTimeMs: timeMs, toIndex: 5 })
    expect(await at(0)).toHaveLength(5)
    expect((await at(times[1] ?? 0))[0]).toBe('3:b')
    expect((await at((times[1] ?? 0) + 1))[0]).toBe('5:c')
    expect(await at((times[2] ?? 0) + 1)).toEqual([])
  })

  test('reading and asking for the status leave no entry in the log', async () => {
    const one = await Case.start()
    await one.unary('CreateLedger', { name: 'l' })
    await one.append('l', ['a'])
    const before = one.sim.broker.machine.appliedIndex
    expect(await one.readAll({ ledger: 'l' })).toEqual(['1:a'])
    await one.unary('Status', { ledger: 'l' })
    await one.unary('ListLedgers', {})
    expect(one.sim.broker.ledger.status.lastIndex).toBe(before)
  })

  test('a reader that follows waits for more, up to its last index', async () => {
    const one = await Case.start()
    await one.unary('CreateLedger', { name: 'l' })
    const reading = one.read({ ledger: 'l', follow: true, toIndex: 4 })
    await one.append('l', ['a', 'b'])
    await one.sim.run(20)
    expect(reading.texts).toEqual(['1:a', '2:b'])
    await one.append('l', ['c', 'd', 'e'])
    await one.sim.finish(reading.done)
    expect(reading.texts).toEqual(['1:a', '2:b', '3:c', '4:d'])
  })

  test('a reader whose client goes ends', async () => {
    const one = await Case.start()
    await one.unary('CreateLedger', { name: 'l' })
    const reading = one.read({ ledger: 'l', follow: true })
    await one.sim.run(50)
    reading.end()
    await one.sim.finish(reading.done)
    expect(reading.texts).toEqual([])
  })

  test('a reader that waits learns that its ledger was deleted, or that what it wants is gone', async () => {
    const one = await Case.start()
    await one.unary('CreateLedger', { name: 'l' })
    const waiting = one.read({ ledger: 'l', follow: true })
    await one.sim.run(50)
    await one.unary('DeleteLedger', { name: 'l' })
    expect(await codeOf(waiting.done)).toBe('LEDGER_NOT_FOUND')
    await one.unary('CreateLedger', { name: 'l' })
    await one.append('l', ['a', 'b', 'c'])
    await one.unary('Trim', { ledger: 'l', firstIndex: 3 })
    expect(await codeOf(one.readAll({ ledger: 'l', fromIndex: 2 }))).toBe('INDEX_OUT_OF_RANGE')
    expect(await one.readAll({ ledger: 'l' })).toEqual(['3:c'])
  })
})

describe('changing', () => {
  test('what a ledger is asked to keep is what its status says', async () => {
    const one = await Case.start()
    const retention = { entriesMax: 5, bytesMax: 100, ageMsMax: 1_000, whenFull: 1 }
    await one.unary('CreateLedger', { name: 'l', retention })
    await one.append('l', numbered(7))
    expect(await one.unary('Status', { ledger: 'l' })).toMatchObject({
      firstIndex: 3,
      lastIndex: 7,
      entries: 5,
      retention,
      leaderId: 1,
    })
  })

  test('a member whose disk is nearly full takes no entries and still reads', async () => {
    const one = await Case.start()
    await one.unary('CreateLedger', { name: 'l' })
    await one.append('l', ['a'])
    Object.defineProperty(one.sim.broker.diskGuard, 'low', { get: () => true })
    expect(await codeOf(one.append('l', ['b']))).toBe('DISK_FULL')
    expect(await one.readAll({ ledger: 'l' })).toEqual(['1:a'])
  })

  test('entries that are over go by themselves, without a client', async () => {
    const one = await Case.start()
    const { broker, ledgers, clock } = one.sim
    const sweeper = new Sweeper({
      view: ledgers,
      log: broker.ledger,
      clock,
      logger: new QuietLogger(),
      now: () => broker.now(),
    })
    await sweeper.start()
    await one.unary('CreateLedger', { name: 'l', retention: { ageMsMax: 3_000 } })
    await one.append('l', ['a'])
    await one.sim.run(2_500)
    expect(ledgers.ledger('l')?.entries).toBe(1)
    await one.sim.run(3_000)
    expect(ledgers.ledger('l')?.entries).toBe(0)
    sweeper.stop()
  })
})
