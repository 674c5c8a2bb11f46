/**
 * What a configuration says of its members beside their ids: how they are reached, which data folder is theirs, and
 * what a learner is to become. It stands in the log with the configuration (configuration-codec.ts, details), so that
 * every member learns it from there.
 *
 * ```
 *  0  u16  version, 1
 *  2  u16  count of members
 *  4  u32  the highest id that ever belonged to the group: no id is given twice
 *  8       for each: u32 id, u8 goal (0 none, 1 voter), u32 the voter whose place it takes (0 nobody),
 *          u16 length and text each: address for members, address for clients, id of its data folder
 * ```
 */
import { type NodeId, nodeId } from '../base/brand.ts'
import { BytesError, Reader, Writer } from '../base/bytes.ts'

const VERSION = 1

/** Where a member is reached, as `host:port`. */
export interface MemberAddresses {
  readonly id: NodeId
  readonly peer: string
  readonly client: string
}

/** One member. */
export interface MemberDetails extends MemberAddresses {
  /** Made with its data folder; empty when it was not known. Only this folder is let in under the id. */
  readonly folderId: string
  /** `voter`: a learner that is to vote as soon as it has caught up. */
  readonly goal: 'none' | 'voter'
  /** The voter that goes when this learner becomes one; 0: nobody goes. */
  readonly replaces: NodeId | 0
}

export interface GroupDetails {
  readonly highestId: NodeId
  readonly members: readonly MemberDetails[]
}

export function encodeDetails({ highestId, members }: GroupDetails): Uint8Array {
  const writer = new Writer().uint16(VERSION).uint16(members.length).uint32(highestId)
  for (const { id, goal, replaces, peer, client, folderId } of members) {
    writer
      .uint32(id)
      .uint8(goal === 'voter' ? 1 : 0)
      .uint32(replaces)
    writer.text16(peer).text16(client).text16(folderId)
  }
  return writer.done()
}

/** Throws `BytesError` for bytes that are none, or of a newer program. */
export function decodeDetails(bytes: Uint8Array): GroupDetails {
  const reader = new Reader(bytes)
  const version = reader.uint16()
  if (version !== VERSION) throw new BytesError(`details of members have version ${version}, not ${VERSION}`)
  const members: MemberDetails[] = []
  const count = reader.uint16()
  const highestId = nodeId(reader.uint32())
  for (let left = count; left > 0; left--) {
    const id = nodeId(reader.uint32())
    const goal = reader.uint8() === 1 ? 'voter' : 'none'
    const replaces = nodeId(reader.uint32()) as NodeId | 0
    members.push({
      id,
      goal,
      replaces,
      peer: reader.text16(),
      client: reader.text16(),
      folderId: reader.text16(),
    })
  }
  reader.end()
  return { highestId, members }
}
