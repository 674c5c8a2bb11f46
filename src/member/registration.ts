/** What a member tells the name servers. */
import { PROGRAM_VERSION } from '../observe/version.ts'
import type { RegisterRequest } from '../rpc/namesrv-types.ts'
import type { MemberFacts } from './describe-member.ts'

/** The group as this member knows it, and the topics if it leads. */
export function registration({ config, members, storage, broker }: MemberFacts): RegisterRequest {
  const { group, id } = config
  const { leader, term } = broker.ledger.role
  // Also before it serves: name servers take the newest leader's word, and each topic it still applies pokes.
  const topics = leader === id ? [...broker.machine.topics()] : []
  return {
    clusterId: storage.identity.identity.clusterId,
    group,
    memberId: id,
    members: members.members.map((member) => ({
      id: member.id,
      clientEndpoint: member.client,
      peerEndpoint: member.peer,
    })),
    leaderId: leader,
    term,
    version: PROGRAM_VERSION,
    topics: topics.map(({ name, messageType, queues }) => ({
      name,
      messageType,
      queueCount: queues.length,
    })),
  }
}
