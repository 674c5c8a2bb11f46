/**
 * The messages and calls of proto/dledger/v1/admin.proto as `protos.ts` decodes them.
 */

/** As in the definition file. */
export type DescribeMemberRequest = Readonly<Record<string, never>>

/** As in the definition file. */
export interface MemberAddress {
  readonly id: number
  readonly clientEndpoint: string
  readonly peerEndpoint: string
  /** voter, learner, or leaving; empty from a member of an older version. */
  readonly role: string
  /** A learner that is to vote as soon as it has caught up. */
  readonly joining: boolean
  /** The voter that goes then; 0 is nobody. */
  readonly replaces: number
}

/** As in the definition file. */
export interface StateDigest {
  readonly index: number
  readonly digest: string
}

/** As in the definition file. */
export interface PeerStatus {
  readonly id: number
  readonly connected: boolean
  /** Known on the leader only. */
  readonly matchIndex?: number
  readonly silentMs?: number
  /** Why this member refuses the peer or is refused by it, in one sentence; empty when all is well. */
  readonly refusal: string
}

/** As in the definition file. */
export interface MemberStatus {
  readonly clusterId: string
  readonly group: string
  readonly id: number
  /** follower, preCandidate, candidate, leader, or refused. */
  readonly role: string
  readonly term: number
  readonly leaderId: number
  readonly lastIndex: number
  readonly durableIndex: number
  readonly commitIndex: number
  readonly appliedIndex: number
  /** Digests at multiples of 1,024 entries, newest last, then the one at applied_index. */
  readonly digests: readonly StateDigest[]
  readonly members: readonly MemberAddress[]
  readonly peers: readonly PeerStatus[]
  readonly uptimeMs: number
  readonly diskFreeBytes: number
  readonly diskTotalBytes: number
  readonly logBytes: number
  readonly version: string
  readonly processId: number
  /** Sentences about what is wrong with this member; empty when it is well. */
  readonly problems: readonly string[]
  readonly dedupeIds: number
  readonly dedupeWindowMs: number
  readonly dedupeConflicts: number
  readonly memoryBytes: number
  readonly dataFolder: string
  readonly logTimeMs: number
  /** `null` from a member of an older version. */
  readonly logCondition: LogCondition | null
}

/** As in the definition file. */
export interface LogCondition {
  /** Acknowledged entries may be lost with a damaged tail: the member's vote counts only where all vote. */
  readonly inDoubt: boolean
  readonly damagedRecords: number
  readonly repairedRecords: number
  /** Damaged records that no other member could give so far. */
  readonly openRecords: number
  readonly scrubPasses: number
  /** How far the pass under way is. */
  readonly scrubbedBytes: number
}

/** As in the definition file. */
export interface CreateTopicRequest {
  readonly name: string
  /** As in apache.rocketmq.v2.MessageType; 0 is NORMAL, 127 takes NORMAL, FIFO, DELAY and TRANSACTION messages. */
  readonly messageType: number
  /** 0 is the default, 8. */
  readonly queueCount: number
}

/** As in the definition file. */
export interface CreateTopicResponse {
  /** Members that serve the topic now, and those that could not be reached. */
  readonly serving: readonly number[]
  readonly unreachable: readonly number[]
}

/** As in the definition file. */
export interface UpdateTopicRequest {
  readonly name: string
  /** 0 leaves it as it is. Queues are only added. */
  readonly queueCount: number
  /** As in apache.rocketmq.v2.Permission: 1 none, 2 read, 3 write, 4 both; 0 leaves it as it is. */
  readonly permission: number
  /** How long messages stay; 0: as long as the log keeps them. Left out: as it is. */
  readonly retentionMs?: number
}

/** As in the definition file. */
export interface DeleteTopicRequest {
  readonly name: string
}

/** As in the definition file. */
export type DeleteTopicResponse = Readonly<Record<string, never>>

/** As in the definition file. */
export type ListTopicsRequest = Readonly<Record<string, never>>

/** As in the definition file. */
export interface TopicSummary {
  readonly name: string
  readonly messageType: number
  readonly queueCount: number
  readonly messageCount: number
  readonly createdMs: number
  /** As in apache.rocketmq.v2.Permission. */
  readonly permission: number
  /** 0: as long as the log keeps them. */
  readonly retentionMs: number
}

/** As in the definition file. */
export interface ListTopicsResponse {
  readonly topics: readonly TopicSummary[]
}

/** As in the definition file. */
export interface DescribeTopicRequest {
  readonly name: string
}

/** As in the definition file. */
export interface QueueStatus {
  readonly queueId: number
  readonly minOffset: number
  readonly nextOffset: number
}

/** As in the definition file. */
export interface TopicDescription {
  readonly summary: TopicSummary | null
  readonly queues: readonly QueueStatus[]
  readonly groups: readonly string[]
}

/** As in the definition file. */
export interface CreateGroupRequest {
  readonly name: string
  /** default, earliest, latest or time. */
  readonly start: string
  readonly startTimeMs: number
  /** 0 is the default, 17. */
  readonly attemptsMax: number
  /** Messages of one message group are delivered one after the other. */
  readonly fifo: boolean
  /** How long a message stays away after a delivery that failed: a list, or the three numbers, or nothing. */
  readonly backoffDelaysMs: readonly number[]
  readonly backoffInitialMs: number
  readonly backoffMaxMs: number
  readonly backoffMultiplier: number
}

/** As in the definition file. */
export type CreateGroupResponse = Readonly<Record<string, never>>

/** As in the definition file: what is not given is as for a new group. */
export interface UpdateGroupRequest {
  readonly name: string
  readonly attemptsMax: number
  readonly fifo: boolean
  readonly backoffDelaysMs: readonly number[]
  readonly backoffInitialMs: number
  readonly backoffMaxMs: number
  readonly backoffMultiplier: number
}

/** As in the definition file. */
export interface DeleteGroupRequest {
  readonly name: string
}

/** As in the definition file. */
export type DeleteGroupResponse = Readonly<Record<string, never>>

/** As in the definition file. */
export type ListGroupsRequest = Readonly<Record<string, never>>

/** As in the definition file. */
export interface GroupSummary {
  readonly name: string
  readonly start: string
  readonly attemptsMax: number
  readonly createdMs: number
  readonly lag: number
  readonly inFlight: number
  readonly fifo: boolean
  readonly backoffDelaysMs: readonly number[]
  readonly backoffInitialMs: number
  readonly backoffMaxMs: number
  readonly backoffMultiplier: number
}

/** As in the definition file. */
export interface ListGroupsResponse {
  readonly groups: readonly GroupSummary[]
}

/** As in the definition file. */
export interface DescribeGroupRequest {
  readonly name: string
}

/** As in the definition file. */
export interface GroupQueueStatus {
  readonly topic: string
  readonly queueId: number
  readonly committed: number
  readonly cursor: number
  readonly nextOffset: number
  readonly inFlight: number
  readonly lag: number
  readonly minOffset: number
  /** Messages that retention took away before the group was given them. */
  readonly missed: number
  /** The offset that the group keeps itself, if it does, and when it was stored. */
  readonly storedOffset?: number
  readonly storedAtMs?: number
}

/** As in the definition file. */
export interface ResetOffsetsRequest {
  readonly group: string
  readonly topic: string
  /** earliest, latest, time or offset. */
  readonly to: string
  /** The time in milliseconds since 1970, or the offset. */
  readonly value: number
  /** All queues when left out. */
  readonly queueId?: number
}

/** As in the definition file. */
export interface QueueOffset {
  readonly queueId: number
  readonly offset: number
}

/** As in the definition file. */
export interface ResetOffsetsResponse {
  readonly queues: readonly QueueOffset[]
}

/** As in the definition file. */
export interface RedriveDeadLettersRequest {
  readonly group: string
  /** The topic through which the group gets them; empty: the one they were sent to. */
  readonly to: string
  readonly max: number
}

/** As in the definition file. */
export interface RedriveDeadLettersResponse {
  readonly moved: number
  /** Why it ended before all were moved; empty when they were. */
  readonly reason: string
}

/** As in the definition file. */
export interface GroupDescription {
  readonly summary: GroupSummary | null
  readonly queues: readonly GroupQueueStatus[]
}

/** The calls of the service: Admin. */
export type AdminCalls = {
  readonly DescribeMember: { readonly request: DescribeMemberRequest; readonly response: MemberStatus }
  readonly CreateTopic: { readonly request: CreateTopicRequest; readonly response: CreateTopicResponse }
  readonly UpdateTopic: { readonly request: UpdateTopicRequest; readonly response: CreateTopicResponse }
  readonly DeleteTopic: { readonly request: DeleteTopicRequest; readonly response: DeleteTopicResponse }
  readonly ListTopics: { readonly request: ListTopicsRequest; readonly response: ListTopicsResponse }
  readonly DescribeTopic: { readonly request: DescribeTopicRequest; readonly response: TopicDescription }
  readonly CreateGroup: { readonly request: CreateGroupRequest; readonly response: CreateGroupResponse }
  readonly UpdateGroup: { readonly request: UpdateGroupRequest; readonly response: CreateGroupResponse }
  readonly DeleteGroup: { readonly request: DeleteGroupRequest; readonly response: DeleteGroupResponse }
  readonly ListGroups: { readonly request: ListGroupsRequest; readonly response: ListGroupsResponse }
  readonly DescribeGroup: { readonly request: DescribeGroupRequest; readonly response: GroupDescription }
  readonly ResetOffsets: { readonly request: ResetOffsetsRequest; readonly response: ResetOffsetsResponse }
  readonly RedriveDeadLetters: {
    readonly request: RedriveDeadLettersRequest
    readonly response: RedriveDeadLettersResponse
  }
}
