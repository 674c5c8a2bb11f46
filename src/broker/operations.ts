/** What the leader does for clients: each call checks what must be checked before the log, then proposes. */
import { millis } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { RENEW_MS } from '../base/limits.ts'
import type { Clock } from '../base/ports.ts'
import { type ClientLiveness, clientHash } from './client-liveness.ts'
import type { Delays } from './delays.ts'
import type { DiskGuard } from './disk-guard.ts'
import type {
  AckRequest,
  ChangeInvisibleRequest,
  EndTransactionRequest,
  LeaderOperations,
  RecallRequest,
  ReceivedMessage,
  ReceiveRequest,
  SendRequest,
  SendResult,
} from './leader-port.ts'
import type { Command, Receipt, Reply, SentMessage } from './machine/commands.ts'
import {
  encodeCommand,
  encodeSend,
  encodeTransactionId,
  MESSAGE_TYPE_DELAY,
  MESSAGE_TYPE_TRANSACTION,
} from './machine/index.ts'
import { expectReply, type KnownNames } from './known-names.ts'
import type { MachineView, TopicView } from './machine/view.ts'
import type { Receivers } from './receivers.ts'
import type { ReplicatedLog } from './replicated-log.ts'
import { requireReadable, requireTypes, requireWritable } from './topic-rules.ts'
import type { TransactionMover } from './transaction-mover.ts'

export interface OperationsOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly names: KnownNames
  /** Brings half messages into the reach of their commits. */
  readonly mover: TransactionMover
  readonly receivers: Receivers
  readonly liveness: ClientLiveness
  readonly diskGuard: DiskGuard
  readonly clock: Clock
  readonly delays: Delays
}

/** A commit whose half message stands too far back moves it up and tries again. */
const MOVES_MAX = 4

export class Operations implements LeaderOperations {
  readonly #options: OperationsOptions
  readonly #names: KnownNames

  constructor(options: OperationsOptions) {
    this.#options = options
    this.#names = options.names
  }

  async send(request: SendRequest): Promise<readonly SendResult[]> {
    this.#requireLeading()
    this.#options.diskGuard.requireSpace()
    const topic = await this.#names.topic(request.topic)
    requireWritable(topic)
    requireTypes(topic, request.messageTypes)
    if (!request.messageTypes.has(MESSAGE_TYPE_DELAY)) return this.#store(topic, request)
    return this.#options.delays.admit(request.count, request.bytes, () => this.#store(topic, request))
  }

  async #store(topic: TopicView, request: SendRequest): Promise<readonly SendResult[]> {
    const { count, messages: stored, bytes, messageTypes } = request
    const { reply } = await this.#options.log.propose(encodeSend(topic.id, count, stored, bytes))
    const { messages } = expectReply(reply, 'sent')
    return messageTypes.has(MESSAGE_TYPE_TRANSACTION) ? withIds(topic, messages) : messages
  }

  async endTransaction({ topic: name, id, resolution }: EndTransactionRequest): Promise<void> {
    this.#requireLeading()
    const topic = await this.#names.topic(name)
    if (topic.id !== id.topicId) {
      throw new BrokerError('INVALID_TRANSACTION_ID', `the transaction is not one of topic "${name}"`)
    }
    for (let moves = 0; moves < MOVES_MAX; moves++) {
      const reply = await this.#propose({ type: 'endTransaction', ...id, resolution })
      if (reply.type !== 'tooFar') return void expectReply(reply, 'ended')
      await this.#options.mover.move(id.transaction)
    }
    throw new BrokerError('BUSY', 'the log moves on faster than the half message can be moved up')
  }

  async recall(request: RecallRequest): Promise<void> {
    this.#requireLeading()
    await this.#options.delays.recall(await this.#names.topic(request.topic), request)
  }

  async receive(request: ReceiveRequest): Promise<readonly ReceivedMessage[]> {
    this.#requireLeading()
    const topic = await this.#names.topic(request.topic)
    requireReadable(topic)
    const group = await this.#names.contact(request.group, topic)
    return this.#options.receivers.receive(group.id, topic.id, request)
  }

  async ack(request: AckRequest): Promise<readonly boolean[]> {
    this.#requireLeading()
    const receipts = request.receipts.filter((receipt) => receipt !== undefined)
    if (receipts.length === 0) return request.receipts.map(() => false)
    const reply = await this.#propose({ type: 'ack', request: request.requestKey, receipts })
    const { valid } = expectReply(reply, 'acked')
    let next = 0
    return request.receipts.map((receipt) => receipt !== undefined && (valid[next++] ?? false))
  }

  async changeInvisible(
    request: ChangeInvisibleRequest,
  ): Promise<{ readonly valid: boolean; readonly receipt: Receipt }> {
    this.#requireLeading()
    const reply = await this.#propose({
      type: 'changeInvisible',
      request: request.requestKey,
      receipt: request.receipt,
      invisibleMs: millis(request.invisibleMs),
    })
    const { valid, deadline } = expectReply(reply, 'changed')
    return { valid, receipt: valid ? { ...request.receipt, deadline } : request.receipt }
  }

  async release(receipts: readonly Receipt[]): Promise<void> {
    this.#requireLeading()
    await this.#propose({ type: 'release', deliveries: receipts })
  }

  async handedOver(receipts: readonly Receipt[]): Promise<void> {
    this.#requireLeading()
    const deliveries = receipts.filter((receipt) => this.#options.view.isRenewed(receipt))
    if (deliveries.length === 0) return
    await this.#propose({ type: 'renew', invisibleMs: millis(RENEW_MS), deliveries })
  }

  async contact(group: string, topics: readonly string[], clientId: string): Promise<void> {
    this.#requireLeading()
    this.clientSeen(clientId)
    const { view } = this.#options
    if (topics.length === 0) await this.#names.contact(group, null)
    for (const name of topics) {
      const topic = view.topic(name)
      if (topic !== undefined) await this.#names.contact(group, topic)
    }
  }

  async terminate(clientId: string, group: string | null): Promise<void> {
    this.#requireLeading()
    this.#options.liveness.ended(clientId)
    const groupId = group === null ? null : this.#options.view.group(group)?.id
    if (groupId === undefined) return
    await this.#propose({ type: 'releaseClient', client: clientHash(clientId), groupId })
  }

  clientSeen(clientId: string): void {
    this.#options.liveness.seen(clientId, this.#options.clock.mono())
  }

  confirmAbsent(): Promise<void> {
    return this.#names.confirm()
  }

  #requireLeading(): void {
    if (!this.#options.log.leading) throw new BrokerError('NOT_LEADER', 'this member does not lead')
  }

  async #propose(command: Command): Promise<Reply> {
    return (await this.#options.log.propose(encodeCommand(command))).reply
  }
}

function withIds({ id: topicId }: TopicView, messages: readonly SentMessage[]): readonly SendResult[] {
  return messages.map(({ queueId, offset, repeated, timer, transaction }) => {
    const result = { queueId, offset, repeated, timer }
    return transaction === undefined
      ? result
      : { ...result, transactionId: encodeTransactionId({ topicId, transaction }) }
  })
}
