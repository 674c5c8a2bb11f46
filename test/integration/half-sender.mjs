/** A producer of the official Node client that sends one half message, says so and never ends it. */
import { Producer } from 'rocketmq-client-nodejs'

const [endpoints, topic, body] = process.argv.slice(2)
const logger = { info() {}, warn() {}, error() {}, debug() {}, close() {} }
/** It never knows: apache.rocketmq.v2.TransactionResolution. */
const checker = { check: async () => 0 }
const producer = new Producer({ endpoints, namespace: '', topics: [topic], checker, logger })
await producer.startup()
const transaction = producer.beginTransaction()
await producer.send({ topic, body: Buffer.from(body) }, transaction)
process.stdout.write('sent\n')
