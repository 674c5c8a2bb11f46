import { describe, expect, test } from 'vitest'
import { Patience } from '../../src/proxy/patience.ts'
import { messageGroupsOf, SendOrder } from '../../src/proxy/send-order.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { sendRequests } from './support/facade-world.ts'

/** A send that ends when the test says so. */
function held(): {
  readonly send: () => Promise<string>
  readonly end: (how: string) => void
  started: boolean
} {
  let end = (_how: string): void => undefined
  const ended = new Promise<string>((resolve, reject) => {
    end = (how) => (how === 'fails' ? reject(new Error(how)) : resolve(how))
  })
  const one = {
    started: false,
    end,
    send: async () => {
      one.started = true
      return ended
    },
  }
  return one
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

function setUp() {
  const clock = new ManualClock()
  return { clock, order: new SendOrder(), patience: () => new Patience(clock, 100) }
}

describe('a send to a message group', () => {
  test('waits for those before it, whether they go well or not, and others do not', async () => {
    const { order, patience } = setUp()
    const [first, second, third, other] = [held(), held(), held(), held()]
    const one = order.run(['a'], patience(), first.send)
    const failed = expect(one).rejects.toThrow('fails')
    const two = order.run(['a'], patience(), second.send)
    const three = order.run(['a', 'b'], patience(), third.send)
    const apart = order.run(['b2'], patience(), other.send)
    await settled()
    expect([first, second, third, other].map(({ started }) => started)).toEqual([true, false, false, true])
    first.end('fails')
    await failed
    await settled()
    expect([second.started, third.started]).toEqual([true, false])
    second.end('2')
    third.end('3')
    other.end('4')
    expect(await Promise.all([two, three, apart])).toEqual(['2', '3', '4'])
    await settled()
    expect(order.groups).toBe(0)
  })

  test('whose time is over before its turn did nothing, and the next still waits for the first', async () => {
    const { clock, order, patience } = setUp()
    const [first, second, third] = [held(), held(), held()]
    const one = order.run(['a'], new Patience(clock, 1000), first.send)
    const two = order.run(['a'], patience(), second.send)
    const late = expect(two).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'none' })
    const three = order.run(['a'], new Patience(clock, 1000), third.send)
    clock.advance(100)
    await late
    await settled()
    expect([second.started, third.started]).toEqual([false, false])
    first.end('1')
    third.end('3')
    expect(await Promise.all([one, three])).toEqual(['1', '3'])
  })
})

describe('the message groups of a request', () => {
  const message = (group: string | undefined, topic = 'carts') => ({
    topic: { name: topic },
    systemProperties: group === undefined ? {} : { messageGroup: group },
    body: Buffer.from('x'),
  })
  const groupsOf = (...messages: ReturnType<typeof message>[]) =>
    messageGroupsOf(sendRequests.encode({ messages }), 'client')

  test('are each there once, and none for other messages', () => {
    expect(groupsOf(message('a'), message('b'), message('a'), message(undefined))).toHaveLength(2)
    expect(groupsOf(message(undefined))).toEqual([])
  })

  test('differ by client and topic', () => {
    const [one] = groupsOf(message('a'))
    expect(groupsOf(message('a'))).toEqual([one])
    expect(groupsOf(message('a', 'other'))).not.toEqual([one])
    expect(messageGroupsOf(sendRequests.encode({ messages: [message('a')] }), 'other')).not.toEqual([one])
  })

  test('are none when the bytes are no request', () => {
    expect(messageGroupsOf(Buffer.from([0xff, 0xff, 0xff]), 'client')).toEqual([])
  })
})
