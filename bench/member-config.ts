/** The configuration file of one member of a bench's group. */
import { stringify } from 'yaml'

/** Where one member runs: its address, and what its command line starts with to run there. */
export interface MemberPlace {
  readonly id: number
  readonly host: string
  readonly clientPort: number
  readonly peerPort: number
  readonly prefix: readonly string[]
}

/** YAML for `dledger broker -c`, with the keys of `more` besides. */
export function memberConfig(
  place: MemberPlace,
  all: readonly MemberPlace[],
  dataFolder: string,
  more: Readonly<Record<string, unknown>> = {},
): string {
  return stringify({
    cluster: 'bench',
    group: `bench-${all.length}`,
    id: place.id,
    bootstrap: 'bench',
    data: dataFolder,
    members: all.map((other) => ({
      id: other.id,
      client: `${other.host}:${other.clientPort}`,
      peer: `${other.host}:${other.peerPort}`,
    })),
    ...more,
  })
}
