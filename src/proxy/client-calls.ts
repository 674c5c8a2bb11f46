/**
 * What clients tell of themselves, at the leader: heartbeats, what a telemetry stream announces, signs of
 * life, claims that never reached their client, and the end (grpc-contract 3.6).
 */
import type { Receipt } from '../broker/machine/commands.ts'
import { parseReceiptHandle } from '../broker/machine/receipt-handle.ts'
import { ackRequests, heartbeatRequests, subscriptions, terminationRequests } from './codecs.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkGroup } from './names.ts'
import { OK } from './status.ts'
import { statusReply } from './status-reply.ts'

const OK_REPLY = statusReply(OK)

/** Fixes where a consumer's group starts, if nothing did so before. Producers have no group. */
export const heartbeat: LeaderPart = async ({ operations }, head, request) => {
  const { group } = heartbeatRequests.decode(request)
  if (group !== undefined) await operations.contact(checkGroup(group.name), [], head.clientId)
  return [OK_REPLY]
}

/** `request` is a `Subscription` with names that were checked: what a consumer's settings say it reads. */
export const contact: LeaderPart = async ({ operations }, head, request) => {
  const { group, subscriptions: entries } = subscriptions.decode(request)
  const topics = entries.map(({ topic }) => topic?.name ?? '')
  if (group !== undefined) await operations.contact(group.name, topics, head.clientId)
  return []
}

/** The sign of life itself is taken from the head of every call. */
export const clientSeen: LeaderPart = () => Promise.resolve([])

/** `request` is an `AckMessageRequest` whose handles were never handed to their client. */
export const release: LeaderPart = async ({ operations }, _head, request) => {
  const receipts = receiptsOf(request)
  if (receipts.length > 0) await operations.release(receipts)
  return []
}

/** `request` is an `AckMessageRequest` whose handles were handed to their clients. */
export const handedOver: LeaderPart = async ({ operations }, _head, request) => {
  await operations.handedOver(receiptsOf(request))
  return []
}

function receiptsOf(request: Uint8Array): Receipt[] {
  return ackRequests
    .decode(request)
    .entries.map(({ receiptHandle }) => parseReceiptHandle(receiptHandle))
    .filter((receipt): receipt is Receipt => receipt !== undefined)
}

/** What the client holds becomes visible again. */
export const notifyTermination: LeaderPart = async ({ operations }, head, request) => {
  const { group } = terminationRequests.decode(request)
  const name = group === undefined || group.name === '' ? null : checkGroup(group.name)
  await operations.terminate(head.clientId, name)
  return [OK_REPLY]
}
