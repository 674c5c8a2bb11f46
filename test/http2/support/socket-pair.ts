/** Two ends of a connection through the loopback: `node:http2` as a client is at home on a real socket only. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export async function socketPair(): Promise<[client: Socket, server: Socket]> {
  const listener = createServer()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const accepted = once(listener, 'connection') as Promise<[Socket]>
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [server] = await accepted
  listener.close()
  return [client, server]
}
