/**
 * What happens to one shopping cart is done in order; carts do not wait for one another. The message group is the
 * cart. The consumer group is made for order, else the topic's order would be lost in its parallel work. Prepare:
 *
 *   dledger-cli topic create cart-events --type FIFO
 *   dledger-cli group create cart-service --fifo
 *   node examples/orders/cart.mjs localhost:8081
 */
import { ConsumeResult, Producer, PushConsumer } from 'rocketmq-client-nodejs'
import { CLUSTER, until } from './shared.mjs'

const TOPIC = 'cart-events'
const carts = new Map()
let done = 0

const consumer = new PushConsumer({
  ...CLUSTER,
  consumerGroup: 'cart-service',
  subscriptions: new Map([[TOPIC, '*']]),
  messageListener: {
    async consume(message) {
      const { action, item } = JSON.parse(message.body.toString())
      const cart = carts.get(message.messageGroup) ?? []
      const items = action === 'add' ? [...cart, item] : cart.filter((one) => one !== item)
      carts.set(message.messageGroup, items)
      done++
      return ConsumeResult.SUCCESS
    },
  },
})
const producer = new Producer({ ...CLUSTER, topics: [TOPIC] })
await Promise.all([consumer.startup(), producer.startup()])

async function tell(cart, action, item) {
  const body = Buffer.from(JSON.stringify({ action, item }))
  await producer.send({ topic: TOPIC, body, messageGroup: cart })
}

const run = Date.now()
const mine = Array.from({ length: 5 }, (_, n) => `cart-${run}-${n}`)
await Promise.all(
  mine.map(async (cart) => {
    for (const item of ['book', 'pen', 'lamp']) await tell(cart, 'add', item)
    await tell(cart, 'remove', 'pen')
    await tell(cart, 'add', 'pen')
  }),
)
await until('every event is done', 30, () => done >= 5 * mine.length)
for (const cart of mine) {
  console.log(`${cart}: ${carts.get(cart).join(', ')}`)
  if (carts.get(cart).join() !== 'book,lamp,pen') throw new Error(`${cart} was not done in order`)
}
console.log(`${done} events`)

await Promise.all([consumer.shutdown(), producer.shutdown()])
process.exit(0)
