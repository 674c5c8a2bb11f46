/**
 * What clients saw, as the one artefact that a run leaves and that all checkers judge. Written by the client
 * harness, never by the broker: one event a line (NDJSON), in the order in which they happened.
 */

/** An operation of a workload. `key` names a message for good: no two sends share one. */
export type Operation =
  | { readonly f: 'send'; readonly key: string }
  | { readonly f: 'receive' }
  | { readonly f: 'ack'; readonly key: string; readonly attempt: number }
  /** Topics: made, sent to right after, and looked for at the end on one member. */
  | { readonly f: 'create' | 'use'; readonly key: string }
  | { readonly f: 'find'; readonly key: string; readonly member: number }

/** A message as it came in one receive. */
export interface SeenMessage {
  readonly key: string
  readonly attempt: number
}

interface Happened {
  /** The number of the event, from 0. */
  readonly i: number
  /** The logical process. It has one operation open at a time. */
  readonly p: number
  /** Milliseconds on the harness's monotonic clock. */
  readonly ts: number
}

/** A fault begins, is being ended, or is over and healed. */
export type Phase = 'begin' | 'end' | 'healed'

/** `info`: nobody knows whether the operation happened; it may still. `fail`: it surely did not. */
export type HistoryEvent =
  | (Happened & { readonly t: 'invoke'; readonly v: Operation })
  | (Happened & { readonly t: 'ok'; readonly ref: number; readonly seen?: readonly SeenMessage[] })
  | (Happened & { readonly t: 'fail' | 'info'; readonly ref: number; readonly e: string })
  | (Happened & {
      readonly t: 'nemesis'
      readonly fault: string
      readonly phase: Phase
      readonly about: string
    })

/** Gathers the events of one run. */
export class History {
  readonly events: HistoryEvent[] = []
  readonly #now: () => number

  /** `now` is one monotonic clock for all processes of the run. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Returns the number by which the end of the operation refers to it. */
  invoke(p: number, v: Operation): number {
    return this.#add({ t: 'invoke', p, v })
  }

  ok(p: number, ref: number, seen?: readonly SeenMessage[]): void {
    this.#add(seen === undefined ? { t: 'ok', p, ref } : { t: 'ok', p, ref, seen })
  }

  /** The operation surely did not happen. */
  fail(p: number, ref: number, e: string): void {
    this.#add({ t: 'fail', p, ref, e })
  }

  /** The outcome is unknown. */
  info(p: number, ref: number, e: string): void {
    this.#add({ t: 'info', p, ref, e })
  }

  /** `about` says in words what was done; `ts` when, if not now: who was hit is known only afterwards. */
  nemesis(fault: string, phase: Phase = 'begin', about = '', ts = this.#now()): void {
    this.#add({ t: 'nemesis', p: -1, fault, phase, about }, ts)
  }

  /** The whole history as NDJSON. */
  text(): string {
    return this.events.map((event) => `${JSON.stringify(event)}\n`).join('')
  }

  #add(event: Unnumbered, ts = this.#now()): number {
    const i = this.events.length
    this.events.push({ ...event, i, ts })
    return i
  }
}

type Unnumbered = HistoryEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'i' | 'ts'>
    : never
  : never
