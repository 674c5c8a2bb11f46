/** The group that everything runs against: three members on three addresses of this machine and one port. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keptCertificate } from '../../../src/rpc/certificate.ts'
import { Group, type Member, freePort } from '../../integration/group.ts'
import { GROUP_NAME, noHosts, withHosts } from './hosts.ts'
import type { Language } from './languages.ts'

export const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const
const PORT_TRIES = 20

export class Cluster {
  readonly group: Group
  readonly port: number
  /** The authority that signed the members' certificate, as PEM. */
  readonly caPath: string
  readonly #folder: string

  private constructor(group: Group, port: number, caPath: string, folder: string) {
    this.group = group
    this.port = port
    this.caPath = caPath
    this.#folder = folder
  }

  static async start(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'dledger-interop-'))
    const { caPath } = await keptCertificate(folder, [GROUP_NAME, ...HOSTS], Date.now())
    const port = await portOnAll()
    const group = await Group.start({
      clientAddress: (id) => `${HOSTS[id - 1]}:${port}`,
      config: { tls: { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') } },
    })
    return new Cluster(group, port, caPath, folder)
  }

  /** The addresses of all members as this language takes them, and what must stand before its command. */
  all(language: Language, first: Member): { endpoints: string; before: readonly string[] } {
    const members = [first, ...this.group.others(first)]
    if (language.several === 'list')
      return { endpoints: members.map((member) => member.endpoint).join(';'), before: [] }
    const why = noHosts()
    if (why !== '') throw new Error(`${language.name} needs a host name with three addresses: ${why}`)
    const before = withHosts(this.#folder, members.map(hostOf))
    return { endpoints: `${GROUP_NAME}:${this.port}`, before }
  }

  memberAt(host: string): Member | undefined {
    return this.group.members.find((member) => hostOf(member) === host)
  }

  /** Ends the members; what they logged is kept in `folder`. */
  async close(folder: string): Promise<void> {
    for (const { id, logFile } of this.group.members) cpSync(logFile, join(folder, `member-${id}.log`))
    await this.group.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function hostOf(member: Member): string {
  return member.endpoint.slice(0, member.endpoint.indexOf(':'))
}

/** A port that is free on all three addresses. */
async function portOnAll(): Promise<number> {
  for (let n = 0; n < PORT_TRIES; n++) {
    const port = await freePort()
    const free = await Promise.all(HOSTS.map((host) => isFree(host, port)))
    if (free.every((one) => one)) return port
  }
  throw new Error('found no port that is free on all three addresses')
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
