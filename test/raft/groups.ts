/** Cores in common situations of a change of members, for tests. */
import { expect } from 'vitest'
import { ELECTION_TICKS_MAX, ELECTION_TICKS_MIN, HEARTBEAT_TICKS, members, solo, type Solo } from './solo.ts'

/** Leads a group of three whose term has begun to commit; all peers have everything. */
export function leading(): Solo {
  const node = solo().lead()
  node.answer(2, 3)
  return node
}

/** Lets time pass, everybody answering, until who has answered counts as caught up. */
export function passTime(node: Solo, ...peers: readonly number[]): void {
  for (let at = 0; at < 2 * ELECTION_TICKS_MIN; at += HEARTBEAT_TICKS) {
    node.tick(HEARTBEAT_TICKS)
    node.answer(...peers)
  }
}

/** Leads three, and member 4 is a learner that has caught up. */
export function withLearner(): Solo {
  const node = leading()
  node.change([1, 2, 3], [4])
  node.persist()
  node.answer(2, 3, 4)
  passTime(node, 2, 3, 4)
  expect(node.status.configuration.configuration).toEqual(members([1, 2, 3], [4]))
  return node
}

export function outcomes(node: Solo): readonly unknown[] {
  return node.readies.flatMap(({ changes }) => changes)
}

export function lastReason(node: Solo): string {
  const last = node.readies.at(-1)?.changes[0]
  return last?.type === 'refused' ? last.reason : ''
}

export function ask(node: Solo): void {
  for (let at = 0; at <= ELECTION_TICKS_MAX && node.status.role === 'follower'; at++) node.tick()
}
