/** What the development cluster consists of: processes, ports, files. Pure. */
import { BrokerError } from '../base/errors.ts'

const HOST = '127.0.0.1'
const PORT_MAX = 65_535
/** The members share one certificate, in this folder below that of the cluster. */
export const TLS_FOLDER = 'tls'

/** The options of `dev` that decide what runs. */
export interface DevShape {
  readonly nodes: number
  readonly port: number
  readonly namesrvPort: number
  readonly peerPort: number
}

/** One process of the cluster. */
export interface DevProcess {
  /** For people: `member 1`, `name server`. */
  readonly name: string
  /** For files: `member-1`, `namesrv`. */
  readonly file: string
  readonly command: 'broker' | 'namesrv'
  /** Its configuration, to be written as YAML. */
  readonly config: Readonly<Record<string, unknown>>
}

/** A port that must be free, and the flag that moves it. */
export interface NeededPort {
  readonly port: number
  readonly flag: string
  readonly what: string
}

/** Where clients connect, in the order of the members' ids. */
export function clientEndpoints(shape: DevShape): string[] {
  return memberIds(shape).map((id) => `${HOST}:${shape.port + id - 1}`)
}

export function namesrvEndpoint(shape: DevShape): string {
  return `${HOST}:${shape.namesrvPort}`
}

/** The processes to start, the name server first. `bootstrap` is set at the first start only. */
export function processesOf(shape: DevShape, bootstrap: string | undefined): DevProcess[] {
  const members = memberIds(shape).map((id) => ({
    id,
    client: `${HOST}:${shape.port + id - 1}`,
    peer: `${HOST}:${shape.peerPort + id - 1}`,
  }))
  const namesrv: DevProcess = {
    name: 'name server',
    file: 'namesrv',
    command: 'namesrv',
    config: { listen: namesrvEndpoint(shape) },
  }
  const brokers = members.map(
    ({ id }): DevProcess => ({
      name: `member ${id}`,
      file: `member-${id}`,
      command: 'broker',
      config: {
        cluster: 'dev',
        group: 'broker-0',
        id,
        data: `member-${id}`,
        members,
        nameServers: [namesrvEndpoint(shape)],
        tls: { cert: `${TLS_FOLDER}/server.crt`, key: `${TLS_FOLDER}/server.key` },
        ...(bootstrap === undefined ? {} : { bootstrap }),
      },
    }),
  )
  return [namesrv, ...brokers]
}

/** All ports, each with its flag. Throws `BrokerError` BAD_REQUEST when they overlap or are no ports. */
export function portsOf(shape: DevShape): NeededPort[] {
  const ids = memberIds(shape)
  const ports = [
    { port: shape.namesrvPort, flag: '--namesrv-port', what: 'the name server' },
    ...ids.map((id) => ({ port: shape.port + id - 1, flag: '--port', what: `clients of member ${id}` })),
    ...ids.map((id) => ({
      port: shape.peerPort + id - 1,
      flag: '--peer-port',
      what: `peers of member ${id}`,
    })),
  ]
  for (const [at, { port, flag, what }] of ports.entries()) {
    if (port > PORT_MAX)
      throw new BrokerError('BAD_REQUEST', `${flag}: ${port} for ${what} is beyond ${PORT_MAX}`)
    const other = ports.slice(0, at).find((one) => one.port === port)
    if (other === undefined) continue
    throw new BrokerError(
      'BAD_REQUEST',
      `port ${port} is asked for twice: by ${other.what} (${other.flag}) and ${what} (${flag})`,
    )
  }
  return ports
}

function memberIds(shape: DevShape): number[] {
  return Array.from({ length: shape.nodes }, (_, n) => n + 1)
}
