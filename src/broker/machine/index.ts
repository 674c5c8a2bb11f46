/** The door of the broker machine: what the shell, the benches and the tools may use of it. */
export { COMMAND_HEADER_BYTES, type EncodedCommand, encodeCommand, encodeSend } from './command-encode.ts'
export { ENTRY_HEADER_BYTES, ENTRY_VERSION, type EncodedEntry, encodeEntry } from './entry-codec.ts'
export {
  backoffFault,
  DEFAULT_BACKOFF,
  type GroupPolicy,
  plainPolicy,
  type RetryBackoff,
} from './group-policy.ts'
export { laneKeyOf } from './lane.ts'
export { BrokerMachine, type MachineLoader } from './machine.ts'
export { encodeReceiptHandle, parseReceiptHandle } from './receipt-handle.ts'
export { readTimer, TIMER_ROWS_END, timerRowKey } from './timers.ts'
export { MACHINE_ROWS_END, MACHINE_ROWS_START } from './tables.ts'
export { encodeTransactionId, parseTransactionId } from './transaction-id.ts'
export {
  acceptedTypes,
  isDeadLetterTopic,
  isTopicType,
  MESSAGE_TYPE_DELAY,
  MESSAGE_TYPE_FIFO,
  MESSAGE_TYPE_LITE,
  MESSAGE_TYPE_NORMAL,
  MESSAGE_TYPE_PRIORITY,
  MESSAGE_TYPE_TRANSACTION,
  messageTypeName,
  PERMISSION_NONE,
  PERMISSION_READ,
  PERMISSION_READ_WRITE,
  PERMISSION_WRITE,
  TOPIC_TYPE_MIXED,
} from './topics.ts'
