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
  /** How often its places were reset, by queue. */
  readonly resets: Map<number, number>
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
  /** How often the group's place had been reset when the message was given. */
  readonly resets: number
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function claimed(held: Held): unknown {
  return { queue: held.queue, offset: held.offset, attempt: numberOf(held), deadline: held.visibleAt }
}

/** The number of a delivery. */
export function numberOf({ attempt, resets }: Held): number {
  return resets * 2 ** 16 + attempt
}

/** Whether a receipt is of a delivery since so many resets. */
export function isSince(receipt: { readonly attempt: number }, resets: number | undefined): boolean {
  return Math.floor(receipt.attempt / 2 ** 16) === (resets ?? 0)
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
