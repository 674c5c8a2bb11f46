/**
 * A payment and the message that tells of it happen both or not at all: the message is sent first, invisible; then
 * the local transaction runs; then its outcome makes the message visible or removes it. When the program dies in
 * between, the broker asks any producer of the topic, whose checker looks into the database. Prepare once:
 *
 *   dledger-cli topic create payments --type TRANSACTION
 *   node examples/orders/payment.mjs localhost:8081
 */
import { ConsumeResult, Producer, PushConsumer } from 'rocketmq-client-nodejs'
import definitions from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/definition_pb.js'
import { CLUSTER, until } from './shared.mjs'

const { TransactionResolution } = definitions
const TOPIC = 'payments'
/** The database of this example: what the local transaction wrote. */
const booked = new Set()
const shipped = new Set()

const producer = new Producer({
  ...CLUSTER,
  topics: [TOPIC],
  checker: {
    async check(message) {
      const id = message.body.toString()
      const answer = booked.has(id) ? TransactionResolution.COMMIT : TransactionResolution.ROLLBACK
      console.log(`${id}: the broker asks, the answer is ${booked.has(id) ? 'commit' : 'rollback'}`)
      return answer
    },
  },
})
const consumer = new PushConsumer({
  ...CLUSTER,
  consumerGroup: 'shipping',
  subscriptions: new Map([[TOPIC, '*']]),
  messageListener: {
    async consume(message) {
      shipped.add(message.body.toString())
      return ConsumeResult.SUCCESS
    },
  },
})
await Promise.all([producer.startup(), consumer.startup()])

/** `fails`: the card is declined. `dies`: the program is gone before it can tell the broker. */
async function pay(id, { fails = false, dies = false } = {}) {
  const transaction = producer.beginTransaction()
  await producer.send({ topic: TOPIC, body: Buffer.from(id) }, transaction)
  if (!fails) booked.add(id)
  if (dies) return
  await (fails ? transaction.rollback() : transaction.commit())
}

const run = Date.now()
const [good, declined, unclear] = ['good', 'declined', 'unclear'].map((name) => `${name}-${run}`)
await pay(good)
await pay(declined, { fails: true })
await pay(unclear, { dies: true })
await until('both booked payments are shipped', 120, () => shipped.has(good) && shipped.has(unclear))
console.log(`shipped: ${[...shipped].join(', ')}`)
if (shipped.has(declined)) throw new Error('a declined payment was shipped')

await Promise.all([producer.shutdown(), consumer.shutdown()])
process.exit(0)
