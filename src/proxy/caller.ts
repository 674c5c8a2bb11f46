/** Who is calling, and until when the answer must be there, read from what the transport knows of a call. */
import { ANSWER_BEFORE_DEADLINE_MS, CLIENT_ID_BYTES_MAX } from '../base/limits.ts'
import { Code } from '../rpc/apache-enums.ts'
import type { CallContext } from '../rpc/service.ts'
import type { CallHead, LeaderMethod } from './call-head.ts'
import { refuse } from './refusal.ts'

/** Of the time that a client gives, so much stays for the way back of the answer, however short it is. */
const RESERVE_MS_MIN = 300
/** How long a call without a deadline waits for a leader. */
const WITHOUT_DEADLINE_MS = 10_000
/** A call with a far deadline is not kept longer: its client can ask again. */
const WAIT_MS_MAX = 60_000
const HEADER_CHARACTERS_MAX = 256

/** The client, as its metadata names it. */
export interface Caller {
  readonly clientId: string
  readonly language: string
  readonly clientVersion: string
  readonly userAgent: string
}

/** Throws `Refusal` CLIENT_ID_REQUIRED. Nothing else about the metadata is required or believed. */
export function callerOf(context: CallContext): Caller {
  const clientId = context.metadata('x-mq-client-id') ?? ''
  if (clientId === '') refuse(Code.CLIENT_ID_REQUIRED, 'the header x-mq-client-id is missing')
  if (clientId.length > CLIENT_ID_BYTES_MAX) {
    refuse(Code.REQUEST_HEADER_FIELDS_TOO_LARGE, `a client id has at most ${CLIENT_ID_BYTES_MAX} bytes`)
  }
  return {
    clientId,
    language: header(context, 'x-mq-language'),
    clientVersion: header(context, 'x-mq-client-version'),
    userAgent: header(context, 'user-agent'),
  }
}

function header(context: CallContext, name: string): string {
  const value = context.metadata(name) ?? ''
  return value.length > HEADER_CHARACTERS_MAX ? value.slice(0, HEADER_CHARACTERS_MAX) : value
}

/** What the leader is told of the call. The router fills in the time that is left at each try. */
export function headOf(caller: Caller, method: LeaderMethod, requestKey: Uint8Array): CallHead {
  return {
    method,
    requestKey,
    remainingMs: 0,
    clientId: caller.clientId,
    language: caller.language,
    clientVersion: caller.clientVersion,
    userAgent: caller.userAgent,
  }
}

/**
 * The monotonic time at which the answer must go out: half a second before the deadline, less before a near
 * one but never less than 300 ms.
 */
export function dueMonoOf(deadlineMono: number, nowMono: number): number {
  const left = deadlineMono - nowMono
  if (left === Number.POSITIVE_INFINITY) return nowMono + WITHOUT_DEADLINE_MS
  const reserve = Math.max(RESERVE_MS_MIN, Math.min(ANSWER_BEFORE_DEADLINE_MS, left / 2))
  return nowMono + Math.min(Math.max(0, left - reserve), WAIT_MS_MAX)
}
