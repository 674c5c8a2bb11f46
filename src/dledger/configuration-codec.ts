/**
 * The body of a record that holds a configuration of the group, not commands: who votes, who voted before a change
 * that is under way, who listens, and details about them that the core hands on unread (member-details.ts).
 *
 * ```
 *  0  u16  version, 1
 *  2  u16  count of voters
 *  4  u16  count of voters before the change, 0 outside of one
 *  6  u16  count of learners
 *  8       u32 each: their ids, in this order
 *  .       details, to the end
 * ```
 *
 * Rule: with the header of a record it is as long as `configurationRecordBytes` of src/raft says.
 */
import { type NodeId, nodeId } from '../base/brand.ts'
import { BytesError, Reader, Writer } from '../base/bytes.ts'
import type { Configuration } from '../raft/types.ts'

const VERSION = 1

export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { voters, votersOutgoing, learners, details } = configuration
  const writer = new Writer().uint16(VERSION)
  writer.uint16(voters.length).uint16(votersOutgoing.length).uint16(learners.length)
  for (const id of [...voters, ...votersOutgoing, ...learners]) writer.uint32(id)
  if (details !== undefined) writer.raw(details)
  return writer.done()
}

/** The details are a copy. Throws `BytesError` for bytes that are no configuration, or one of a newer program. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  const reader = new Reader(bytes)
  const version = reader.uint16()
  if (version !== VERSION) {
    throw new BytesError(`a configuration has version ${version}, this program knows only version ${VERSION}`)
  }
  const counts = [reader.uint16(), reader.uint16(), reader.uint16()] as const
  const [voters, votersOutgoing, learners] = counts.map((count) => readIds(reader, count))
  if (voters === undefined || votersOutgoing === undefined || learners === undefined) {
    throw new BytesError('a configuration has three lists')
  }
  const configuration = { voters, votersOutgoing, learners }
  return reader.left === 0
    ? configuration
    : { ...configuration, details: Uint8Array.from(reader.take(reader.left)) }
}

function readIds(reader: Reader, count: number): readonly NodeId[] {
  const ids: NodeId[] = []
  for (let left = count; left > 0; left--) ids.push(nodeId(reader.uint32()))
  return ids
}
