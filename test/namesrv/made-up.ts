/** Made-up registrations. */
import type { RegisterRequest } from '../../src/rpc/namesrv-types.ts'

/** The word of a member of a group of three that member 1 leads in term 2. */
export function registration(memberId: number, changes: Partial<RegisterRequest> = {}): RegisterRequest {
  return {
    clusterId: 'c1',
    group: 'broker-0',
    memberId,
    members: [1, 2, 3].map((id) => ({
      id,
      clientEndpoint: `127.0.0.1:${8080 + id}`,
      peerEndpoint: `127.0.0.1:${40910 + id}`,
    })),
    leaderId: 1,
    term: 2,
    version: '0.1.0',
    topics: memberId === 1 ? [{ name: 'hello', messageType: 1, queueCount: 8 }] : [],
    ...changes,
  }
}
