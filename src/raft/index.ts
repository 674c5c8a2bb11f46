/** The door of the Raft core. */
export {
  describeConfiguration,
  describeEntries,
  describeInput,
  describeMessage,
  describeReady,
  describeStatus,
  describeWrite,
} from './describe.ts'
export { configurationRecordBytes, isJoint, votersOf } from './membership.ts'
export { NOOP, NOOP_RECORD_BYTES, isNoop } from './noop.ts'
export { Raft } from './raft.ts'
export type {
  AppendIn,
  AppendOut,
  AppendReply,
  ChangeOutcome,
  Configuration,
  ConfigurationAt,
  Entry,
  Envelope,
  HardState,
  InMessage,
  Input,
  OutMessage,
  Payload,
  PeerProgress,
  PreVote,
  PreVoteReply,
  RaftOptions,
  RaftStatus,
  ReadIndex,
  Ready,
  Role,
  RoleChange,
  Target,
  TermRun,
  TimeoutNow,
  TransferOutcome,
  Vote,
  VoteReply,
  Write,
} from './types.ts'
