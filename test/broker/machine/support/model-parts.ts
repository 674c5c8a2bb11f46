/** What the model of the machine is made of, and the shapes of its answers. */

export interface ModelQueue {
  readonly number: number
  readonly topicId: number
  end: number
}
export interface ModelGroup {
  readonly id: number
  readonly name: string
  readonly attemptsMax: number
  readonly from: string
  readonly time: number
  readonly cursors: Map<number, number>
  /** Offsets that the group keeps itself. */
  readonly kept: Map<number, number>
}
export interface Held {
  readonly groupId: number
  readonly queue: number
  readonly offset: number
  attempt: number
  visibleAt: number
  since: number
  autoRenew: boolean
  request: string | null
  client: string | null
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function claimed({ queue, offset, attempt, visibleAt }: Held): unknown {
  return { queue, offset, attempt, deadline: visibleAt }
}

export function refusal(code: string): unknown {
  return { type: 'refused', code }
}

export function topicReply(topicId: number): unknown {
  return { type: 'topic', topicId }
}

export function groupReply(groupId: number): unknown {
  return { type: 'group', groupId }
}
