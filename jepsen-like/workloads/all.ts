/** The workloads by name. */
import { OFFICIAL } from './official.ts'
import { QUEUE } from './queue.ts'
import { TOPICS } from './topics.ts'
import type { Workload } from './workload.ts'

export const WORKLOADS: readonly Workload[] = [QUEUE, TOPICS, OFFICIAL]
