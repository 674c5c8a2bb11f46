/** Which address a call goes to. */
import { describe, expect, test } from 'vitest'
import { BrokerError, type ErrorCode, type Outcome } from '../../src/base/errors.ts'
import { FailoverClient } from '../../src/client/failover-client.ts'
import type { ServiceClient } from '../../src/rpc/client.ts'

type Calls = {
  readonly Ask: { readonly request: { readonly what: string }; readonly response: { readonly by: string } }
}

/** A client of three addresses; those in `faults` fail with their code, the outcome unknown unless told. */
function clientOf(faults: Map<string, ErrorCode>, outcomes: Readonly<Record<string, Outcome>> = {}) {
  const asked: string[] = []
  const answer = (address: string): Promise<{ readonly by: string }> => {
    asked.push(address)
    const code = faults.get(address)
    return code === undefined
      ? Promise.resolve({ by: address })
      : Promise.reject(
          new BrokerError(code, `${address}: it fails`, { outcome: outcomes[address] ?? 'unknown' }),
        )
  }
  const open = (address: string): ServiceClient<Calls> => ({
    call: () => answer(address),
    collect: () => answer(address).then((one) => [one]),
    close: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
  return { client: new FailoverClient<Calls>(['a', 'b', 'c'], 'made-up', open), asked }
}

const ONCE = { timeoutMs: 100 }

describe('a call', () => {
  test('goes to the first address while that one answers', async () => {
    const { client, asked } = clientOf(new Map())
    await client.call('Ask', { what: 'x' }, ONCE)
    await client.call('Ask', { what: 'x' }, ONCE)
    expect(asked).toEqual(['a', 'a'])
  })

  test('goes on to the next address and stays there', async () => {
    const { client, asked } = clientOf(new Map([['a', 'CLOSED']]))
    expect(await client.call('Ask', { what: 'x' }, ONCE)).toEqual({ by: 'b' })
    expect(await client.collect('Ask', { what: 'x' }, ONCE)).toEqual([{ by: 'b' }])
    expect(asked).toEqual(['a', 'b', 'b'])
  })

  test('that is refused for what it asks is not repeated elsewhere', async () => {
    const { client, asked } = clientOf(new Map([['a', 'TOPIC_NOT_FOUND']]))
    await expect(client.call('Ask', { what: 'x' }, ONCE)).rejects.toThrow(/^it fails$/)
    expect(asked).toEqual(['a'])
  })

  test('that nobody answers names all addresses and keeps the outcome', async () => {
    const { client } = clientOf(
      new Map([
        ['a', 'CLOSED'],
        ['b', 'CLOSED'],
        ['c', 'NO_LEADER'],
      ]),
    )
    await expect(client.call('Ask', { what: 'x' }, ONCE)).rejects.toMatchObject({
      code: 'NO_LEADER',
      outcome: 'unknown',
      message: expect.stringContaining('asked a, b, c') as string,
    })
  })
})

test('a call that timed out at one address and reached no other may still take effect', async () => {
  const faults = new Map<string, ErrorCode>([
    ['a', 'TIMEOUT'],
    ['b', 'CLOSED'],
    ['c', 'CLOSED'],
  ])
  const { client } = clientOf(faults, { b: 'none', c: 'none' })
  await expect(client.call('Ask', { what: 'x' }, ONCE)).rejects.toMatchObject({ outcome: 'unknown' })
})

test('a call that timed out at one address and was refused at the next may still take effect', async () => {
  const faults = new Map<string, ErrorCode>([
    ['a', 'TIMEOUT'],
    ['b', 'FORBIDDEN'],
  ])
  const { client } = clientOf(faults, { b: 'none' })
  await expect(client.call('Ask', { what: 'x' }, ONCE)).rejects.toMatchObject({ outcome: 'unknown' })
})

test('a client without an address is refused', () => {
  expect(() => new FailoverClient<Calls>([], 'made-up')).toThrow(/needs an address/)
})
