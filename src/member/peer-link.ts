/**
 * This member's link to the others. It stands as soon as the member needs it: usually when all is recovered,
 * earlier when the log has to be repaired from the others. Until the member is there, Raft messages are
 * dropped, so that it neither votes nor acknowledges, and of all calls only those of other members that repair
 * their log are answered.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { assert } from '../base/assert.ts'
import { type LogIndex, nodeId, type NodeId } from '../base/brand.ts'
import { type BrokerConfig, splitEndpoint } from '../base/config.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { IdentityStore } from '../dledger/identity-store.ts'
import type { LogRepair } from '../dledger/log-store.ts'
import type { FetchedLog } from '../dledger/log-source.ts'
import { type ConnectionEvent, type PeerHandlers, PeerTransport } from '../dledger/peers/index.ts'
import { PROGRAM_VERSION } from '../observe/version.ts'
import { answerCall, InternalCalls, type InternalHandlers } from './internal-calls.ts'
import { PeersJudge } from './peers-judge.ts'

/** What the running member does with what comes in. */
export interface LinkUser {
  onRaft: PeerHandlers['onRaft']
  onConnection: PeerHandlers['onConnection']
  readonly calls: InternalHandlers
}

type Serve = (first: LogIndex, bytesMax: number) => Promise<FetchedLog>

export class PeerLink {
  readonly #config: BrokerConfig
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #peers: readonly NodeId[]
  readonly #stop = new AbortController()
  /** The last thing that happened to the connections of each peer before there was a member to hear it. */
  readonly #missed = new Map<NodeId, ConnectionEvent>()
  #opened: { readonly transport: PeerTransport; readonly calls: InternalCalls } | null = null
  #user: LinkUser | null = null
  #starting: Promise<void> | undefined
  #serve: Serve | undefined

  constructor(config: BrokerConfig, clock: Clock, logger: Logger) {
    this.#config = config
    this.#clock = clock
    this.#logger = logger
    const ownId = nodeId(config.id)
    this.#peers = config.members.map((member) => nodeId(member.id)).filter((id) => id !== ownId)
  }

  /** The folder's identity is known: from now on the link can be started. */
  open(identity: IdentityStore): void {
    const transport = openTransport(this.#config, identity, this.#clock, this.#logger, {
      onRaft: (from, body) => this.#user?.onRaft(from, body),
      onCall: (_from, kind, body, signal) => {
        const handlers = this.#user?.calls ?? recovering(this.#serve)
        return answerCall(handlers, kind, body, signal)
      },
      onConnection: (event) => {
        if (this.#user === null) this.#missed.set(event.peer, event)
        else this.#user.onConnection(event)
      },
    })
    this.#opened = { transport, calls: new InternalCalls(transport) }
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

  get #parts(): { readonly transport: PeerTransport; readonly calls: InternalCalls } {
    assert(this.#opened !== null, 'a link is used when the identity is known')
    return this.#opened
  }

  /** Repair of this member's log from the others, which starts the link when it is needed. */
  repair(): LogRepair {
    return {
      source: {
        peers: this.#peers,
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
  identity: IdentityStore,
  clock: Clock,
  logger: Logger,
  handlers: Omit<PeerHandlers, 'judgePeer'>,
): PeerTransport {
  const { folderId, startCount, clusterId } = identity.identity
  const own = { folderId, startCount, processId: randomUUID() }
  const judge = new PeersJudge(identity, own)
  const electionMs = config.raft.electionTicksMax * config.raft.tickMs
  return new PeerTransport(
    {
      ownId: nodeId(config.id),
      members: config.members.map(({ id, peer }) => ({ id: nodeId(id), ...addressOf(peer) })),
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
    { ...handlers, judgePeer: (greeting) => judge.judge(greeting) },
  )
}

/** What a member answers that is still recovering its log. */
function recovering(serve: Serve | undefined): InternalHandlers {
  const notYet = (): Promise<never> =>
    Promise.reject(new BrokerError('NO_LEADER', 'this member is still recovering its log'))
  return {
    clientCall: notYet,
    adminCall: notYet,
    waitApplied: notYet,
    fetchLog: serve ?? notYet,
    ledgerCall: notYet,
  }
}

/** An endpoint of the configuration in its parts. */
export function addressOf(endpoint: string): { readonly host: string; readonly port: number } {
  const address = splitEndpoint(endpoint)
  assert(address !== undefined, 'the configuration was checked', { endpoint })
  return address
}
