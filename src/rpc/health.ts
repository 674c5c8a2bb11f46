/** The standard health service (grpc.health.v1): is this server, or one of its services, ready to serve? */
import { codecOf } from './protos.ts'
import { type Flow, GrpcCode, GrpcFailure, type Method } from './service.ts'

const PREFIX = '/grpc.health.v1.Health'

/** The numbers of ServingStatus. */
const STATUS = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const

/** What the health of a server is made of. */
export interface HealthOptions {
  /** The full names of the services that can be asked about. */
  readonly services: readonly string[]
  readonly isServing: () => boolean
  /** Resolves when `isServing` may have changed; rejects when the signal aborts. */
  readonly changed: (signal: AbortSignal) => Promise<void>
}

/** The methods of the service. */
export function healthMethods(options: HealthOptions): readonly Method[] {
  const requests = codecOf<{ readonly service: string }>('grpc.health.v1.HealthCheckRequest')
  const responses = codecOf<{ readonly status: number }>('grpc.health.v1.HealthCheckResponse')
  const statusOf = (service: string): number => {
    if (service !== '' && !options.services.includes(service)) return STATUS.SERVICE_UNKNOWN
    return options.isServing() ? STATUS.SERVING : STATUS.NOT_SERVING
  }
  return [
    {
      type: 'unary',
      path: `${PREFIX}/Check`,
      async handle(_context, bytes) {
        const { service } = requests.decode(bytes)
        const status = statusOf(service)
        if (status !== STATUS.SERVICE_UNKNOWN) return responses.encode({ status })
        throw new GrpcFailure(GrpcCode.NOT_FOUND, `this server has no service ${service}`)
      },
    },
    {
      type: 'flow',
      path: `${PREFIX}/Watch`,
      async handle(_context, bytes, flow: Flow) {
        const { service } = requests.decode(bytes)
        let told: number | undefined
        while (!flow.over.aborted) {
          const status = statusOf(service)
          if (status !== told) await flow.send(responses.encode({ status }))
          told = status
          await options.changed(flow.over).catch(() => undefined)
        }
      },
    },
  ]
}
