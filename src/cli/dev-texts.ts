/** What the development cluster says on the terminal. Pure: facts in, lines out. */
import { clientEndpoints, type DevShape, namesrvEndpoint } from './dev-plan.ts'

/** A process that runs. */
export interface RunningProcess {
  readonly name: string
  readonly pid: number
}

/** What the welcome tells. */
export interface Welcome {
  readonly version: string
  readonly shape: DevShape
  readonly folder: string
  /** The certificate of the authority that clients with TLS may want to name as trusted. */
  readonly caPath: string
  readonly topic: string
  readonly leaderId: number
  readonly processes: readonly RunningProcess[]
  /** How long the start took. */
  readonly ms: number
  readonly windows: boolean
}

/** The lines after the start: what runs, where to connect, what to try. */
export function welcomeText(welcome: Welcome): string {
  const { shape, folder, topic, processes } = welcome
  const members = shape.nodes === 1 ? '1 member' : `${shape.nodes} members`
  const leader = processes.find(({ name }) => name === `member ${welcome.leaderId}`)
  return [
    `dledger ${welcome.version}: a name server and a broker group of ${members}, ready in ${(welcome.ms / 1_000).toFixed(1)} s.`,
    '',
    `  clients      ${clientEndpoints(shape).join('  ')}`,
    `  name server  ${namesrvEndpoint(shape)}`,
    `  topic        ${topic}`,
    `  data, logs   ${folder}`,
    `  TLS          signed by ${welcome.caPath}`,
    `  processes    ${processes.map(({ name, pid }) => `${name} ${pid}`).join(', ')}`,
    '',
    'Connect a RocketMQ 5 client, with or without TLS:',
    ...languageLines(clientEndpoints(shape)),
    '',
    'Try in another terminal:',
    `  npm run cli -- produce ${topic} "first message"`,
    `  npm run cli -- consume ${topic} -g me -n 1`,
    '  npm run cli -- status',
    ...(leader === undefined
      ? []
      : [`  ${killLine(leader.pid, welcome.windows)}    kills the leader, ${leader.name}`]),
    '',
    'Ctrl-C stops everything and keeps the data; npm start -- --reset begins anew.',
  ].join('\n')
}

/** How the clients of each language write the addresses; Node and C# use one only. */
export function languageLines(endpoints: readonly string[]): string[] {
  const one = endpoints[0] ?? ''
  if (endpoints.length === 1) return [`  Java, Go, Python, Rust, Node, C#, C++   ${one}`]
  return [
    `  Java, Go, Python, C++   ${endpoints.join(';')}`,
    `  Rust                    ${endpoints.join(',')}`,
    `  Node, C#                ${one}   (one address, or one DNS name for all)`,
  ]
}

/** The command that kills a process at once. */
export function killLine(pid: number, windows: boolean): string {
  return windows ? `taskkill /F /PID ${pid}` : `kill -9 ${pid}`
}

/** How a process ended. */
export function endText(name: string, pid: number, code: number | null, signal: string | null): string {
  const how = signal === null ? `ended with code ${code ?? '?'}` : `was killed by ${signal}`
  return `${name} (pid ${pid}) ${how}`
}
