/**
 * What the broker asks of clients over their telemetry streams (grpc-contract 3.5): what became of a transaction,
 * where a client's threads are, what it does with a message, to connect anew. Answers carry the number of their
 * question, and count only from the client that was asked.
 */
import { BrokerError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { Code } from '../rpc/apache-enums.ts'
import type { TelemetryCommand } from '../rpc/apache-service.ts'
import type { ClientSessions, Session } from './client-sessions.ts'
import { telemetryCommands } from './codecs.ts'
import { deliveredMessage } from './deliver-message.ts'
import { OK } from './status.ts'
import { statusBytes } from './status-reply.ts'
import { WireWriter } from './wire-writer.ts'

/** How long an answer is waited for, as RocketMQ's proxy does. */
const ANSWER_MS = 5_000
const QUESTIONS_MAX = 1_000

// Fields of TelemetryCommand, and of the commands that carry a message.
const STATUS = 1
const RECOVER_ORPHANED_TRANSACTION = 5
const VERIFY_MESSAGE = 7

/** Where a message stands that a client is shown. */
export interface ShownMessage {
  /** The stored message, header and raw bytes. */
  readonly stored: Uint8Array
  readonly queueId: number
  readonly offset: number
}

/** What a client says of a message that it was to try. */
export interface VerifyAnswer {
  /** A `Code` of apache.rocketmq.v2. */
  readonly code: number
  readonly message: string
}

interface Question {
  readonly clientId: string
  readonly answer: (command: TelemetryCommand) => void
}

/** Sends commands to the clients of one node. */
export class ClientCommands {
  readonly #sessions: ClientSessions
  readonly #clock: Clock
  readonly #storeHost: string
  readonly #questions = new Map<string, Question>()
  #asked = 0

  constructor(sessions: ClientSessions, clock: Clock, storeHost: string) {
    this.#sessions = sessions
    this.#clock = clock
    this.#storeHost = storeHost
  }

  /** Asks one producer of the topic what became of a transaction. False when none has a stream here. */
  check(topic: string, transactionId: string, stored: Uint8Array): boolean {
    const producers = this.#sessions.producersOf(topic, this.#clock.mono())
    if (producers.length === 0) return false
    const message = this.#messageBytes({ stored, queueId: 0, offset: 0 })
    const command = new WireWriter().bytes(1, message).text(2, transactionId)
    const bytes = commandBytes(RECOVER_ORPHANED_TRANSACTION, command)
    return producers.some(({ stream }) => stream.send(bytes))
  }

  /** The text of a client's threads. Throws CLIENT_NOT_FOUND when the client has no stream here, and TIMEOUT. */
  async stack(clientId: string): Promise<string> {
    const answer = await this.#ask(clientId, (nonce) =>
      telemetryCommands.encode({
        status: OK,
        command: 'printThreadStackTraceCommand',
        printThreadStackTraceCommand: { nonce },
      }),
    )
    return answer.threadStackTrace?.threadStackTrace ?? answer.status?.message ?? ''
  }

  /** Has a client try a message, and says what came of it. Throws as `stack`. */
  async verify(clientId: string, message: ShownMessage): Promise<VerifyAnswer> {
    const answer = await this.#ask(clientId, (nonce) =>
      commandBytes(VERIFY_MESSAGE, new WireWriter().text(1, nonce).bytes(2, this.#messageBytes(message))),
    )
    return { code: answer.status?.code ?? Code.OK, message: answer.status?.message ?? '' }
  }

  /** Tells a client to connect anew. It answers nothing. Throws CLIENT_NOT_FOUND. */
  reconnect(clientId: string): void {
    const nonce = this.#nextNonce()
    const sent = this.#sessionOf(clientId).stream.send(
      telemetryCommands.encode({
        status: OK,
        command: 'reconnectEndpointsCommand',
        reconnectEndpointsCommand: { nonce },
      }),
    )
    if (!sent) throw notHere(clientId)
  }

  /** A command from a client that is no settings. What nobody waits for is dropped. */
  answered(clientId: string, command: TelemetryCommand): void {
    // One official client answers a verification with the command of the question.
    const { threadStackTrace, verifyMessageResult, verifyMessageCommand } = command
    const nonce = (threadStackTrace ?? verifyMessageResult ?? verifyMessageCommand)?.nonce
    if (nonce === undefined) return
    const question = this.#questions.get(nonce)
    if (question === undefined || question.clientId !== clientId) return
    this.#questions.delete(nonce)
    question.answer(command)
  }

  async #ask(clientId: string, encode: (nonce: string) => Uint8Array): Promise<TelemetryCommand> {
    const { stream } = this.#sessionOf(clientId)
    if (this.#questions.size >= QUESTIONS_MAX)
      throw new BrokerError('BUSY', 'too many clients are asked at once')
    const nonce = this.#nextNonce()
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.timer(ANSWER_MS, () => {
        this.#questions.delete(nonce)
        reject(new BrokerError('TIMEOUT', `client ${clientId} did not answer in ${ANSWER_MS / 1000} s`))
      })
      this.#questions.set(nonce, {
        clientId,
        answer: (command) => {
          cancelTimer()
          resolve(command)
        },
      })
      if (stream.send(encode(nonce))) return
      cancelTimer()
      this.#questions.delete(nonce)
      reject(notHere(clientId))
    })
  }

  #sessionOf(clientId: string): Session {
    const session = this.#sessions.ofClient(clientId)
    if (session === undefined) throw notHere(clientId)
    return session
  }

  #messageBytes({ stored, queueId, offset }: ShownMessage): Uint8Array {
    return deliveredMessage({
      stored,
      queueId,
      offset,
      attempt: 1,
      receiptHandle: '',
      storeHost: this.#storeHost,
      deadLetterTopic: null,
    })
  }

  #nextNonce(): string {
    this.#asked += 1
    return String(this.#asked)
  }
}

function commandBytes(field: number, command: WireWriter): Uint8Array {
  return new WireWriter().bytes(STATUS, OK_BYTES).bytes(field, command.view()).done()
}

const OK_BYTES = statusBytes(OK)

function notHere(clientId: string): BrokerError {
  return new BrokerError('CLIENT_NOT_FOUND', `client ${clientId} has no stream on this member`)
}
