/** What the leader parts of client calls work with on one member. */
import { assert } from '../base/assert.ts'
import type { BrokerConfig } from '../base/config.ts'
import type { Clock } from '../base/ports.ts'
import type { Broker } from '../broker/broker.ts'
import type { LeaderContext } from '../proxy/leader-context.ts'
import { accessPoint } from './access-point.ts'
import { addressOf } from './peer-link.ts'

export interface LeaderContextOptions {
  readonly config: BrokerConfig
  readonly broker: Broker
  readonly clock: Clock
  /** Where clients reach the members, `host:port`. */
  readonly clientAddresses: () => readonly string[]
  /** Makes a topic with the defaults; resolves when the members serve it. */
  readonly createTopic: (name: string) => Promise<unknown>
}

export function leaderContextOf(options: LeaderContextOptions): LeaderContext {
  const { config, broker, clock, clientAddresses, createTopic } = options
  const own = config.members.find((member) => member.id === config.id)
  assert(own !== undefined, 'the configuration was checked', { id: config.id })
  return {
    operations: broker.operations,
    offsets: broker.queueReads,
    deadLetters: broker.deadLetters,
    view: broker.machine,
    clock,
    storeHost: own.client,
    brokerName: config.group,
    delayMsMax: config.messages.delayMsMax,
    checkAfterMs: config.transactions.checkAfterMs,
    advertised: () => accessPoint(clientAddresses().map(addressOf)),
    createTopic: config.topics.autoCreate ? createTopic : null,
  }
}
