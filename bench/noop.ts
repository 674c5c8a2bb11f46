/**
 * The ceiling: a server of `@grpc/grpc-js` that answers SendMessage with a fixed OK and looks into nothing.
 * What a broker reaches of its rate is what the broker itself costs. Prints `noop on PORT`.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js'

/** `status { code: 20000 message: "OK" }` and one entry with the same status and a message id. */
const STATUS = Buffer.from([0x0a, 0x08, 0x08, 0xa0, 0x9c, 0x01, 0x12, 0x02, 0x4f, 0x4b])
const MESSAGE_ID = Buffer.from('01AABBCCDDEEFF00112233445566AA')
const ENTRY = Buffer.concat([STATUS, Buffer.from([0x12, MESSAGE_ID.length]), MESSAGE_ID])
const ANSWER = Buffer.concat([STATUS, Buffer.from([0x12, ENTRY.length]), ENTRY])

const same = (bytes: Buffer): Buffer => bytes
const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 })
server.addService(
  {
    sendMessage: {
      path: '/apache.rocketmq.v2.MessagingService/SendMessage',
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  },
  { sendMessage: (_call: unknown, done: (error: null, answer: Buffer) => void) => done(null, ANSWER) },
)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  console.log(`noop on ${port}`)
})
