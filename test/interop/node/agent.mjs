/**
 * The official Node client on a string: does what requests on standard input say (docs/interop.md) and tells on
 * standard output what came of it. Uses nothing but the published library.
 */
import { createInterface } from 'node:readline'
import {
  ConsumeResult,
  FilterExpression,
  Producer,
  PushConsumer,
  SimpleConsumer,
} from 'rocketmq-client-nodejs'
import definitions from 'rocketmq-client-nodejs/proto/apache/rocketmq/v2/definition_pb.js'

const [, , endpoints, tls] = process.argv
const { FilterType, TransactionResolution } = definitions
const RESOLUTIONS = {
  unknown: TransactionResolution.TRANSACTION_RESOLUTION_UNSPECIFIED,
  commit: TransactionResolution.COMMIT,
  rollback: TransactionResolution.ROLLBACK,
}
const SILENT = { info() {}, warn() {}, error() {}, debug() {}, close() {} }
const BASE = { endpoints, namespace: '', sslEnabled: tls === 'on', logger: SILENT }

const clients = new Map()
const messages = new Map()
let nextRef = 1

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** A message as the driver sees it. */
function told(message) {
  return {
    id: message.messageId,
    topic: message.topic,
    body: message.body.toString(),
    tag: message.tag,
    keys: message.keys,
    properties: Object.fromEntries(message.properties),
    attempt: message.deliveryAttempt,
    group: message.messageGroup,
    at: Date.now(),
  }
}

function messageOf({ topic, body, tag, keys, properties, group, deliverAt, priority }) {
  return {
    topic,
    body: Buffer.from(body),
    ...(tag === undefined ? {} : { tag }),
    ...(keys === undefined ? {} : { keys }),
    ...(properties === undefined ? {} : { properties: new Map(Object.entries(properties)) }),
    ...(group === undefined ? {} : { messageGroup: group }),
    ...(deliverAt === undefined ? {} : { deliveryTimestamp: new Date(deliverAt) }),
    ...(priority === undefined ? {} : { priority }),
  }
}

const filterOf = ({ expression, sql }) =>
  new FilterExpression(expression, sql ? FilterType.SQL : FilterType.TAG)

const operations = {
  async producer({ name, topics, check }) {
    const checker = {
      async check(message) {
        say({ event: 'check', producer: name, ...told(message) })
        return RESOLUTIONS[check]
      },
    }
    await start(name, new Producer({ ...BASE, topics, ...(check === undefined ? {} : { checker }) }))
  },

  async send(request) {
    const receipt = await clients.get(request.producer).send(messageOf(request))
    return { id: receipt.messageId, handle: receipt.recallHandle }
  },

  async transaction(request) {
    const producer = clients.get(request.producer)
    const transaction = producer.beginTransaction()
    const receipt = await producer.send(messageOf(request), transaction)
    if (request.end === 'commit') await transaction.commit()
    if (request.end === 'rollback') await transaction.rollback()
    return { id: receipt.messageId }
  },

  async recall({ producer, topic, handle }) {
    return { id: (await clients.get(producer).recallMessage(topic, handle)).messageId }
  },

  async simple({ name, group, topic, awaitMs, ...filter }) {
    const subscriptions = new Map([[topic, filterOf(filter)]])
    const options = { ...BASE, consumerGroup: group, subscriptions, awaitDuration: awaitMs }
    await start(name, new SimpleConsumer(options))
  },

  async receive({ consumer, max, invisibleMs }) {
    const received = await clients.get(consumer).receive(max, invisibleMs)
    return {
      messages: received.map((message) => {
        const ref = nextRef++
        messages.set(ref, { message, consumer })
        return { ref, ...told(message) }
      }),
    }
  },

  async ack({ ref }) {
    const { message, consumer } = messages.get(ref)
    await clients.get(consumer).ack(message)
    messages.delete(ref)
  },

  async change({ ref, invisibleMs }) {
    const { message, consumer } = messages.get(ref)
    await clients.get(consumer).changeInvisibleDuration(message, invisibleMs)
  },

  async push({ name, group, topic, ...filter }) {
    const deliveries = new Map()
    const messageListener = {
      async consume(message) {
        say({ event: 'message', consumer: name, ...told(message) })
        const slowMs = Number(message.properties.get('slow') ?? 0)
        if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs))
        const times = (deliveries.get(message.messageId) ?? 0) + 1
        deliveries.set(message.messageId, times)
        const fails = Number(message.properties.get('fail') ?? 0)
        return times <= fails ? ConsumeResult.FAILURE : ConsumeResult.SUCCESS
      },
    }
    const subscriptions = new Map([[topic, filterOf(filter)]])
    await start(name, new PushConsumer({ ...BASE, consumerGroup: group, subscriptions, messageListener }))
  },

  async stop({ name }) {
    const client = clients.get(name)
    clients.delete(name)
    await client.shutdown()
  },
}

async function start(name, client) {
  await client.startup()
  clients.set(name, client)
}

// The library no longer listens to a telemetry stream that it has closed; such an error says nothing.
process.on('uncaughtException', (error) => say({ event: 'stray', text: String(error?.stack ?? error) }))
process.on('unhandledRejection', (error) => say({ event: 'stray', text: String(error?.stack ?? error) }))

const lines = createInterface({ input: process.stdin })
lines.on('close', () => process.exit(0))
lines.on('line', (line) => {
  const { n, op, ...request } = JSON.parse(line)
  operations[op](request).then(
    (ok) => say({ n, ok: ok ?? {} }),
    (error) => say({ n, error: String(error) }),
  )
})
say({ event: 'hello' })
