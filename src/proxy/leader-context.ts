/** What the leader parts of the calls work with, on the node that leads. */
import type { Clock } from '../base/ports.ts'
import type { LeaderOperations } from '../broker/leader-port.ts'
import type { MachineView } from '../broker/machine/view.ts'

export interface LeaderContext {
  readonly operations: LeaderOperations
  readonly view: MachineView
  readonly clock: Clock
  /** Where this member serves clients, `host:port`: delivered messages name it as the place they come from. */
  readonly storeHost: string
  /** Makes a topic that a route was asked for; `null` unless topics are configured to be made so. */
  readonly createTopic: ((name: string) => Promise<void>) | null
}
