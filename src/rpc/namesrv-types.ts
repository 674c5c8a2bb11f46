/**
 * The messages and calls of proto/dledger/v1/namesrv.proto as `protos.ts` decodes them.
 */

/** As in the definition file. */
export interface BrokerMember {
  readonly id: number
  /** Where clients connect, host:port. */
  readonly clientEndpoint: string
  /** Where the other members connect, host:port. */
  readonly peerEndpoint: string
}

/** One member's word about its group. */
export interface RegisterRequest {
  readonly clusterId: string
  /** The name of the broker group, for example broker-0. */
  readonly group: string
  readonly memberId: number
  readonly members: readonly BrokerMember[]
  /** 0 while no leader is known. */
  readonly leaderId: number
  readonly term: number
  readonly version: string
  /** Sent by the leader only: the topics of the group. */
  readonly topics: readonly TopicEntry[]
}

/** As in the definition file. */
export interface TopicEntry {
  readonly name: string
  /** As in apache.rocketmq.v2.MessageType. */
  readonly messageType: number
  readonly queueCount: number
}

/** As in the definition file. */
export type RegisterResponse = Readonly<Record<string, never>>

/** As in the definition file. */
export interface DescribeClusterRequest {
  /** Empty: all groups. */
  readonly group: string
}

/** As in the definition file. */
export interface BrokerGroup {
  readonly clusterId: string
  readonly group: string
  readonly members: readonly BrokerMember[]
  readonly leaderId: number
  readonly term: number
  readonly liveness: readonly MemberLiveness[]
  readonly topicCount: number
}

/** As in the definition file. */
export interface MemberLiveness {
  readonly memberId: number
  /** Milliseconds since the member registered last; absent when it never did. */
  readonly silentMs?: number
  readonly version: string
}

/** As in the definition file. */
export interface DescribeClusterResponse {
  readonly groups: readonly BrokerGroup[]
}

/** As in the definition file. */
export interface DescribeTopicRouteRequest {
  readonly topic: string
}

/** The groups that hold the topic; empty when no group does. */
export interface DescribeTopicRouteResponse {
  readonly groups: readonly BrokerGroup[]
  readonly topic: TopicEntry | null
}

/** The calls of the service: NameServer. */
export type NameServerCalls = {
  readonly Register: { readonly request: RegisterRequest; readonly response: RegisterResponse }
  readonly DescribeCluster: {
    readonly request: DescribeClusterRequest
    readonly response: DescribeClusterResponse
  }
  readonly DescribeTopicRoute: {
    readonly request: DescribeTopicRouteRequest
    readonly response: DescribeTopicRouteResponse
  }
}
