/**
 * Keeps a client's sends to one message group behind each other on this node: one that comes while another is under
 * way waits for its answer. So a send that is tried again at a new leader is never overtaken by a later one.
 */
import { BrokerError } from '../base/errors.ts'
import { WIRE_BYTES, WireError, WireReader } from '../base/wire.ts'
import type { Patience } from './patience.ts'

const MESSAGES = 1
const TOPIC = 1
const TOPIC_NAME = 2
const SYSTEM_PROPERTIES = 3
const MESSAGE_GROUP = 17
/** What is longer is refused by the leader. */
const TEXT_BYTES_MAX = 256

/** One for each node. */
export class SendOrder {
  /** When the last send of each message group, and all before it, are over. */
  readonly #last = new Map<string, Promise<void>>()

  /** Message groups with sends under way. */
  get groups(): number {
    return this.#last.size
  }

  /**
   * Runs `send` after all that came before it in one of the message groups. Throws `BrokerError`, outcome none, when
   * the call's time is over before its turn.
   */
  async run<T>(groups: readonly string[], patience: Patience, send: () => Promise<T>): Promise<T> {
    const before = groups.map((group) => this.#last.get(group)).filter((last) => last !== undefined)
    let leave = (): void => undefined
    const own = new Promise<void>((resolve) => (leave = resolve))
    const over: Promise<void> = Promise.all([...before, own]).then(() => this.#forget(groups, over))
    for (const group of groups) this.#last.set(group, over)
    try {
      if (before.length > 0) await this.#turn(before, patience)
      return await send()
    } finally {
      leave()
    }
  }

  async #turn(before: readonly Promise<void>[], patience: Patience): Promise<void> {
    try {
      await patience.wait(Promise.all(before))
    } catch (error) {
      if (error !== patience.over || patience.over === undefined) throw error
      const message =
        'sendMessage: the sends before it in its message group took all the time, nothing was done'
      throw new BrokerError(patience.over.code, message, { outcome: 'none', cause: error })
    }
  }

  #forget(groups: readonly string[], over: Promise<void>): void {
    for (const group of groups) if (this.#last.get(group) === over) this.#last.delete(group)
  }
}

/**
 * The message groups of a `SendMessageRequest`, each once, as texts that are different for other clients and topics.
 * Empty without any, and for bytes that the leader will refuse.
 */
export function messageGroupsOf(request: Uint8Array, clientId: string): readonly string[] {
  const groups = new Set<string>()
  const outer = new WireReader(request)
  const message = new WireReader(request)
  const inner = new WireReader(request)
  try {
    while (outer.next()) {
      if (outer.field !== MESSAGES || outer.wireType !== WIRE_BYTES) continue
      message.reset(outer.valueStart, outer.valueEnd)
      const group = textIn(request, message, inner, SYSTEM_PROPERTIES, MESSAGE_GROUP)
      if (group === '') continue
      message.reset(outer.valueStart, outer.valueEnd)
      groups.add(`${clientId}\0${textIn(request, message, inner, TOPIC, TOPIC_NAME)}\0${group}`)
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return []
  }
  return [...groups]
}

/** The text at `field` of the part at `partField`, a character a byte; empty when it is absent. */
function textIn(
  bytes: Uint8Array,
  message: WireReader,
  inner: WireReader,
  partField: number,
  field: number,
): string {
  let text = ''
  while (message.next()) {
    if (message.field !== partField || message.wireType !== WIRE_BYTES) continue
    inner.reset(message.valueStart, message.valueEnd)
    while (inner.next()) {
      if (inner.field !== field || inner.wireType !== WIRE_BYTES) continue
      const end = Math.min(inner.valueEnd, inner.valueStart + TEXT_BYTES_MAX)
      text = String.fromCharCode(...bytes.subarray(inner.valueStart, end))
    }
  }
  return text
}
