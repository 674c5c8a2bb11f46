/** What clients do during a run. */
import type { History } from '../history.ts'
import type { Judgement } from '../verdict.ts'

/** Where and how much. */
export interface WorkloadSetting {
  readonly addresses: readonly string[]
  readonly history: History
  /** Sends a second, of all clients together. */
  readonly rate: number
}

/** A workload that runs: it is told when to stop, then drains, then judges what its clients saw. */
export interface RunningWorkload {
  /** No new sends; those under way end. */
  stopSending(): Promise<void>
  /** Receives until everything that was acknowledged came, or nothing more can come. The group is well now. */
  drain(): Promise<void>
  /** Ends what is left, and says what it thinks. */
  judge(): Promise<Judgement>
}

export interface Workload {
  readonly name: string
  readonly about: string
  readonly start: (setting: WorkloadSetting) => Promise<RunningWorkload>
}
