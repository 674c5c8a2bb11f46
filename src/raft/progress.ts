/**
 * What a leader knows of one peer and what it may send to it.
 *
 * `probe`: it is not known where the logs meet. One append at a time, the next after an answer or a
 * heartbeat's answer. `replicate`: they meet; appends stream ahead of the answers through a window. A refusal
 * or a broken connection leads back to `probe`. `snapshot`: the peer needs entries that are forgotten here; it gets a
 * state beside the messages, and only heartbeats until that ended or it has caught up otherwise.
 */
import { assert } from '../base/assert.ts'
import { logIndex, type LogIndex, type NodeId } from '../base/brand.ts'
import { Inflights } from './inflights.ts'
import type { PeerProgress } from './types.ts'

/** One peer, as the leader of one term sees it. */
export class Progress {
  readonly peer: NodeId
  readonly #inflights: Inflights
  #state: PeerProgress['state'] = 'probe'
  /** The peer has everything up to here on its disk, the same as here. Never goes down in a term. */
  #matchIndex: LogIndex = logIndex(0)
  /** What is sent next. Rule: match < next. */
  #nextIndex: LogIndex
  /** A probe is under way. */
  #paused = false
  /** Behind the state that was sent: answers from before it do not lead back. 0 when none was. */
  #behindState = 0
  /** The latest round that the peer answered. */
  #heardRound = 0
  /** The leader's tick at which it came. */
  #heardTick = 0
  /** The highest commit index that the peer was sent; it may be lost, a heartbeat says it again. */
  #commitSent: LogIndex = logIndex(0)

  constructor(peer: NodeId, nextIndex: LogIndex, inflightCountMax: number, inflightBytesMax: number) {
    this.peer = peer
    this.#nextIndex = nextIndex
    this.#inflights = new Inflights(inflightCountMax, inflightBytesMax)
    assert(this.#matchIndex < this.#nextIndex, 'next is after match')
  }

  get state(): PeerProgress['state'] {
    return this.#state
  }

  get matchIndex(): LogIndex {
    return this.#matchIndex
  }

  get nextIndex(): LogIndex {
    return this.#nextIndex
  }

  get inflightCount(): number {
    return this.#inflights.count
  }

  /** The leader's round that began the latest contact with this peer. */
  get heardRound(): number {
    return this.#heardRound
  }

  get commitSent(): LogIndex {
    return this.#commitSent
  }

  /** An append with this commit index went out, with or without entries. */
  toldCommit(index: LogIndex): void {
    assert(index >= this.#commitSent, 'a leader tells of more and more', { index, sent: this.#commitSent })
    this.#commitSent = index
  }

  /** May an append of this many bytes go out now? */
  maySend(bytes: number): boolean {
    if (this.#state === 'replicate') return this.#inflights.hasRoom(bytes)
    return this.#state === 'probe' && !this.#paused
  }

  /** An append with entries up to `last` went out. */
  sent(last: LogIndex, bytes: number): void {
    assert(last >= this.#nextIndex, 'entries go out in order', { last, next: this.#nextIndex })
    if (this.#state === 'probe') {
      this.#paused = true
      return
    }
    this.#inflights.add(last, bytes)
    this.#nextIndex = logIndex(last + 1)
  }

  /** The peer answered an append of this round: it was alive after the round began. */
  heard(round: number, tick: number): void {
    if (round <= this.#heardRound) return
    this.#heardRound = round
    this.#heardTick = tick
  }

  /** The peer has everything up to `index`. An older answer changes nothing; any answer ends a probe. */
  matched(index: LogIndex): void {
    if (index > this.#matchIndex) this.#matchIndex = index
    this.#inflights.freeTo(this.#matchIndex)
    const after = logIndex(this.#matchIndex + 1)
    // It may answer heartbeats while it still lacks what the state will bring.
    if (this.#state === 'snapshot' && after < this.#nextIndex) return
    if (this.#state !== 'replicate') {
      this.#state = 'replicate'
      this.#paused = false
      this.#nextIndex = logIndex(Math.max(after, this.#behindState))
    } else if (this.#nextIndex < after) {
      this.#nextIndex = after
    }
  }

  /**
   * The peer refused the append after `index`; the logs may meet at `meetIndex`. Returns false for an answer
   * that is too old to say anything, which then changes nothing.
   */
  rejected(index: LogIndex, meetIndex: LogIndex): boolean {
    if (index <= this.#matchIndex || this.#state === 'snapshot') return false
    if (this.#state === 'probe' && index !== this.#nextIndex - 1) return false
    assert(meetIndex < index, 'a refusal leads back', { index, meetIndex })
    this.#toProbe(logIndex(Math.max(meetIndex, this.#matchIndex) + 1))
    return true
  }

  /**
   * What comes next was forgotten up to `baseIndex`. True: the peer needs a state and is to be offered one. False: it
   * is being sent one, or is asked first where it stands.
   */
  mustRestore(baseIndex: LogIndex): boolean {
    assert(this.#nextIndex <= baseIndex, 'a state is needed for what is forgotten', { baseIndex })
    const after = logIndex(baseIndex + 1)
    if (this.#state === 'snapshot' || this.#paused) {
      this.#nextIndex = after
      return false
    }
    this.#toProbe(after)
    this.#state = 'snapshot'
    return true
  }

  /** The peer was sent the state at `index`, or, `ok` false, could not be: the next heartbeat asks where it stands. */
  restored(index: LogIndex, ok: boolean): void {
    if (this.#state !== 'snapshot') return
    this.#toProbe(ok ? logIndex(Math.max(index, this.#matchIndex) + 1) : this.#nextIndex)
    this.#behindState = ok ? index + 1 : 0
    this.#paused = !ok
  }

  /** What was sent may be lost. The next heartbeat asks where the peer stands. A state goes its own way. */
  lost(): void {
    if (this.#state === 'snapshot') return
    this.#toProbe(logIndex(this.#matchIndex + 1))
    this.#paused = true
  }

  /** The facts for status and metrics. `tick` is the leader's current one. */
  facts(tick: number): PeerProgress {
    return {
      peer: this.peer,
      state: this.#state,
      matchIndex: this.#matchIndex,
      nextIndex: this.#nextIndex,
      inflightCount: this.#inflights.count,
      inflightBytes: this.#inflights.bytes,
      silentTicks: tick - this.#heardTick,
    }
  }

  #toProbe(nextIndex: LogIndex): void {
    this.#state = 'probe'
    this.#paused = false
    this.#behindState = 0
    this.#inflights.clear()
    this.#nextIndex = nextIndex
    assert(this.#matchIndex < this.#nextIndex, 'next is after match')
  }
}
