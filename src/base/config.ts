/**
 * What a member and a name server are told at their start: plain types and defaults. Pure. Files are read
 * and checked in `cli/config-file.ts`; everything here is already complete and correct.
 */
import {
  CATCH_UP_BYTES_PER_SECOND,
  DELAY_MS_DEFAULT,
  DISK_RESERVE_BYTES,
  RETENTION_AWAY_BYTES,
  RETENTION_HOURS_DEFAULT,
  SCRUB_PERIOD_MS,
  SEGMENT_BYTES,
  TRANSACTION_CHECK_AFTER_MS,
  TRANSACTION_CHECK_INTERVAL_MS,
  TRANSACTION_CHECKS_MAX,
} from './limits.ts'

/** One member of a broker group: where the other members and where clients reach it, as `host:port`. */
export interface MemberEndpoints {
  /** The Raft id, 1 or more, different for each member of the group. */
  readonly id: number
  readonly peer: string
  readonly client: string
}

/** Certificate and private key as paths of PEM files. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** The log of one member on its disk. */
export interface LogConfig {
  /** A segment file is closed when it reaches this size. */
  readonly segmentBytes: number
  /** Sends are refused while less than this is free on the disk. */
  readonly diskReserveBytes: number
  /** The whole log is read and checked in about this time, again and again. 0: never. */
  readonly scrubPeriodMs: number
  /** A member that is too far behind fetches the state of the group at this rate at most. */
  readonly catchUpBytesPerSecond: number
}

/** What messages may ask. */
export interface MessagesConfig {
  /** How far ahead a delayed message may be due (RocketMQ: maxDelayTimeMills). */
  readonly delayMsMax: number
}

/** How long messages are kept. What is in flight or in a dead letter topic is kept beyond. */
export interface RetentionConfig {
  /** Whole segments of messages go when all of them are older (RocketMQ: fileReservedTime). */
  readonly hours: number
  /** The oldest segments go while the log is larger, whatever their age. `undefined`: only time counts. */
  readonly bytes: number | undefined
  /**
   * So much more of the log is kept for members that are away or behind, so that they need no state when they are
   * back. 0: nothing waits for them.
   */
  readonly awayBytes: number
}

/** When producers are asked about transactions that nobody ended. */
export interface TransactionConfig {
  /** From the half message to its first check, when the message does not say (RocketMQ: transactionTimeOut). */
  readonly checkAfterMs: number
  /** Between checks (RocketMQ: transactionCheckInterval). */
  readonly checkIntervalMs: number
  /** Checks that reached a producer; then the transaction is parked (RocketMQ: transactionCheckMax). */
  readonly checksMax: number
}

/** The times of Raft. All election and heartbeat times are multiples of one tick. */
export interface RaftConfig {
  readonly tickMs: number
  readonly heartbeatTicks: number
  /** Rule: heartbeatTicks < electionTicksMin < electionTicksMax. */
  readonly electionTicksMin: number
  readonly electionTicksMax: number
  /**
   * How much each member is wanted as leader, by its id; 0 for those that are not named. A wish and no veto (DLedger:
   * preferredLeaderId). The same on all members.
   */
  readonly priorities: Readonly<Record<string, number>>
}

/** How much a program writes to its log file. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Everything that one member of a broker group needs to start. */
export interface BrokerConfig {
  /** The name that people give the whole installation; the name servers' answers carry it. */
  readonly cluster: string
  /** The name of the broker group, for example `broker-0`. */
  readonly group: string
  /** This member's id. Rule: it is one of `members`. */
  readonly id: number
  /**
   * The members that the group starts with; for one that joins at least itself. Later changes are in the log, which
   * then wins.
   */
  readonly members: readonly MemberEndpoints[]
  /** Where this member listens, `host:port`. Differs from its entry in `members` behind a NAT or in a container. */
  readonly listen: {
    readonly client: string
    readonly peer: string
    /** Where Prometheus reads `/metrics`. `undefined`: nowhere. */
    readonly metrics: string | undefined
  }
  /** The absolute path of the member's own data folder. */
  readonly dataFolder: string
  /** Addresses of name servers, `host:port`. Empty: the member registers nowhere. */
  readonly nameServers: readonly string[]
  /**
   * The id of the cluster to found when the data folder is empty: the same text for all first members. A
   * member whose folder already holds an identity compares it. `undefined`: an empty folder is refused.
   */
  readonly bootstrap: string | undefined
  /**
   * The id of the cluster that this member joins when its data folder is empty: it neither votes nor leads before the
   * group has made it a member. Compared as `bootstrap` is. Rule: not with `bootstrap`.
   */
  readonly join: string | undefined
  /** The certificate of the client port. `undefined`: one is made at the first start. */
  readonly tls: TlsFiles | undefined
  readonly topics: { readonly autoCreate: boolean }
  readonly groups: { readonly autoCreate: boolean }
  readonly messages: MessagesConfig
  readonly log: LogConfig
  readonly retention: RetentionConfig
  readonly transactions: TransactionConfig
  readonly raft: RaftConfig
  readonly logLevel: LogLevel
  /** Where the process writes its log. `undefined`: standard error. */
  readonly logFile: string | undefined
}

/** Everything that a name server needs to start. It keeps nothing on disk. */
export interface NamesrvConfig {
  /** Where it listens, `host:port`. */
  readonly listen: string
  readonly logLevel: LogLevel
  readonly logFile: string | undefined
}

/** What holds where a configuration says nothing. The addresses are those of the development cluster. */
export const CONFIG_DEFAULTS = {
  cluster: 'default',
  group: 'broker-0',
  clientPort: 8081,
  peerPort: 40911,
  namesrvPort: 9876,
  /** One election takes 450 to 900 ms, a heartbeat goes out every 75 ms. */
  raft: { tickMs: 25, heartbeatTicks: 3, electionTicksMin: 18, electionTicksMax: 36, priorities: {} },
  log: {
    segmentBytes: SEGMENT_BYTES,
    diskReserveBytes: DISK_RESERVE_BYTES,
    scrubPeriodMs: SCRUB_PERIOD_MS,
    catchUpBytesPerSecond: CATCH_UP_BYTES_PER_SECOND,
  },
  retention: { hours: RETENTION_HOURS_DEFAULT, bytes: undefined, awayBytes: RETENTION_AWAY_BYTES },
  messages: { delayMsMax: DELAY_MS_DEFAULT },
  transactions: {
    checkAfterMs: TRANSACTION_CHECK_AFTER_MS,
    checkIntervalMs: TRANSACTION_CHECK_INTERVAL_MS,
    checksMax: TRANSACTION_CHECKS_MAX,
  },
  topics: { autoCreate: false },
  groups: { autoCreate: true },
  logLevel: 'info',
} as const satisfies {
  readonly raft: RaftConfig
  readonly log: LogConfig
  readonly messages: MessagesConfig
  readonly retention: RetentionConfig
  readonly transactions: TransactionConfig
  readonly logLevel: LogLevel
  readonly [name: string]: unknown
}

/** What a member tells the process that started it, over the IPC channel (`process.send`), when there is one. */
export type ChildMessage =
  /** Both ports are open and the log is recovered. A leader need not exist yet. */
  | { readonly type: 'ready'; readonly pid: number }
  /** The member's role or its idea of the leader changed. `leaderId` is 0 while nobody leads. */
  | { readonly type: 'role'; readonly role: string; readonly term: number; readonly leaderId: number }
  /** The member cannot start or go on: one clear sentence. It exits with a code other than 0. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

/** Splits `host:port` (`[::1]:8081` for IPv6); `undefined` when it is not of that form or the port is not 0 to 65535. */
export function splitEndpoint(
  endpoint: string,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(endpoint)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || port > 65_535 ? undefined : { host, port }
}
