// Sends, receives and acknowledges with the official Node client. Usage: official-client.mjs host:port ssl|plain
import { Producer, SimpleConsumer } from 'rocketmq-client-nodejs'

const [endpoints, security] = process.argv.slice(2)
const silent = { debug() {}, info() {}, warn() {}, error() {}, close() {} }
const common = { endpoints, sslEnabled: security === 'ssl', namespace: '', logger: silent }
const producer = new Producer({ ...common, topics: ['toy'] })
await producer.startup()
const ids = []
for (const size of [5, 100_000, 3_000_000]) {
  const receipt = await producer.send({ topic: 'toy', tag: 't', body: Buffer.alloc(size, 'x') })
  ids.push(receipt.messageId)
}
const consumer = new SimpleConsumer({
  ...common,
  consumerGroup: 'group',
  subscriptions: new Map([['toy', '*']]),
})
await consumer.startup()
const messages = await consumer.receive(10)
for (const message of messages) await consumer.ack(message)
await producer.shutdown()
await consumer.shutdown()
console.log(
  JSON.stringify({ ids, received: messages.map((message) => [message.messageId, message.body.byteLength]) }),
)
process.exit(0)
