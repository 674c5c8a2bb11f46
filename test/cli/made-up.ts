/** Made-up members for tests of the judge and of the tables. */
import type { MemberFacts } from '../../src/cli/status-facts.ts'
import type { MemberStatus } from '../../src/rpc/admin-types.ts'

/** The state of a member of a quiet, healthy group of three whose leader is member 1. */
export function state(id: number, changes: Partial<MemberStatus> = {}): MemberStatus {
  return {
    clusterId: 'c1',
    group: 'broker-0',
    id,
    role: id === 1 ? 'leader' : 'follower',
    term: 2,
    leaderId: 1,
    lastIndex: 2_060,
    durableIndex: 2_060,
    commitIndex: 2_060,
    appliedIndex: 2_060,
    digests: [
      { index: 1_024, digest: 'aaaa000000000001' },
      { index: 2_048, digest: 'aaaa000000000002' },
      { index: 2_060, digest: 'aaaa000000000003' },
    ],
    members: [1, 2, 3].map((n) => ({
      id: n,
      clientEndpoint: `127.0.0.1:${8080 + n}`,
      role: 'voter',
      joining: false,
      replaces: 0,
      peerEndpoint: `127.0.0.1:${40910 + n}`,
    })),
    peers: [1, 2, 3].filter((n) => n !== id).map((n) => ({ id: n, connected: true, refusal: '' })),
    uptimeMs: 61_000,
    diskFreeBytes: 50_000_000_000,
    diskTotalBytes: 100_000_000_000,
    logBytes: 1_000_000,
    version: '0.1.0',
    processId: 100 + id,
    problems: [],
    dedupeIds: 0,
    dedupeWindowMs: 120_000,
    dedupeConflicts: 0,
    memoryBytes: 80_000_000,
    dataFolder: `/data/${id}`,
    logTimeMs: 1_700_000_000_000,
    logCondition: {
      inDoubt: false,
      damagedRecords: 0,
      repairedRecords: 0,
      openRecords: 0,
      scrubPasses: 3,
      scrubbedBytes: 250_000,
    },
    ...changes,
  }
}

/** A member that answers. */
export function up(id: number, changes: Partial<MemberStatus> = {}): MemberFacts {
  return { id, endpoint: `127.0.0.1:${8080 + id}`, status: state(id, changes), error: '' }
}

/** A member that does not answer. */
export function down(id: number, error = 'connection refused'): MemberFacts {
  return { id, endpoint: `127.0.0.1:${8080 + id}`, status: undefined, error }
}

/** The peers of a member that is connected to some others only. */
export function peersOf(id: number, connected: readonly number[]): Pick<MemberStatus, 'peers'> {
  const others = [1, 2, 3].filter((n) => n !== id)
  return { peers: others.map((n) => ({ id: n, connected: connected.includes(n), refusal: '' })) }
}
