/**
 * `dledger.v1.Clients` on every member: lists and asks clients wherever their streams are. The leader looks every
 * minute whether the members of a group subscribe to the same, and says so when they do not.
 */
import type { NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { ClientCommands } from '../proxy/client-commands.ts'
import type { ClientSessions } from '../proxy/client-sessions.ts'
import type {
  ClientList,
  ClientsCalls,
  ConnectedClient,
  ListClientsRequest,
  VerifyMessageRequest,
  VerifyMessageResponse,
} from '../rpc/clients-types.ts'
import type { Method } from '../rpc/service.ts'
import { typedService } from '../rpc/typed-service.ts'
import { connectedClient, isListed, subscriptionWarnings } from './client-list.ts'
import type { AdminCall, InternalCalls } from './internal-calls.ts'

/** How these calls are named on their way to other members. */
const PREFIX = 'clients/'
/** Another member gets this long: a little more than a client. */
const ASK_MS_MAX = 7_000
const LIST_MS_MAX = 2_000
const LOOK_EVERY_MS = 60_000

/** A message that a client is to try, on its way: bytes as base64. */
interface ShownHere extends Pick<VerifyMessageRequest, 'clientId' | 'queueId' | 'offset'> {
  readonly stored: string
}

export interface ClientsServiceOptions {
  readonly ownId: NodeId
  readonly members: () => readonly NodeId[]
  readonly sessions: ClientSessions
  readonly commands: ClientCommands
  readonly calls: Pick<InternalCalls, 'adminCall'>
  /** The stored message at a place; `undefined` when there is none. */
  readonly message: (topic: string, queueId: number, offset: number) => Promise<Uint8Array | undefined>
  readonly leading: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

export class ClientsService {
  readonly #options: ClientsServiceOptions
  #warnings: readonly string[] = []
  #cancelTimer: () => void = () => undefined
  #stopped = false

  constructor(options: ClientsServiceOptions) {
    this.#options = options
  }

  /** What is odd about the clients, as the leader saw it last; nothing on other members. */
  get warnings(): readonly string[] {
    return this.#options.leading() ? this.#warnings : []
  }

  /** Begins to look at subscriptions, every minute. */
  start(): void {
    if (this.#stopped) return
    this.#cancelTimer = this.#options.clock.timer(LOOK_EVERY_MS, () => {
      void this.#look().finally(() => this.start())
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  /** The methods for the client port. */
  methods(): readonly Method[] {
    return typedService<ClientsCalls>('dledger.v1.Clients', {
      List: async (_context, request) => this.list(request),
      Stack: async (_context, { clientId }) => this.stack(clientId),
      Verify: async (_context, request) => this.verify(request),
      Reconnect: async (_context, { clientId }) => {
        await this.#ask({ method: `${PREFIX}reconnect`, request: { clientId } })
        return {}
      },
    })
  }

  /** Does `run` know the call? */
  knows({ method }: AdminCall): boolean {
    return method.startsWith(PREFIX)
  }

  /** Runs a call for the clients of this member. Throws CLIENT_NOT_FOUND when it is with another one. */
  async run({ method, request }: AdminCall): Promise<unknown> {
    const { sessions, commands, ownId, clock } = this.#options
    const { clientId } = request as { readonly clientId: string }
    switch (method) {
      case `${PREFIX}list`:
        return Array.from(sessions.all(), (session) => connectedClient(session, ownId, clock.mono()))
      case `${PREFIX}stack`:
        return { text: await commands.stack(clientId) }
      case `${PREFIX}verify`: {
        const { stored, queueId, offset } = request as ShownHere
        return commands.verify(clientId, { stored: Buffer.from(stored, 'base64'), queueId, offset })
      }
      case `${PREFIX}reconnect`:
        commands.reconnect(clientId)
        return {}
      default:
        throw new BrokerError('NOT_IMPLEMENTED', `there is no call ${method}`)
    }
  }

  /** The clients of all members that can be reached. */
  async list(wish: ListClientsRequest): Promise<ClientList> {
    const { members } = this.#options
    const call = { method: `${PREFIX}list`, request: {} }
    const clients: ConnectedClient[] = []
    const unreachable: number[] = []
    await Promise.all(
      members().map(async (member) => {
        try {
          clients.push(...((await this.#runAt(member, call, LIST_MS_MAX)) as readonly ConnectedClient[]))
        } catch (error) {
          if (!(error instanceof BrokerError)) throw error
          unreachable.push(member)
        }
      }),
    )
    const listed = clients.filter((client) => isListed(client, wish))
    listed.sort((one, other) => (one.clientId < other.clientId ? -1 : 1))
    const warned = clients.filter(({ group }) => wish.group === '' || group === wish.group)
    const warnings = subscriptionWarnings(warned)
    return { clients: listed, warnings, unreachable: unreachable.sort((a, b) => a - b) }
  }

  /** Where a client's threads are. Throws CLIENT_NOT_FOUND and TIMEOUT. */
  async stack(clientId: string): Promise<{ readonly text: string }> {
    return (await this.#ask({ method: `${PREFIX}stack`, request: { clientId } })) as { readonly text: string }
  }

  /** Has a client try a message. Throws as `stack`, and ILLEGAL_OFFSET. */
  async verify(request: VerifyMessageRequest): Promise<VerifyMessageResponse> {
    const { clientId, topic, queueId, offset } = request
    const stored = await this.#options.message(topic, queueId, offset)
    if (stored === undefined) {
      throw new BrokerError('ILLEGAL_OFFSET', `topic "${topic}" has no message ${offset} in queue ${queueId}`)
    }
    const shown: ShownHere = { clientId, queueId, offset, stored: Buffer.from(stored).toString('base64') }
    return (await this.#ask({ method: `${PREFIX}verify`, request: shown })) as VerifyMessageResponse
  }

  /** Asks the member that has the client. */
  async #ask(call: AdminCall): Promise<unknown> {
    const { ownId, members } = this.#options
    const { clientId } = call.request as { readonly clientId: string }
    for (const member of [ownId, ...members().filter((id) => id !== ownId)]) {
      try {
        return await this.#runAt(member, call, ASK_MS_MAX)
      } catch (error) {
        if (!(error instanceof BrokerError) || !isElsewhere(error, member === ownId)) throw error
      }
    }
    throw new BrokerError(
      'CLIENT_NOT_FOUND',
      `no member that can be reached has a stream of client ${clientId}`,
    )
  }

  #runAt(member: NodeId, call: AdminCall, timeoutMs: number): Promise<unknown> {
    const { ownId, calls } = this.#options
    return member === ownId ? this.run(call) : calls.adminCall(member, call, timeoutMs)
  }

  async #look(): Promise<void> {
    const { leading, logger } = this.#options
    if (!leading()) return
    const { warnings } = await this.list({ group: '', topic: '' })
    for (const warning of warnings) {
      if (!this.#warnings.includes(warning)) logger.warn({ warning }, 'subscriptions of a group differ')
    }
    this.#warnings = warnings
  }
}

/** The client may be with another member. A member that was asked may have been lost on the way. */
function isElsewhere({ code }: BrokerError, isOwn: boolean): boolean {
  return code === 'CLIENT_NOT_FOUND' || (!isOwn && (code === 'CLOSED' || code === 'NO_LEADER'))
}
