/**
 * Judges a history of sends, receives and acks of one topic and one group (Q1, Q2, Q3 and Q9: nothing lost,
 * nothing from nowhere, nothing doubled beyond what redelivery allows). Pure.
 */
import type { Verdict } from '../verdict.ts'
import type { HistoryEvent, Operation, SeenMessage } from '../history.ts'

export interface QueueFindings {
  readonly verdict: Verdict
  readonly acknowledged: number
  /** Acknowledged sends that were never received. */
  readonly lost: readonly string[]
  /** Received, but never sent, or of a send that surely failed. */
  readonly phantom: readonly string[]
  /** Received again although a receive before it still held the message. */
  readonly doubled: readonly string[]
  /** Received again after its ack had succeeded. */
  readonly resurrected: readonly string[]
  /** Sends that failed or whose outcome is unknown. */
  readonly failedSends: number
  readonly unknownSends: number
}

export interface QueueRules {
  /** A message that was received is nobody else's for this long. */
  readonly invisibleMs: number
  /** A run that acknowledged fewer sends says nothing. */
  readonly acknowledgedMin: number
  /** At the end receives went on until nothing more came. */
  readonly drained: boolean
}

interface Sends {
  readonly invoked: Set<string>
  readonly acknowledged: Set<string>
  readonly failed: Set<string>
  unknown: number
}

export function checkQueue(history: readonly HistoryEvent[], rules: QueueRules): QueueFindings {
  const operations = new Map<number, Operation>()
  const sends: Sends = { invoked: new Set(), acknowledged: new Set(), failed: new Set(), unknown: 0 }
  // When the receive began that brought it last: it was claimed then or later, however late the answer came.
  const lastSeen = new Map<string, number>()
  const acked = new Map<string, number>()
  const phantom = new Set<string>()
  const doubled = new Set<string>()
  const resurrected = new Set<string>()
  const see = (messages: readonly SeenMessage[], begun: number, ts: number): void => {
    for (const { key } of messages) {
      const before = lastSeen.get(key)
      if (before !== undefined && ts - before < rules.invisibleMs) doubled.add(key)
      if ((acked.get(key) ?? Number.POSITIVE_INFINITY) < begun) resurrected.add(key)
      if (!sends.invoked.has(key) || sends.failed.has(key)) phantom.add(key)
      lastSeen.set(key, begun)
    }
  }
  const begun = new Map<number, number>()
  for (const event of history) {
    if (event.t === 'nemesis') continue
    if (event.t === 'invoke') {
      operations.set(event.i, event.v)
      begun.set(event.i, event.ts)
      if (event.v.f === 'send') sends.invoked.add(event.v.key)
      continue
    }
    const operation = operations.get(event.ref)
    if (operation?.f === 'send') endSend(sends, operation.key, event.t)
    else if (operation?.f === 'ack' && event.t === 'ok') acked.set(operation.key, event.ts)
    else if (operation?.f === 'receive' && event.t === 'ok') {
      see(event.seen ?? [], begun.get(event.ref) ?? event.ts, event.ts)
    }
  }
  const lost = rules.drained ? [...sends.acknowledged].filter((key) => !lastSeen.has(key)) : []
  const bad = lost.length + phantom.size + doubled.size + resurrected.size > 0
  const enough = rules.drained && sends.acknowledged.size >= rules.acknowledgedMin
  return {
    verdict: bad ? false : enough || 'unknown',
    acknowledged: sends.acknowledged.size,
    lost,
    phantom: [...phantom],
    doubled: [...doubled],
    resurrected: [...resurrected],
    failedSends: sends.failed.size,
    unknownSends: sends.unknown,
  }
}

function endSend(sends: Sends, key: string, end: 'ok' | 'fail' | 'info'): void {
  if (end === 'ok') sends.acknowledged.add(key)
  else if (end === 'fail') sends.failed.add(key)
  else sends.unknown++
}
