/** Where a run takes place, told by the supervisor (main.ts) to the program that runs where the clients are. */
import type { MemberPlace } from '../bench/member-config.ts'
import type { RunOptions } from './options.ts'

export interface RunPlace {
  /** `undefined`: on loopback, for want of namespaces. */
  readonly members: readonly MemberPlace[] | undefined
  /** Where a name server can listen. */
  readonly clientHost: string
  /** The file that the fault scripts read; empty without namespaces. */
  readonly nodesFile: string
  /** The folder of the run. */
  readonly folder: string
  readonly options: RunOptions
}

/** Reads what the supervisor wrote on the command line. */
export function placeOf(args: readonly string[]): RunPlace {
  return JSON.parse(args[0] ?? '') as RunPlace
}
