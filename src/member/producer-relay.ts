/** Brings the check of a transaction to a producer, on whichever member its telemetry stream is. */
import type { NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { CheckRelay } from '../broker/transaction-checker.ts'
import type { ClientCommands } from '../proxy/client-commands.ts'
import type { InternalCalls } from './internal-calls.ts'

export interface ProducerRelayOptions {
  readonly ownId: NodeId
  readonly members: () => readonly NodeId[]
  /** Of the clients on this member. */
  readonly commands: Pick<ClientCommands, 'check'>
  readonly calls: Pick<InternalCalls, 'check'>
}

export class ProducerRelay implements CheckRelay {
  readonly #options: ProducerRelayOptions
  #turn = 0

  constructor(options: ProducerRelayOptions) {
    this.#options = options
  }

  /** Members are asked in turn, each time another one first, so that all producers get their share. */
  async check(topic: string, transactionId: string, stored: Uint8Array): Promise<boolean> {
    const members = this.#options.members()
    const first = this.#turn++ % members.length
    for (let i = 0; i < members.length; i++) {
      const member = members[(first + i) % members.length]
      if (member !== undefined && (await this.#checkAt(member, topic, transactionId, stored))) return true
    }
    return false
  }

  /** False also for a member that cannot be reached: others may have producers. */
  async #checkAt(member: NodeId, topic: string, id: string, stored: Uint8Array): Promise<boolean> {
    const { ownId, commands, calls } = this.#options
    if (member === ownId) return commands.check(topic, id, stored)
    try {
      return await calls.check(member, topic, id, stored)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      return false
    }
  }
}
