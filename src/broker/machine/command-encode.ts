import type { Command } from './commands.ts'
import type { EncodedCommand } from './entry-codec.ts'
/** Turns a command into bytes. The message bytes of a `send` are not copied. */
export function encodeCommand(command: Command): EncodedCommand {
  throw new Error(`not written yet: ${command.type}`)
}
