/**
 * This member's link to the others. It stands as soon as the member needs it: usually when all is recovered,
 * earlier when the log has to be repaired from the others. Until the member is there, Raft messages are
 * dropped, so that it neither votes nor acknowledges, and of all calls only those of other members that repair
 * their log are answered.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { assert } from '../base/assert.ts'
import { type LogIndex, nodeId, type NodeId } from '../base/brand.ts'
import { BytesError } from '../base/bytes.ts'
import { type BrokerConfig, splitEndpoint } from '../base/config.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { IdentityStore } from '../dledger/identity-store.ts'
import { KnownMembers, type LoggedMembers } from '../dledger/known-members.ts'
import type { MemberAddresses } from '../dledger/member-details.ts'
import type { LogRepair } from '../dledger/log-store.ts'
import type { FetchedLog } from '../dledger/log-source.ts'
import {
  type ConnectionEvent,
  type PeerHandlers,
  type PeerIdentity,
  PeerTransport,
} from '../dledger/peers/index.ts'
import type { ConfigurationAt } from '../raft/types.ts'
import type { StateOptions } from '../dledger/state/state-transfer.ts'
import { PROGRAM_VERSION } from '../observe/version.ts'
import {
  answerCall,
  decodeTold,
  InternalCalls,
  type InternalHandlers,
  MEMBERS_CALL,
} from './internal-calls.ts'
import { PeersJudge } from './peers-judge.ts'

/** What the running member does with what comes in. */
export interface LinkUser {
  onRaft: PeerHandlers['onRaft']
  onConnection: PeerHandlers['onConnection']
  readonly calls: InternalHandlers
}

/** The link of an open folder. */
interface OpenedLink {
  readonly identity: IdentityStore
  readonly members: KnownMembers
  readonly judge: PeersJudge
  readonly transport: PeerTransport
  readonly calls: InternalCalls
}

/** A member that is about to join answers a first greeting within this time, or is not there. */
const MEET_MS_MAX = 5_000

type Serve = (first: LogIndex, bytesMax: number) => Promise<FetchedLog>

export class PeerLink {
  readonly #config: BrokerConfig
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #stop = new AbortController()
  /** The last thing that happened to the connections of each peer before there was a member to hear it. */
  readonly #missed = new Map<NodeId, ConnectionEvent>()
  #opened: OpenedLink | null = null
  /** Who may send Raft messages. */
  #reach: ReadonlySet<NodeId> = new Set()
  /** Who is about to join, by this member's word. */
  #candidate: MemberAddresses | null = null
  #user: LinkUser | null = null
  #starting: Promise<void> | undefined
  #serve: Serve | undefined

  constructor(config: BrokerConfig, clock: Clock, logger: Logger) {
    this.#config = config
    this.#clock = clock
    this.#logger = logger
  }

  /** The folder's identity is known: from now on the link can be started. */
  open(identity: IdentityStore): void {
    const { members: founders, known, folderId, startCount } = identity.identity
    const file = this.#config.members.map(({ id, peer, client }) => ({ id: nodeId(id), peer, client }))
    const members = new KnownMembers(founders, withNewer(file, known ?? []))
    const own = { folderId, startCount, processId: randomUUID() }
    const judge = new PeersJudge(identity, own, members)
    const transport = openTransport(this.#config, { identity, own }, this.#clock, this.#logger, {
      judgePeer: (greeting) => judge.judge(greeting),
      onRaft: (from, body) => {
        if (this.#reach.has(from)) this.#user?.onRaft(from, body)
      },
      onCall: (from, kind, body, signal) => {
        if (kind === MEMBERS_CALL) return this.#told(from, body)
        const handlers = this.#user?.calls ?? recovering(this.#serve, this.#clock)
        return answerCall(handlers, from, kind, body, signal)
      },
      onConnection: (event) => this.#connectionChanged(event),
    })
    this.#opened = { identity, members, judge, transport, calls: new InternalCalls(transport) }
    this.#follow()
  }

  /** Who belongs to the group, as far as is known. */
  get members(): KnownMembers {
    return this.#parts.members
  }

  /** The log says who belongs to the group: connections follow, and where they are is remembered. */
  membersChanged(logged: LoggedMembers): void {
    const { members, identity } = this.#parts
    members.follow(logged)
    this.#follow()
    if (logged.latest.index === 0) return
    const known = members.members.map(({ id, peer, client }) => ({ id, peer, client }))
    identity.rememberMembers(known).catch((error: unknown) => {
      this.#logger.warn({ error: messageOf(error) }, 'addresses of the members not remembered')
    })
  }

  /**
   * Connects to a member that is about to join, and resolves with the id of its data folder. Rejects with
   * PEER_REFUSED when it is not there or does not want this group. One at a time.
   */
  async meet(candidate: MemberAddresses): Promise<string> {
    const { judge, transport } = this.#parts
    this.#candidate = candidate
    this.#follow()
    try {
      const end = this.#clock.mono() + MEET_MS_MAX
      while (!transport.connected(candidate.id, 'call') || judge.folderOf(candidate.id) === undefined) {
        if (this.#clock.mono() > end) throw notMet(candidate)
        await this.#clock.sleep(50, this.#stop.signal)
      }
      return judge.folderOf(candidate.id) ?? ''
    } catch (error) {
      this.#forgetCandidate()
      throw error
    }
  }

  /** The data folder of a member that was let in here, empty when none was. */
  folderOf(id: NodeId): string {
    const { identity, judge } = this.#parts
    return id === nodeId(this.#config.id) ? identity.identity.folderId : (judge.folderOf(id) ?? '')
  }

  #forgetCandidate(): void {
    this.#candidate = null
    this.#follow()
  }

  #connectionChanged(event: ConnectionEvent): void {
    const isUp = event.type === 'up' && event.channel === 'call' && event.direction === 'out'
    if (isUp) void this.#tell(event.peer)
    if (this.#user === null) this.#missed.set(event.peer, event)
    else this.#user.onConnection(event)
  }

  /** Tells a peer who belongs to the group: it may be new, or know less. */
  async #tell(peer: NodeId): Promise<void> {
    const { members, calls } = this.#parts
    try {
      await calls.tellMembers(peer, members.told)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      this.#logger.debug({ peer, error: error.message }, 'members not told')
    }
  }

  #told(from: NodeId, body: Uint8Array): Promise<readonly Uint8Array[]> {
    let told: ConfigurationAt
    try {
      told = decodeTold(body)
    } catch (error) {
      if (!(error instanceof BytesError)) throw error
      return Promise.reject(new BrokerError('BAD_REQUEST', error.message, { cause: error }))
    }
    if (this.#parts.members.hear(told)) {
      this.#logger.info({ peer: from, index: told.index }, 'members learned from a peer')
      this.#follow()
    }
    return Promise.resolve([])
  }

  /** Dials and hears whom this member may have to talk to. */
  #follow(): void {
    const { members, transport } = this.#parts
    const { reach } = members
    if (reach.some(({ id }) => id === this.#candidate?.id)) this.#candidate = null
    this.#reach = new Set(reach.map(({ id }) => id))
    const dialled = this.#candidate === null ? reach : [...reach, this.#candidate]
    transport.setMembers(
      dialled.flatMap(({ id, peer }) => {
        const address = splitEndpoint(peer)
        return address === undefined ? [] : [{ id, ...address }]
      }),
      (id) => members.standingOf(id) === 'newcomer',
    )
  }

  get transport(): PeerTransport {
    return this.#parts.transport
  }

  get calls(): InternalCalls {
    return this.#parts.calls
  }

  /** From now on the member hears what comes in, and first what happened last to each peer. */
  attach(user: LinkUser): void {
    assert(this.#user === null, 'a link has one member')
    this.#user = user
    for (const event of this.#missed.values()) user.onConnection(event)
  }

  /** Listens and dials. May be called again. Rejects with the system's error when it cannot listen. */
  start(): Promise<void> {
    this.#starting ??= this.transport.start()
    return this.#starting
  }

  /** Repairs that wait for a peer end. */
  stopRepairs(): void {
    this.#stop.abort(new BrokerError('CLOSED', 'the member stops'))
  }

  async close(): Promise<void> {
    this.stopRepairs()
    await this.#opened?.transport.close()
  }

  get #parts(): OpenedLink {
    assert(this.#opened !== null, 'a link is used when the identity is known')
    return this.#opened
  }

  /** How states travel between this member and the others. */
  states(): Pick<StateOptions, 'link' | 'source'> {
    return {
      link: { call: (to, request) => this.calls.stateCall(to, request) },
      source: this.repair().source,
    }
  }

  /** Repair of this member's log from the others, which starts the link when it is needed. */
  repair(): LogRepair {
    const others = (): NodeId[] => {
      const ids = this.#parts.members.reach.map(({ id }) => id)
      return ids.filter((id) => id !== this.#config.id)
    }
    return {
      source: {
        get peers() {
          return others()
        },
        fetch: async (peer, first, bytesMax) => {
          await this.start()
          return this.calls.fetchLog(peer, first, bytesMax)
        },
      },
      signal: this.#stop.signal,
      recovering: (serve) => {
        this.#serve = serve
      },
    }
  }
}

function openTransport(
  config: BrokerConfig,
  { identity, own }: { readonly identity: IdentityStore; readonly own: PeerIdentity },
  clock: Clock,
  logger: Logger,
  handlers: PeerHandlers,
): PeerTransport {
  const { clusterId } = identity.identity
  const electionMs = config.raft.electionTicksMax * config.raft.tickMs
  return new PeerTransport(
    {
      ownId: nodeId(config.id),
      members: [],
      isOpen: true,
      listen: addressOf(config.listen.peer),
      clusterId,
      group: config.group,
      identity: own,
      version: PROGRAM_VERSION,
      clock,
      logger: logger.child({ part: 'peers' }),
      seed: randomInt(2 ** 47),
      redialMs: { min: 50, max: 1_000 },
      connectTimeoutMs: electionMs,
      silenceMs: electionMs,
    },
    handlers,
  )
}

/** What a member answers that is still recovering its log. */
function recovering(serve: Serve | undefined, clock: Clock): InternalHandlers {
  const notYet = (): Promise<never> =>
    Promise.reject(new BrokerError('NO_LEADER', 'this member is still recovering its log'))
  return {
    clientCall: notYet,
    adminCall: notYet,
    waitApplied: notYet,
    fetchLog: serve ?? notYet,
    clock: () => clock.wall(),
    stateCall: notYet,
    ledgerCall: notYet,
    check: notYet,
  }
}

/** What the folder remembers of the members' addresses goes before what the file says. */
function withNewer(
  file: readonly MemberAddresses[],
  known: readonly MemberAddresses[],
): readonly MemberAddresses[] {
  return [...known, ...file.filter(({ id }) => known.every((member) => member.id !== id))]
}

function notMet({ id, peer }: MemberAddresses): BrokerError {
  const message = `member ${id} does not answer at ${peer}: start it first, with an empty data folder and "join" in its configuration`
  return new BrokerError('PEER_REFUSED', message)
}

/** An endpoint of the configuration in its parts. */
export function addressOf(endpoint: string): { readonly host: string; readonly port: number } {
  const address = splitEndpoint(endpoint)
  assert(address !== undefined, 'the configuration was checked', { endpoint })
  return address
}
