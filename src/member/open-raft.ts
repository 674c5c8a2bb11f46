/** The Raft core of a member, from what its storage holds. */
import { randomInt } from 'node:crypto'
import { nodeId } from '../base/brand.ts'
import type { BrokerConfig } from '../base/config.ts'
import {
  APPEND_BYTES_MAX,
  APPEND_ENTRIES_MAX,
  INFLIGHT_APPEND_BYTES_MAX,
  INFLIGHT_APPENDS_MAX,
} from '../base/limits.ts'
import { Raft } from '../raft/index.ts'
import type { MemberStorage } from './storage.ts'

export function openRaft({ id, raft: times }: BrokerConfig, storage: MemberStorage): Raft {
  const { log, meta, machine, identity, configurations } = storage
  return new Raft({
    id: nodeId(id),
    voters: identity.identity.members,
    priorities: new Map(Object.entries(times.priorities).map(([of, wish]) => [nodeId(Number(of)), wish])),
    seed: randomInt(2 ** 47),
    electionTicksMin: times.electionTicksMin,
    electionTicksMax: times.electionTicksMax,
    heartbeatTicks: times.heartbeatTicks,
    inflightCountMax: INFLIGHT_APPENDS_MAX,
    inflightBytesMax: INFLIGHT_APPEND_BYTES_MAX,
    appendEntriesMax: APPEND_ENTRIES_MAX,
    appendBytesMax: APPEND_BYTES_MAX,
    recovered: {
      hardState: meta.hardState,
      doubtTerm: log.care.doubtTerm,
      base: log.base,
      lastIndex: log.lastIndex,
      termRuns: log.termRuns,
      configurations,
      appliedIndex: machine.appliedIndex,
      sizeOf: (index) => log.sizeOf(index),
    },
  })
}
