/** The administration calls about what groups have consumed, as they travel to the leader and run there. */
import { randomBytes } from 'node:crypto'
import { BrokerError } from '../base/errors.ts'
import type { Broker } from '../broker/broker.ts'
import type { RedriveWish } from '../broker/dead-letter-operations.ts'
import type {
  RedriveDeadLettersRequest,
  RedriveDeadLettersResponse,
  ResetOffsetsRequest,
  ResetOffsetsResponse,
} from '../rpc/admin-types.ts'
import type { AtLeader } from './at-leader.ts'
import type { AdminCall } from './internal-calls.ts'

/** A reset as it travels: every try has the same key. */
interface ResetCall extends ResetOffsetsRequest {
  readonly key: string
}

const CALLS: ReadonlySet<string> = new Set(['resetOffsets', 'planRedrive', 'redrive'])

/** Dead letters that one call gives back at most: what more there is takes another call. */
const REDRIVEN_MAX = 1_000

export async function resetOffsets(
  atLeader: AtLeader,
  request: ResetOffsetsRequest,
): Promise<ResetOffsetsResponse> {
  const key = randomBytes(16).toString('hex')
  const queues = await atLeader.call({ method: 'resetOffsets', request: { ...request, key } })
  return { queues: queues as ResetOffsetsResponse['queues'] }
}

/** Plans first and then carries out: a plan may be carried out twice and moves each message once. */
export async function redriveDeadLetters(
  atLeader: AtLeader,
  { group, to, max }: RedriveDeadLettersRequest,
): Promise<RedriveDeadLettersResponse> {
  const count = Math.min(Math.max(max, 1), REDRIVEN_MAX)
  const plan = { method: 'planRedrive', request: { group, max: count } }
  const until = (await atLeader.call(plan)) as RedriveWish['until']
  const redriven = await atLeader.call({ method: 'redrive', request: { group, to, until } })
  return redriven as RedriveDeadLettersResponse
}

/** Whether a call is one of these. */
export function isConsumeCall({ method }: AdminCall): boolean {
  return CALLS.has(method)
}

/** The leader's part. Throws NOT_IMPLEMENTED for a call of another kind. */
export function runConsumeCall({ deadLetters, offsetReset }: Broker, call: AdminCall): Promise<unknown> {
  switch (call.method) {
    case 'resetOffsets': {
      const { key, queueId, ...wish } = call.request as ResetCall
      return offsetReset.reset({ ...wish, queueId, requestKey: Buffer.from(key, 'hex') })
    }
    case 'planRedrive': {
      const { group, max } = call.request as { readonly group: string; readonly max: number }
      return deadLetters.planRedrive(group, max)
    }
    case 'redrive':
      return deadLetters.redrive(call.request as RedriveWish)
    default:
      throw new BrokerError('NOT_IMPLEMENTED', `there is no administration call ${call.method}`)
  }
}
