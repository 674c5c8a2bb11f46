/** What a member does for and with the clients of its group, put together. */
import { type NodeId, queueOffset } from '../base/brand.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { Broker } from '../broker/broker.ts'
import { TransactionAdmin } from '../broker/transaction-admin.ts'
import type { Proxy } from '../proxy/proxy.ts'
import type { Method } from '../rpc/service.ts'
import type { AtLeader } from './at-leader.ts'
import { ClientsService } from './clients-service.ts'
import type { AdminCall, InternalCalls } from './internal-calls.ts'
import { ProducerRelay } from './producer-relay.ts'
import { TransactionsService } from './transactions-service.ts'

export interface ClientsOptions {
  readonly ownId: NodeId
  readonly members: () => readonly NodeId[]
  readonly broker: Broker
  readonly proxy: Proxy
  readonly atLeader: AtLeader
  readonly calls: InternalCalls
  readonly clock: Clock
  readonly logger: Logger
}

/** The services about clients and their transactions, and the way of checks to producers. */
export class MemberClients {
  readonly relay: ProducerRelay
  readonly service: ClientsService
  readonly #transactions: TransactionsService

  constructor(options: ClientsOptions) {
    const { ownId, members, broker, proxy, atLeader, calls, clock, logger } = options
    const { commands, sessions } = proxy
    const { machine, ledger, reader, operations } = broker
    this.relay = new ProducerRelay({ ownId, members, commands, calls })
    this.service = new ClientsService({
      ownId,
      members,
      sessions,
      commands,
      calls,
      message: (topic, queueId, offset) => messageAt(broker, topic, queueId, offset),
      leading: () => ledger.leading,
      clock,
      logger,
    })
    const admin = new TransactionAdmin(machine, ledger, reader, operations)
    this.#transactions = new TransactionsService(admin, atLeader)
  }

  /** What is odd about the clients, as the leader saw it last; nothing on other members. */
  get warnings(): readonly string[] {
    return this.service.warnings
  }

  start(): void {
    this.service.start()
  }

  stop(): void {
    this.service.stop()
  }

  /** The methods for the client port. */
  methods(): readonly Method[] {
    return [...this.service.methods(), ...this.#transactions.methods()]
  }

  /** Does `run` know the call? */
  knows(call: AdminCall): boolean {
    return this.service.knows(call) || this.#transactions.knows(call)
  }

  /** Runs a call of another member on this one. */
  run(call: AdminCall): Promise<unknown> {
    return this.service.knows(call) ? this.service.run(call) : this.#transactions.run(call)
  }
}

/** The stored message as this member has it; `undefined` when there is none. */
async function messageAt(
  { machine, reader }: Broker,
  topic: string,
  queueId: number,
  offset: number,
): Promise<Uint8Array | undefined> {
  const number = machine.topic(topic)?.queues[queueId]
  const queue = number === undefined ? undefined : machine.queue(number)
  if (queue === undefined || offset < queue.minOffset || offset >= queue.nextOffset) return undefined
  return reader.read(queue.queue, queueOffset(offset))
}
