/** The door of the broker machine: what the shell, the benches and the tools may use of it. */
export { BrokerMachine } from './machine.ts'
export type { MachineLoader } from './loader.ts'
export { encodeCommand } from './command-encode.ts'
export {
  ENTRY_HEADER_BYTES,
  ENTRY_VERSION,
  COMMAND_HEADER_BYTES,
  encodeEntry,
  type EncodedCommand,
  type EncodedEntry,
} from './entry-codec.ts'
export { encodeReceiptHandle, parseReceiptHandle } from './receipt-handle.ts'
export { MACHINE_ROWS_END, MACHINE_ROWS_START } from './tables.ts'
