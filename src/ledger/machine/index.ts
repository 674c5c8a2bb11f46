/** The door of the ledger machine: what the service and the tools may use of it. */
export {
  type AppendBody,
  type AppendTerms,
  encodeAppend,
  encodeAppendBody,
  KEY_HASH_BYTES,
} from './append-codec.ts'
export { encodeLedgerCommand } from './command-codec.ts'
export { LedgerMachine } from './machine.ts'
export { type EntryPointer, pointerAt, pointersIn } from './page.ts'
