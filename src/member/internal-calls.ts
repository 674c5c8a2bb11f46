/**
 * The calls that members make to each other beside Raft: client calls forwarded to the leader, administration,
 * and the question whether a member has applied an entry, and records for the repair of a log. Owns their kinds and bytes.
 *
 *   1 client call   u32 length of the head, head (proxy/call-head.ts), the client's request bytes
 *                   answer: for each response message u32 length, bytes
 *   2 admin call    JSON { method, request }; answer: JSON of the response
 *   3 applied?      u64 index; answered, without bytes, when the member has applied it
 *   4 fetch log     raw records for repair (dledger/log-source.ts)
 *   5 state call    members that catch up by state (dledger/state/state-calls.ts)
 *   8 members       u64 index of a configuration, its bytes (dledger/configuration-codec.ts): what a peer knows
 *  12 check         u16 length and topic, u16 length and transaction id, stored half message; answer: u8 1 when a
 *                   producer of the topic was asked on that member
 *  28 clock         answer: u64 milliseconds since 1970 by the member's clock
 *  16 ledger call   as in `ledger/leader-calls.ts`
 */
import { type LogIndex, logIndex, type Millis, type NodeId } from '../base/brand.ts'
import { BytesError, Reader, utf8, utf8Text, Writer } from '../base/bytes.ts'
import { BrokerError } from '../base/errors.ts'
import { REPAIR_BYTES_MAX } from '../base/limits.ts'
import {
  decodeFetch,
  decodeFetched,
  encodeFetch,
  encodeFetched,
  type FetchedLog,
} from '../dledger/log-source.ts'
import { decodeConfiguration, encodeConfiguration } from '../dledger/configuration-codec.ts'
import type { PeerTransport } from '../dledger/peers/index.ts'
import {
  decodeLedgerAnswer,
  decodeLedgerCall,
  encodeLedgerAnswer,
  encodeLedgerCall,
  type LedgerAnswer,
  type LedgerCall,
  type LedgerHead,
  type LedgerRequest,
} from '../ledger/leader-calls.ts'
import { type CallHead, decodeCallHead, encodeCallHead } from '../proxy/call-head.ts'
import type { ConfigurationAt } from '../raft/types.ts'

const CLIENT_CALL = 1
const ADMIN_CALL = 2
const APPLIED_CALL = 3
const FETCH_LOG_CALL = 4
const STATE_CALL = 5
const CLOCK_CALL = 28

const CLOCK_MS_MAX = 1_000

/** Answered by the link itself, also before the member takes part. */
export const MEMBERS_CALL = 8

const MEMBERS_MS_MAX = 3_000
const FETCH_LOG_MS_MAX = 3_000
const STATE_MS_MAX = 5_000
const CHECK_CALL = 12
const LEDGER_CALL = 16

const CHECK_MS_MAX = 2_000

/** A forwarded call has its own deadline inside; this one only frees what nobody waits for any more. */
const CLIENT_CALL_MS_MAX = 120_000

/** An administration call as it travels. */
export interface AdminCall {
  readonly method: string
  readonly request: unknown
}

/** What a member does for others. */
export interface InternalHandlers {
  clientCall(head: CallHead, request: Uint8Array, signal: AbortSignal): Promise<readonly Uint8Array[]>
  adminCall(call: AdminCall): Promise<unknown>
  waitApplied(index: LogIndex, signal: AbortSignal): Promise<void>
  fetchLog(first: LogIndex, bytesMax: number): Promise<FetchedLog>
  /** What this member's clock says. */
  clock(): Millis
  stateCall(from: NodeId, request: Uint8Array): Promise<Uint8Array>
  ledgerCall(call: LedgerCall): Promise<LedgerAnswer>
  /** Asks a producer with a stream on this member about a transaction. False when there is none. */
  check(topic: string, transactionId: string, stored: Uint8Array): Promise<boolean>
}

/** Runs a call that came in from another member. */
export async function answerCall(
  handlers: InternalHandlers,
  from: NodeId,
  kind: number,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  try {
    switch (kind) {
      case CLIENT_CALL: {
        const reader = new Reader(body)
        const head = decodeCallHead(reader.bytes32())
        return framed(await handlers.clientCall(head, reader.take(reader.left), signal))
      }
      case ADMIN_CALL: {
        const call = JSON.parse(utf8Text(body)) as AdminCall
        return [utf8(JSON.stringify(await handlers.adminCall(call)))]
      }
      case APPLIED_CALL:
        await handlers.waitApplied(new Reader(body).uint64() as LogIndex, signal)
        return []
      case FETCH_LOG_CALL: {
        const { first, bytesMax } = decodeFetch(body)
        return encodeFetched(await handlers.fetchLog(first, Math.min(bytesMax, REPAIR_BYTES_MAX)))
      }
      case CLOCK_CALL:
        return [new Writer(8).uint64(handlers.clock()).done()]
      case STATE_CALL:
        return [await handlers.stateCall(from, body)]
      case CHECK_CALL: {
        const reader = new Reader(body)
        const topic = reader.text16()
        const asked = await handlers.check(topic, reader.text16(), reader.take(reader.left))
        return [Uint8Array.of(asked ? 1 : 0)]
      }
      case LEDGER_CALL:
        return [encodeLedgerAnswer(await handlers.ledgerCall(decodeLedgerCall(body)))]
      default:
        throw new BrokerError('NOT_IMPLEMENTED', `this member does not know the call of kind ${kind}`)
    }
  } catch (error) {
    if (error instanceof BytesError || error instanceof SyntaxError) {
      throw new BrokerError('BAD_REQUEST', `the call could not be read: ${error.message}`, { cause: error })
    }
    throw error
  }
}

/** Calls other members. Errors as in `PeerTransport.call`. */
export class InternalCalls {
  readonly #transport: PeerTransport

  constructor(transport: PeerTransport) {
    this.#transport = transport
  }

  async clientCall(
    to: NodeId,
    head: CallHead,
    request: Uint8Array,
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[]> {
    const headBytes = encodeCallHead(head)
    const chunks = [new Writer(4).uint32(headBytes.byteLength).done(), headBytes, request]
    const timeoutMs = CLIENT_CALL_MS_MAX
    return unframed(await this.#transport.call(to, CLIENT_CALL, chunks, { timeoutMs, signal }))
  }

  /** Gives up what was forwarded for clients and waits for `to`: it ends with `NO_LEADER`, the outcome unknown. */
  abandonClientCalls(to: NodeId): void {
    const reason = `member ${to} no longer leads`
    for (const kind of [CLIENT_CALL, LEDGER_CALL]) this.#transport.abandonCalls(to, kind, reason)
  }

  async adminCall(to: NodeId, call: AdminCall, timeoutMs: number): Promise<unknown> {
    const body = utf8(JSON.stringify(call))
    return JSON.parse(utf8Text(await this.#transport.call(to, ADMIN_CALL, [body], { timeoutMs })))
  }

  async ledgerCall(
    to: NodeId,
    head: LedgerHead,
    request: LedgerRequest,
    signal: AbortSignal,
  ): Promise<LedgerAnswer> {
    const timeoutMs = Math.max(1, head.remainingMs)
    const chunks = encodeLedgerCall(head, request)
    const answer = await this.#transport.call(to, LEDGER_CALL, chunks, { timeoutMs, signal })
    try {
      return decodeLedgerAnswer(answer)
    } catch (cause) {
      if (!(cause instanceof BytesError)) throw cause
      const message = `member ${to} answered what this one cannot read`
      throw new BrokerError('CLOSED', message, { outcome: 'unknown', cause })
    }
  }

  /** Tells the other member who belongs to the group. */
  async tellMembers(to: NodeId, { index, configuration }: ConfigurationAt): Promise<void> {
    const body = [new Writer(8).uint64(index).done(), encodeConfiguration(configuration)]
    await this.#transport.call(to, MEMBERS_CALL, body, { timeoutMs: MEMBERS_MS_MAX })
  }

  /** Whether a producer with a stream on the other member was asked about a transaction. */
  async check(to: NodeId, topic: string, transactionId: string, stored: Uint8Array): Promise<boolean> {
    const head = new Writer(64).text16(topic).text16(transactionId).done()
    const answer = await this.#transport.call(to, CHECK_CALL, [head, stored], { timeoutMs: CHECK_MS_MAX })
    return answer[0] === 1
  }

  /** Resolves when the other member has applied the entry. */
  async waitApplied(to: NodeId, index: LogIndex, timeoutMs: number): Promise<void> {
    await this.#transport.call(to, APPLIED_CALL, [new Writer(8).uint64(index).done()], { timeoutMs })
  }

  /** What the other member's clock says. */
  async clock(to: NodeId): Promise<Millis> {
    const answer = await this.#transport.call(to, CLOCK_CALL, [], { timeoutMs: CLOCK_MS_MAX })
    return new Reader(answer).uint64() as Millis
  }

  /** What the other member has of the log from `first` on. */
  async fetchLog(to: NodeId, first: LogIndex, bytesMax: number): Promise<FetchedLog> {
    const body = encodeFetch(first, bytesMax)
    const timeoutMs = FETCH_LOG_MS_MAX
    return decodeFetched(await this.#transport.call(to, FETCH_LOG_CALL, [body], { timeoutMs }))
  }

  /** Offers a state to another member, or asks for a part of one. */
  stateCall(to: NodeId, request: Uint8Array): Promise<Uint8Array> {
    return this.#transport.call(to, STATE_CALL, [request], { timeoutMs: STATE_MS_MAX })
  }
}

/** What `tellMembers` says. Throws `BytesError`. */
export function decodeTold(body: Uint8Array): ConfigurationAt {
  const reader = new Reader(body)
  return { index: logIndex(reader.uint64()), configuration: decodeConfiguration(reader.take(reader.left)) }
}

function framed(messages: readonly Uint8Array[]): Uint8Array[] {
  return messages.flatMap((message) => [new Writer(4).uint32(message.byteLength).done(), message])
}

function unframed(bytes: Uint8Array): Uint8Array[] {
  const reader = new Reader(bytes)
  const messages: Uint8Array[] = []
  while (reader.left > 0) messages.push(reader.bytes32())
  return messages
}
