/** What the leader does for ledgers: looks the ledger up, proposes, and turns the machine's reply into an answer. */
import { unreachable } from '../base/assert.ts'
import type { LogIndex, Millis } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { EncodedCommand } from '../broker/machine/index.ts'
import type { Applied } from '../dledger/proposals.ts'
import type { LedgerAnswer, LedgerRequest } from './leader-calls.ts'
import { confirmLeadership, type LedgerLog } from './ledger-log.ts'
import { encodeAppend } from './machine/append-codec.ts'
import { encodeLedgerCommand } from './machine/command-codec.ts'
import { isLedgerReply, type LedgerCommand, type LedgerReply } from './machine/commands.ts'
import type { LedgersView } from './machine/view.ts'

export interface LeaderPartOptions {
  readonly view: LedgersView
  readonly log: LedgerLog
  /** The term of this member. */
  readonly term: () => number
  /** Throws DISK_FULL when there is no room for entries. */
  readonly requireSpace: () => void
}

const NO_STAMP = 0 as Millis

export class LeaderPart {
  readonly #options: LeaderPartOptions

  constructor(options: LeaderPartOptions) {
    this.#options = options
  }

  /**
   * Appends reach the log in the order of the calls. Throws `BrokerError`: NOT_LEADER (outcome none or unknown), also
   * in another term than `term` unless that is 0, BUSY, DISK_FULL and what the machine refuses.
   */
  async run(request: LedgerRequest, term: number): Promise<LedgerAnswer> {
    const { log } = this.#options
    if (!log.leading || (term !== 0 && term !== this.#options.term()))
      throw new BrokerError('NOT_LEADER', 'this member does not lead')
    switch (request.type) {
      case 'append': {
        this.#options.requireSpace()
        const ledger = this.#options.view.ledger(request.ledger) ?? (await this.#missing(request.ledger))
        return this.#propose(encodeAppend(ledger.id, request.body))
      }
      case 'command':
        return this.#command(request.command)
      case 'confirm':
        return answer(await confirmLeadership(log))
      default:
        return unreachable(request)
    }
  }

  /**
   * Says that there is no such ledger, once it is sure to lead still, so that a deposed leader denies nothing. A
   * ledger that was made meanwhile does not count: the append would stand behind others that came after it.
   */
  async #missing(name: string): Promise<never> {
    await confirmLeadership(this.#options.log)
    return ledgerMissing(name)
  }

  /** A large ledger is deleted in steps, so that no entry does the work of a million. */
  async #command(command: LedgerCommand): Promise<LedgerAnswer> {
    for (;;) {
      const { index, reply } = await this.#replyTo(encodeLedgerCommand(command))
      if (command.type !== 'deleteLedger' || reply.type !== 'trimmed') return answerOf(index, reply)
    }
  }

  async #propose(command: EncodedCommand): Promise<LedgerAnswer> {
    const { index, reply } = await this.#replyTo(command)
    return answerOf(index, reply)
  }

  async #replyTo(command: EncodedCommand): Promise<Applied<LedgerReply>> {
    const { index, reply } = await this.#options.log.propose(command)
    if (reply.type === 'refused') throw new BrokerError(reply.code, reply.message)
    if (reply.type !== 'part' || !isLedgerReply(reply.reply)) {
      throw new BrokerError('BAD_REQUEST', `the log answered ${reply.type} to a ledger`)
    }
    return { index, reply: reply.reply }
  }
}

/** Throws LEDGER_NOT_FOUND with what a person should do about it. */
export function ledgerMissing(name: string): never {
  const hint = `to create it: npm run cli -- ledger create ${name}`
  throw new BrokerError('LEDGER_NOT_FOUND', `ledger "${name}" does not exist; ${hint}`)
}

function answerOf(index: LogIndex, reply: LedgerReply): LedgerAnswer {
  switch (reply.type) {
    case 'refused':
      throw new BrokerError(reply.code, reply.message)
    case 'appended': {
      const { firstIndex, count, stampMs, repeated } = reply
      return { index, value: firstIndex, count, stampMs, repeated }
    }
    case 'trimmed':
      return { ...answer(index), value: reply.firstIndex }
    case 'created':
    case 'done':
      return answer(index)
    default:
      return unreachable(reply)
  }
}

function answer(index: LogIndex): LedgerAnswer {
  return { index, value: 0, count: 0, stampMs: NO_STAMP, repeated: false }
}
