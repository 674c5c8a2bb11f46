/** The configuration file of one member of a bench's group. */
import { join } from 'node:path'
import { stringify } from 'yaml'

/** The ports of one member on loopback. */
export interface MemberPlace {
  readonly id: number
  readonly clientPort: number
  readonly peerPort: number
}

/** YAML for `dledger broker -c`. The member's data lies in a folder of its own below `folder`. */
export function memberConfig(place: MemberPlace, all: readonly MemberPlace[], folder: string): string {
  return stringify({
    cluster: 'bench',
    group: `bench-${all.length}`,
    id: place.id,
    bootstrap: 'bench',
    data: join(folder, `data-${place.id}`),
    members: all.map((other) => ({
      id: other.id,
      client: `127.0.0.1:${other.clientPort}`,
      peer: `127.0.0.1:${other.peerPort}`,
    })),
  })
}
