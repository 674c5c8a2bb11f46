/**
 * A message is delivered at least once: again when its acknowledgement did not arrive in time. A consumer that
 * writes down what it has done, in the same transaction as the work, does each thing once all the same. The key
 * comes from the business (here the payment's number), not from the message: a sender that tries again after an
 * unknown outcome may store a second message with the same key. Prepare once:
 *
 *   dledger-cli topic create account-bookings
 *   node examples/orders/idempotent-consumer.mjs localhost:8081
 */
import { ConsumeResult, Producer, PushConsumer } from 'rocketmq-client-nodejs'
import { CLUSTER, until } from './shared.mjs'

const TOPIC = 'account-bookings'
/** The database of this example. `done` has a unique key in a real one. */
const accounts = { done: new Set(), cents: 0 }
let deliveries = 0

const consumer = new PushConsumer({
  ...CLUSTER,
  consumerGroup: 'account-service',
  subscriptions: new Map([[TOPIC, '*']]),
  messageListener: {
    async consume(message) {
      deliveries++
      const { payment, cents } = JSON.parse(message.body.toString())
      const first = !accounts.done.has(payment)
      if (first) {
        // One transaction of the database: the work and the note that it is done.
        accounts.done.add(payment)
        accounts.cents += cents
      }
      // The first delivery fails after the work is done, as when the program dies before it acknowledges.
      return message.deliveryAttempt === 1 ? ConsumeResult.FAILURE : ConsumeResult.SUCCESS
    },
  },
})
const producer = new Producer({ ...CLUSTER, topics: [TOPIC] })
await Promise.all([consumer.startup(), producer.startup()])

const run = Date.now()
for (let n = 0; n < 10; n++) {
  const payment = `payment-${run}-${n}`
  await producer.send({ topic: TOPIC, keys: [payment], body: Buffer.from(JSON.stringify({ payment, cents: 100 })) })
}
await until('every booking was delivered twice', 60, () => deliveries >= 20)
console.log(`${deliveries} deliveries, ${accounts.cents} cents`)
if (accounts.cents !== 1_000) throw new Error('a booking was done twice or not at all')

await Promise.all([consumer.shutdown(), producer.shutdown()])
process.exit(0)
