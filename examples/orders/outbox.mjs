/**
 * An outbox: the program writes what it wants to tell into its own database, in the same transaction as the work,
 * and a relay sends from there in order, until the broker has answered. Nothing is lost when the program dies
 * anywhere; a message may be stored twice, so it carries a key by which readers know it (idempotent-consumer.mjs).
 * Prepare once:
 *
 *   dledger-cli topic create customer-events
 *   node examples/orders/outbox.mjs localhost:8081
 */
import { Producer, SimpleConsumer } from 'rocketmq-client-nodejs'
import { CLUSTER, until } from './shared.mjs'

const TOPIC = 'customer-events'
const INVISIBLE_MS = 15_000
/** The database of this example: a table of customers and the outbox, changed in one transaction. */
const database = { customers: new Map(), outbox: [] }

function rename(customer, name) {
  database.customers.set(customer, name)
  database.outbox.push({ key: `${customer}-${database.outbox.length}`, body: JSON.stringify({ customer, name }) })
}

const producer = new Producer({ ...CLUSTER, topics: [TOPIC] })
const consumer = new SimpleConsumer({
  ...CLUSTER,
  consumerGroup: 'mailing',
  subscriptions: new Map([[TOPIC, '*']]),
  awaitDuration: 5_000,
})
await Promise.all([producer.startup(), consumer.startup()])

/** Sends the oldest entry until the broker has it, then removes it. An error only means: try again. */
async function relay() {
  while (database.outbox.length > 0) {
    const { key, body } = database.outbox[0]
    try {
      await producer.send({ topic: TOPIC, keys: [key], body: Buffer.from(body) })
      database.outbox.shift()
    } catch (error) {
      console.log(`${key}: ${error}, again in a second`)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
}

const run = Date.now()
const customers = Array.from({ length: 20 }, (_, n) => `customer-${run}-${n}`)
for (const customer of customers) rename(customer, `name of ${customer}`)
const relaying = relay()

const seen = new Map()
const reading = (async () => {
  while (!customers.every((customer) => seen.has(customer))) {
    for (const message of await consumer.receive(16, INVISIBLE_MS)) {
      const { customer, name } = JSON.parse(message.body.toString())
      seen.set(customer, name)
      await consumer.ack(message)
    }
  }
})()
await relaying
await until('everything told was read', 60, () => customers.every((customer) => seen.has(customer)))
await reading
console.log(`${seen.size} customers, ${database.outbox.length} left in the outbox`)

await Promise.all([producer.shutdown(), consumer.shutdown()])
process.exit(0)
