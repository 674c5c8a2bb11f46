/**
 * An order that is not paid in time is cancelled: a delayed message is sent with the order, and whoever gets it
 * looks whether the order was paid meanwhile. A paid order's message is recalled, which only saves work: the
 * look at the order decides. Prepare once:
 *
 *   dledger-cli topic create order-timeouts --type DELAY
 *   node examples/orders/order-timeout.mjs localhost:8081
 */
import { ConsumeResult, Producer, PushConsumer } from 'rocketmq-client-nodejs'
import { CLUSTER, until } from './shared.mjs'

const TOPIC = 'order-timeouts'
const PAY_WITHIN_MS = 4_000
/** The database of this example. */
const orders = new Map()

const consumer = new PushConsumer({
  ...CLUSTER,
  consumerGroup: 'order-timeout-service',
  subscriptions: new Map([[TOPIC, '*']]),
  messageListener: {
    async consume(message) {
      const id = message.body.toString()
      // Safe to repeat: only an open order changes.
      if (orders.get(id)?.state === 'open') orders.set(id, { state: 'cancelled' })
      console.log(`${id}: time is over, ${orders.get(id)?.state ?? 'unknown here'}`)
      return ConsumeResult.SUCCESS
    },
  },
})
const producer = new Producer({ ...CLUSTER, topics: [TOPIC] })
await Promise.all([consumer.startup(), producer.startup()])

async function place(id) {
  orders.set(id, { state: 'open' })
  const deliveryTimestamp = new Date(Date.now() + PAY_WITHIN_MS)
  const { recallHandle } = await producer.send({ topic: TOPIC, body: Buffer.from(id), deliveryTimestamp })
  orders.set(id, { state: 'open', recallHandle })
}

async function pay(id) {
  const { recallHandle } = orders.get(id)
  orders.set(id, { state: 'paid' })
  // Too late is no error here: then the consumer sees that the order is paid.
  await producer.recallMessage(TOPIC, recallHandle).catch((error) => console.log(String(error)))
}

const run = Date.now()
const [paid, forgotten] = [`order-${run}-1`, `order-${run}-2`]
await place(paid)
await place(forgotten)
await pay(paid)
await until('the forgotten order is cancelled', 20, () => orders.get(forgotten).state === 'cancelled')
console.log(`${paid}: ${orders.get(paid).state}`)
if (orders.get(paid).state !== 'paid') throw new Error('a paid order was cancelled')

await Promise.all([consumer.shutdown(), producer.shutdown()])
process.exit(0)
