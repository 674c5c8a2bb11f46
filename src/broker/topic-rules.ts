/** What an operator and the type of a topic allow. Pure. */
import { BrokerError } from '../base/errors.ts'
import {
  acceptedTypes,
  isDeadLetterTopic,
  messageTypeName,
  PERMISSION_READ,
  PERMISSION_READ_WRITE,
  PERMISSION_WRITE,
} from './machine/index.ts'
import type { TopicView } from './machine/view.ts'

/** Throws FORBIDDEN for a topic that is closed for receiving. */
export function requireReadable(topic: TopicView): void {
  requirePermission(topic, PERMISSION_READ, 'receiving')
}

/** Throws FORBIDDEN for a topic that is closed for sending. */
export function requireWritable(topic: TopicView): void {
  requirePermission(topic, PERMISSION_WRITE, 'sending')
}

function requirePermission({ name, permission }: TopicView, wanted: number, what: string): void {
  if (permission === wanted || permission === PERMISSION_READ_WRITE) return
  throw new BrokerError('FORBIDDEN', `topic ${name} is closed for ${what}`)
}

/** Each topic takes the messages of its type; a dead letter topic takes what comes. Throws WRONG_MESSAGE_TYPE. */
export function requireTypes(topic: TopicView, messageTypes: ReadonlySet<number>): void {
  const accepted = acceptedTypes(topic.messageType)
  if (isDeadLetterTopic(topic.name)) return
  for (const type of messageTypes) {
    if (accepted.includes(type)) continue
    const names = accepted.map(messageTypeName).join(', ')
    const text = `the message is of type ${messageTypeName(type)}, topic ${topic.name} takes ${names}`
    throw new BrokerError('WRONG_MESSAGE_TYPE', text)
  }
}
