/** Requests that made up ones have shown to be answered wrongly once: the facade on a real broker. */
import { expect, test } from 'vitest'
import type { ReceiveMessageRequest, ReceiveMessageResponse } from '../../src/rpc/apache-service.ts'
import { codecOf } from '../../src/rpc/protos.ts'
import { groupWish, SimBroker } from '../support/sim-broker.ts'
import { SimFacade } from '../support/sim-facade.ts'

const RECEIVE = '/apache.rocketmq.v2.MessagingService/ReceiveMessage'
const requests = codecOf<ReceiveMessageRequest>('apache.rocketmq.v2.ReceiveMessageRequest')
const responses = codecOf<ReceiveMessageResponse>('apache.rocketmq.v2.ReceiveMessageResponse')

test('an invisible time in parts of a millisecond is served, rounded down', async () => {
  const sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('t', 1, 1))
  await sim.finish(sim.admin.createGroup(groupWish('g', 'earliest', 0, 3)))
  await sim.send('t', ['a'])
  const facade = new SimFacade(sim)
  const request = requests.encode({
    group: { name: 'g' },
    messageQueue: { topic: { name: 't' }, id: -1 },
    filterExpression: { type: 1, expression: '*' },
    batchSize: 1,
    invisibleDuration: { seconds: 54, nanos: 852_516_352 },
  })
  const items = await sim.finish(facade.call(RECEIVE, request))
  expect(items.map((item) => responses.decode(item)).filter(({ message }) => message)).toHaveLength(1)
  await facade.proxy.close()
})
