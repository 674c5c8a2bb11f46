/**
 * One member of a broker group as a process runs it: storage, peers, the replicated log with the broker on it,
 * the facade on the client port, registration with the name servers. Put together here and nowhere else.
 */
import { nodeId, type NodeId } from '../base/brand.ts'
import type { BrokerConfig, LogLevel } from '../base/config.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { Admin } from '../broker/admin.ts'
import { Broker } from '../broker/broker.ts'
import type { LoggedMembers } from '../dledger/known-members.ts'
import { membersIn } from '../dledger/log-watch.ts'
import { Scrub } from '../dledger/scrub.ts'
import { NameServerClients, Registrar } from '../namesrv/client.ts'
import { type MetricsEndpoint, startMetricsEndpoint } from '../observe/metrics-endpoint.ts'
import { exposition } from '../observe/prometheus.ts'
import type { LeaderContext } from '../proxy/leader-context.ts'
import { runLeaderCall } from '../proxy/leader-calls.ts'
import { Proxy } from '../proxy/proxy.ts'
import type { RoleChange } from '../raft/types.ts'
import { type RpcServer, startRpcServer } from '../rpc/server.ts'
import { AdminService } from './admin-service.ts'
import { ApacheAdmin } from './apache-admin/service.ts'
import { AtLeader } from './at-leader.ts'
import { brokerOptions } from './broker-options.ts'
import { clientPortMethods } from './client-port.ts'
import { MemberClients } from './clients.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { describeMember, type MemberFacts } from './describe-member.ts'
import { GroupCluster } from './group-cluster.ts'
import type { AdminCall, InternalHandlers } from './internal-calls.ts'
import { leaderContextOf } from './leader-context-of.ts'
import { type MemberLedgers, openLedgers } from './ledgers.ts'
import { MemberChanges } from './member-changes.ts'
import { MembersService } from './members-service.ts'
import { memberMetrics } from './member-metrics.ts'
import { openRaft } from './open-raft.ts'
import { ownCertificate } from './own-certificate.ts'
import { addressOf, PeerLink } from './peer-link.ts'
import { registration } from './registration.ts'
import { MemberQueries } from './queries.ts'
import { snapshotMethods } from './snapshot-service.ts'
import { type MemberStorage, openStorage } from './storage.ts'

/** What is in the log of a leader that stops gets this long to be answered before another one is to lead. */
const HAND_OVER_MS = 1_000
/** Calls under way get this long when a member stops. */
const CLOSE_GRACE_MS = 3_000

/** What the starter of a member hears. */
export interface MemberEvents {
  roleChanged(change: RoleChange): void
  /** The state of the group is to take the place of what the member has: it is to be closed and opened again. */
  stateTaken(): void
  /** An operator asks for more or fewer lines in the log. */
  setLogLevel(level: LogLevel): void
  /** The member cannot go on; the process must end with a code other than 0. */
  failed(error: unknown): void
}

/** A member that runs. */
export interface RunningMember {
  /**
   * Stops it in order: another member leads, no new calls, running calls end, everything is written and closed.
   */
  close(): Promise<void>
}

/** Opens a member for one life of it. Throws `BrokerError` with one sentence when it cannot start. */
export async function openMember(
  config: BrokerConfig,
  clock: Clock,
  logger: Logger,
  events: MemberEvents,
): Promise<RunningMember> {
  const link = new PeerLink(config, clock, logger)
  const failed = (error: unknown): void => events.failed(error)
  const storage = await openStorage(config, clock, logger, failed, link).catch(async (error: unknown) => {
    await link.close()
    throw error
  })
  const member = new Member(config, clock, logger, events, storage, link)
  try {
    await member.start()
  } catch (error) {
    await member.close()
    throw error
  }
  return member
}

class Member implements RunningMember {
  readonly #config: BrokerConfig
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #events: MemberEvents
  readonly #storage: MemberStorage
  readonly #ownId: NodeId
  readonly #startedMono: number
  readonly #link: PeerLink
  readonly #broker: Broker
  readonly #cluster: GroupCluster
  readonly #adminService: AdminService
  readonly #changes: MemberChanges
  readonly #membersService: MembersService
  readonly #context: LeaderContext
  readonly #proxy: Proxy
  readonly #clients: MemberClients
  readonly #ledgers: MemberLedgers
  #queries: MemberQueries | null = null
  readonly #connections: ConnectionWatch
  readonly #nameServers = new NameServerClients()
  readonly #registrar: Registrar
  readonly #stop = new AbortController()
  readonly #scrub: Scrub
  #registering: Promise<void> = Promise.resolve()
  #scrubbing: Promise<void> = Promise.resolve()
  #rpc: RpcServer | null = null
  #metrics: MetricsEndpoint | null = null

  constructor(
    config: BrokerConfig,
    clock: Clock,
    logger: Logger,
    events: MemberEvents,
    storage: MemberStorage,
    link: PeerLink,
  ) {
    this.#config = config
    this.#clock = clock
    this.#logger = logger
    this.#events = events
    this.#storage = storage
    this.#ownId = nodeId(config.id)
    this.#startedMono = clock.mono()
    this.#link = link
    const { calls } = link
    this.#broker = this.#openBroker()
    this.#connections = new ConnectionWatch(this.#broker.ledger)
    this.#cluster = new GroupCluster(this.#ownId, this.#broker.ledger, calls)
    const atLeader = new AtLeader({
      cluster: this.#cluster,
      calls,
      leader: () => this.#broker.ledger.role.leader,
      run: (call) => this.#adminCall(call),
    })
    this.#changes = new MemberChanges({
      ownId: this.#ownId,
      ledger: this.#broker.ledger,
      members: link.members,
      meet: (candidate) => link.meet(candidate),
      folderOf: (id) => link.folderOf(id),
      silentTicks: config.raft.electionTicksMax,
      clock,
      logger: logger.child({ part: 'members' }),
    })
    this.#membersService = new MembersService({
      changes: this.#changes,
      atLeader,
      facts: () => this.#facts(),
    })
    this.#adminService = new AdminService({
      ownId: this.#ownId,
      members: () => this.#link.members.members.map(({ id }) => id),
      broker: this.#broker,
      admin: new Admin(this.#broker.machine, this.#broker.ledger),
      atLeader,
      calls,
      describeMember: () => describeMember(this.#facts()),
    })
    this.#context = leaderContextOf({
      config,
      broker: this.#broker,
      clock,
      clientAddresses: () => this.#link.members.members.map(({ client }) => client),
      createTopic: (name) => this.#adminService.createDefaultTopic(name),
    })
    this.#proxy = new Proxy({
      cluster: this.#cluster,
      context: this.#context,
      logger: logger.child({ part: 'proxy' }),
    })
    this.#clients = new MemberClients({
      ownId: this.#ownId,
      members: () => this.#link.members.members.map(({ id }) => id),
      broker: this.#broker,
      proxy: this.#proxy,
      atLeader,
      calls,
      clock,
      logger: logger.child({ part: 'clients' }),
    })
    this.#scrub = new Scrub({
      log: storage.log.care,
      periodMs: config.log.scrubPeriodMs,
      clock,
      logger: logger.child({ part: 'log' }),
    })
    this.#ledgers = openLedgers({
      view: storage.ledgers,
      broker: this.#broker,
      cluster: this.#cluster,
      calls,
      clock,
      logger: logger.child({ part: 'ledger' }),
    })
    this.#registrar = new Registrar({
      addresses: config.nameServers,
      describe: () => registration(this.#facts()),
      register: this.#nameServers.register,
      clock,
      logger: logger.child({ part: 'registrar' }),
    })
  }

  async start(): Promise<void> {
    this.#link.attach({
      onRaft: (from, body) => this.#broker.ledger.received(from, body),
      onConnection: (event) => this.#connections.changed(event),
      calls: this.#handlers(),
    })
    await this.#link.start()
    await this.#broker.start()
    await this.#ledgers.sweeper.start()
    this.#queries = await MemberQueries.open({
      dataFolder: this.#config.dataFolder,
      broker: this.#broker,
      readIndex: () => this.#adminService.readIndex(),
      clock: this.#clock,
      logger: this.#logger.child({ part: 'index' }),
    })
    this.#rpc = await startRpcServer({
      ...addressOf(this.#config.listen.client),
      certificate: await ownCertificate(this.#config, this.#clock, this.#logger),
      methods: clientPortMethods({
        broker: this.#broker,
        cluster: this.#cluster,
        served: [
          ...this.#proxy.methods,
          ...this.#adminService.methods(),
          ...this.#membersService.methods(),
          ...this.#clients.methods(),
          ...this.#ledgers.service.methods(),
          ...this.#queries.methods,
          ...this.#apacheAdmin(this.#queries).methods(),
          ...snapshotMethods({
            freeze: () => this.#broker.ledger.states.freeze(),
            log: this.#storage.log,
            identity: this.#storage.identity.identity,
            members: () => this.#link.members.members.map(({ id }) => id),
            clock: this.#clock,
          }),
        ],
      }),
      clock: this.#clock,
      logger: this.#logger.child({ part: 'rpc' }),
    })
    const { metrics } = this.#config.listen
    if (metrics !== undefined) {
      this.#metrics = await startMetricsEndpoint(addressOf(metrics), () => this.#metricsPage())
    }
    this.#clients.start()
    this.#registering = this.#registrar.run(this.#stop.signal)
    if (this.#config.log.scrubPeriodMs > 0) this.#scrubbing = this.#scrub.run(this.#stop.signal)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#link.stopRepairs()
    await this.#scrubbing
    await this.#metrics?.close()
    await this.#broker.ledger.handOver(AbortSignal.timeout(HAND_OVER_MS))
    await this.#rpc?.close(CLOSE_GRACE_MS)
    await this.#proxy.close()
    this.#clients.stop()
    this.#ledgers.sweeper.stop()
    this.#changes.stop()
    await this.#queries?.close()
    await this.#broker.close()
    await this.#link.close()
    await this.#registering
    this.#nameServers.close()
    await this.#storage.lock.release()
  }

  #apacheAdmin({ queries }: MemberQueries): ApacheAdmin {
    const { cluster, group } = this.#config
    return new ApacheAdmin({
      broker: this.#broker,
      adminService: this.#adminService,
      proxy: this.#proxy,
      queries,
      clients: this.#clients.service,
      setLogLevel: (level) => this.#events.setLogLevel(level),
      clock: this.#clock,
      cluster,
      brokerName: group,
      address: this.#context.storeHost,
    })
  }

  #openBroker(): Broker {
    const raft = openRaft(this.#config, this.#storage)
    this.#link.membersChanged(membersIn(raft))
    return new Broker(
      brokerOptions({
        config: this.#config,
        ownId: this.#ownId,
        storage: this.#storage,
        link: this.#link,
        raft,
        clock: this.#clock,
        logger: this.#logger.child({ part: 'raft' }),
        relay: { check: (topic, id, stored) => this.#clients.relay.check(topic, id, stored) },
      }),
      {
        roleChanged: (change) => {
          this.#cluster.changed()
          this.#registrar.poke()
          this.#events.roleChanged(change)
        },
        leadingChanged: (leading) => {
          if (leading) this.#link.members.lead()
          this.#changes.lead(leading)
          this.#cluster.changed()
        },
        membersChanged: (members) => this.#membersChanged(members),
        catalogChanged: () => {
          this.#registrar.poke()
          this.#proxy.catalogChanged()
        },
        applied: () => this.#ledgers.service.changed(this.#storage.ledgers.takeChanged()),
        stateTaken: () => this.#events.stateTaken(),
        failed: (error) => this.#events.failed(error),
      },
    )
  }

  /** What this member does for the others. */
  #handlers(): InternalHandlers {
    return {
      clientCall: (head, request, aborted) => runLeaderCall(this.#context, head, request, aborted),
      adminCall: (call) => this.#adminCall(call),
      waitApplied: (index, aborted) => this.#broker.ledger.waitApplied(index, aborted),
      clock: () => this.#clock.wall(),
      fetchLog: (first, bytesMax) => this.#storage.log.care.serve(first, bytesMax),
      stateCall: (from, request) => this.#broker.ledger.states.answer(from, request),
      check: async (topic, id, stored) => this.#proxy.commands.check(topic, id, stored),
      ledgerCall: ({ request, term }) => this.#ledgers.leaderPart.run(request, term),
    }
  }

  #adminCall(call: AdminCall): Promise<unknown> {
    const part = [this.#membersService, this.#clients].find((one) => one.knows(call))
    return part === undefined ? this.#adminService.runAny(call) : part.run(call)
  }

  #membersChanged(members: LoggedMembers): void {
    this.#link.membersChanged(members)
    this.#registrar.poke()
  }

  #metricsPage(): string {
    const { cluster, group, id } = this.#config
    const common = { cluster, group, peer_id: String(id) }
    return exposition(memberMetrics(this.#facts()), common)
  }

  #facts(): MemberFacts {
    return {
      config: this.#config,
      storage: this.#storage,
      broker: this.#broker,
      clock: this.#clock,
      startedMono: this.#startedMono,
      scrub: this.#scrub.state,
      indexBehind: this.#queries?.index.behind ?? 0,
      connected: (peer) => this.#link.transport.connected(peer, 'raft'),
      members: this.#link.members,
      refusals: this.#connections.refusals,
      clientWarnings: this.#clients.warnings,
    }
  }
}
