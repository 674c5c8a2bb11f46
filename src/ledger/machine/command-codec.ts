/**
 * Commands of ledgers as bytes. Each stands behind the header of all commands (u8 kind, u8 version, u16 0, u32
 * length of the body). Kinds from 64 on are the ledgers'; each is at version 1:
 *
 *  64 append         see `append-codec.ts`
 *  65 createLedger   name, u64 entries max, u64 bytes max, u64 age max in ms (0: none), u8 drop oldest
 *  66 deleteLedger   name
 *  67 trimLedger     name, u64 first index
 *  68 expireLedgers  nothing
 */
import { unreachable } from '../../base/assert.ts'
import { BytesError, Reader, viewOf, Writer } from '../../base/bytes.ts'
import { COMMAND_HEADER_BYTES, type EncodedCommand } from '../../broker/machine/command-encode.ts'
import type { LedgerCommand } from './commands.ts'

/** The number of each kind of command in the log. Numbers are never given to another kind. */
export const LEDGER_KINDS = {
  append: 64,
  createLedger: 65,
  deleteLedger: 66,
  trimLedger: 67,
  expireLedgers: 68,
} as const

export const LEDGER_COMMAND_VERSION = 1

/** Turns a command into bytes with its header. */
export function encodeLedgerCommand(command: LedgerCommand): EncodedCommand {
  const into = new Writer(64)
  into.uint8(LEDGER_KINDS[command.type]).uint8(LEDGER_COMMAND_VERSION).uint16(0).uint32(0)
  writeBody(into, command)
  const bytes = into.done()
  viewOf(bytes).setUint32(4, bytes.byteLength - COMMAND_HEADER_BYTES)
  return { size: bytes.byteLength, chunks: [bytes] }
}

function writeBody(into: Writer, command: LedgerCommand): void {
  switch (command.type) {
    case 'createLedger': {
      const { entriesMax, bytesMax, ageMsMax, dropOldest } = command.retention
      into.text16(command.name).uint64(entriesMax).uint64(bytesMax).uint64(ageMsMax)
      into.uint8(dropOldest ? 1 : 0)
      return
    }
    case 'deleteLedger':
      into.text16(command.name)
      return
    case 'trimLedger':
      into.text16(command.name).uint64(command.firstIndex)
      return
    case 'expireLedgers':
      return
    default:
      unreachable(command)
  }
}

/** Reads the body of a command that is no append. Throws `BytesError`. */
export function decodeLedgerCommand(kind: number, body: Uint8Array): LedgerCommand {
  const reader = new Reader(body)
  const command = readBody(kind, reader)
  reader.end()
  return command
}

function readBody(kind: number, reader: Reader): LedgerCommand {
  switch (kind) {
    case LEDGER_KINDS.createLedger: {
      const name = reader.text16()
      const retention = {
        entriesMax: reader.uint64(),
        bytesMax: reader.uint64(),
        ageMsMax: reader.uint64(),
        dropOldest: reader.uint8() === 1,
      }
      return { type: 'createLedger', name, retention }
    }
    case LEDGER_KINDS.deleteLedger:
      return { type: 'deleteLedger', name: reader.text16() }
    case LEDGER_KINDS.trimLedger:
      return { type: 'trimLedger', name: reader.text16(), firstIndex: reader.uint64() }
    case LEDGER_KINDS.expireLedgers:
      return { type: 'expireLedgers' }
    default:
      throw new BytesError('the kind of command is not known')
  }
}
