/** What the commands about messages share: a client for dledger.v1.Query, and messages as people read them. */
import { BrokerError } from '../base/errors.ts'
import { FailoverClient } from '../client/failover-client.ts'
import type { Draft } from '../rpc/draft.ts'
import type { QueryCalls, StoredMessage } from '../rpc/query-types.ts'
import { type CommonOptions, endpointsOf } from './cli-options.ts'

/** For each member that is tried. Longer than a member waits for its index. */
const CALL_MS = 15_000

/** A call of dledger.v1.Query. */
export async function query<Name extends keyof QueryCalls>(
  options: CommonOptions,
  name: Name,
  request: Draft<QueryCalls[Name]['request']>,
): Promise<QueryCalls[Name]['response']> {
  const client = new FailoverClient<QueryCalls>(endpointsOf(options).addresses, 'dledger.v1.Query')
  try {
    return await client.call(name, request, { timeoutMs: CALL_MS })
  } finally {
    client.close()
  }
}

/** A message for `--json`: its body as text where it is text, and otherwise in base64. */
export function messageJson({ body, ...message }: StoredMessage): object {
  const text = textOf(body)
  if (body.byteLength === 0) return message
  return text === undefined
    ? { ...message, bodyBase64: Buffer.from(body).toString('base64') }
    : { ...message, bodyText: text }
}

/** The body in one line for a table. */
export function bodyLine({ body, bodyBytes }: StoredMessage): string {
  const text = body.byteLength === 0 && bodyBytes > 0 ? undefined : textOf(body)
  return text === undefined ? `(${bodyBytes} bytes)` : text.replaceAll(/\s+/g, ' ')
}

/** Where a message stands. */
export function placeText({ topic, queueId, queueOffset }: StoredMessage): string {
  return `${topic}[${queueId}]@${queueOffset}`
}

export function timeText(ms: number): string {
  return ms === 0 ? '' : new Date(ms).toISOString()
}

/** Throws BAD_REQUEST with what to do. */
export function wrong(message: string): never {
  throw new BrokerError('BAD_REQUEST', message)
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return undefined
  }
}
