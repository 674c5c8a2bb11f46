/** `GET /metrics` over HTTP, for Prometheus. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BrokerError } from '../base/errors.ts'

const CLOSE_WAIT_MS = 1000

export interface MetricsEndpoint {
  readonly port: number
  close(): Promise<void>
}

/** Listens. Rejects with `BrokerError` CONFIG_INVALID when the address cannot be used. `page` is read on demand. */
export async function startMetricsEndpoint(
  address: { readonly host: string; readonly port: number },
  page: () => string,
): Promise<MetricsEndpoint> {
  const server = createServer({ requestTimeout: CLOSE_WAIT_MS }, (request, response) => {
    const found = request.method === 'GET' && (request.url ?? '').split('?')[0] === '/metrics'
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    response.statusCode = found ? 200 : 404
    response.end(found ? page() : 'metrics are at /metrics\n')
  })
  try {
    server.listen(address)
    await once(server, 'listening')
  } catch (cause) {
    throw new BrokerError('CONFIG_INVALID', `cannot listen on ${address.host}:${address.port}`, { cause })
  }
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) }
}

async function closed(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  if (server.listening) await once(server, 'close')
}
