/** How brokers tell the name servers. */
import { describe, expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import type { Logger } from '../../src/base/ports.ts'
import {
  NameServerClients,
  REGISTER_EVERY_MS,
  REGISTER_RETRY_MS,
  Registrar,
} from '../../src/namesrv/client.ts'
import { GivenClock } from './given-clock.ts'
import { registration } from './made-up.ts'

class Told implements Logger {
  readonly warnings: string[] = []
  debug(): void {}
  info(): void {}
  error(): void {}
  warn(facts: Readonly<Record<string, unknown>>): void {
    this.warnings.push(String(facts['address']))
  }
  child(): Logger {
    return this
  }
}

/** A registrar that tells two name servers, of which some are dead. */
function registrar(dead: readonly string[] = []) {
  const clock = new GivenClock()
  const logger = new Told()
  const calls: string[] = []
  let term = 1
  const subject = new Registrar({
    addresses: ['a:1', 'b:1'],
    describe: () => registration(1, { term }),
    register: (address, request) => {
      calls.push(`${clock.mono()} ${address} ${request.term}`)
      return dead.includes(address) ? Promise.reject(new BrokerError('CLOSED', 'refused')) : Promise.resolve()
    },
    clock,
    logger,
  })
  const stop = new AbortController()
  const done = subject.run(stop.signal)
  const newTerm = (): void => {
    term++
    subject.poke()
  }
  return { clock, logger, calls, stop, done, newTerm }
}

describe('a registrar', () => {
  test('tells all name servers at once and then every 30 s', async () => {
    const { clock, calls, stop, done } = registrar()
    await clock.pass(REGISTER_EVERY_MS - 1)
    expect(calls).toEqual(['0 a:1 1', '0 b:1 1'])
    await clock.pass(1)
    expect(calls.slice(2)).toEqual(['30000 a:1 1', '30000 b:1 1'])
    stop.abort()
    await done
  })

  test('tells them at once of a change, with what is true then', async () => {
    const { clock, calls, stop, done, newTerm } = registrar()
    await clock.pass(10)
    newTerm()
    await clock.pass(0)
    expect(calls.slice(2)).toEqual(['10 a:1 2', '10 b:1 2'])
    stop.abort()
    await done
  })

  test('tells the living while another is dead, and tries the dead one sooner', async () => {
    const { clock, calls, stop, done } = registrar(['b:1'])
    await clock.pass(REGISTER_RETRY_MS)
    expect(calls).toEqual(['0 a:1 1', '0 b:1 1', '5000 b:1 1'])
    stop.abort()
    await done
  })

  test('logs a dead name server at most once a minute', async () => {
    const { clock, logger, stop, done } = registrar(['b:1'])
    for (let n = 0; n < 11; n++) await clock.pass(REGISTER_RETRY_MS)
    expect(logger.warnings).toEqual(['b:1'])
    for (let n = 0; n < 2; n++) await clock.pass(REGISTER_RETRY_MS)
    expect(logger.warnings).toEqual(['b:1', 'b:1'])
    stop.abort()
    await done
  })

  test('without name servers has nothing to do', async () => {
    const { clock, logger } = registrar()
    const nothing = { addresses: [], describe: () => registration(1), register: () => Promise.resolve() }
    await new Registrar({ ...nothing, clock, logger }).run(new AbortController().signal)
  })
})

test('asking without a name server is an error', async () => {
  const clients = new NameServerClients()
  await expect(clients.queryAny([], 'DescribeCluster', { group: '' }, 100)).rejects.toThrow(/no name server/)
})
