/** The commands about topics and groups that are more than names, as bytes. Layouts: `command-encode.ts`. */
import type { Millis } from '../../base/brand.ts'
import { BytesError, type Reader, type Writer } from '../../base/bytes.ts'
import type { CreateGroup, StartPolicy, UpdateTopic } from './commands.ts'
import { isPlainPolicy, plainPolicy, readOrder, writeOrder } from './group-policy.ts'

/** The starts of a group in the order of their numbers. */
export const START_KINDS = ['default', 'earliest', 'latest', 'time'] as const

export function writeCreateGroup(into: Writer, command: CreateGroup): void {
  into.text16(command.name).uint8(START_KINDS.indexOf(command.start.from))
  into.uint64(command.start.from === 'time' ? command.start.time : 0).uint32(command.attemptsMax)
  if (!isPlainPolicy(command)) writeOrder(into, command)
}

export function readCreateGroup(version: number, body: Reader): CreateGroup {
  const name = body.text16()
  const from = START_KINDS[body.uint8()]
  const time = body.uint64() as Millis
  const attemptsMax = body.uint32()
  if (from === undefined) throw new BytesError('a start policy is not known')
  const start: StartPolicy = from === 'time' ? { from, time } : { from }
  const policy = version === 1 ? plainPolicy(attemptsMax) : readOrder(body, attemptsMax)
  return { type: 'createGroup', name, start, ...policy }
}

export function writeUpdateTopic(
  into: Writer,
  { name, queueCount, permission, retentionMs }: UpdateTopic,
): void {
  const given = (queueCount === null ? 0 : 1) | (permission === null ? 0 : 2) | (retentionMs === null ? 0 : 4)
  into
    .text16(name)
    .uint8(given)
    .uint32(queueCount ?? 0)
  into.uint8(permission ?? 0).uint64(retentionMs ?? 0)
}

export function readUpdateTopic(body: Reader): UpdateTopic {
  const name = body.text16()
  const given = body.uint8()
  const queueCount = body.uint32()
  const permission = body.uint8()
  const retentionMs = body.uint64() as Millis
  return {
    type: 'updateTopic',
    name,
    queueCount: (given & 1) === 0 ? null : queueCount,
    permission: (given & 2) === 0 ? null : permission,
    retentionMs: (given & 4) === 0 ? null : retentionMs,
  }
}
