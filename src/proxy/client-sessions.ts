/**
 * The clients that have a telemetry stream on this node: who they are, what they publish or read, and which of them
 * publishes a topic. Nothing here outlives the streams, and nothing that a client must rely on depends on it.
 */
import type { GroupPolicy } from '../broker/machine/group-policy.ts'
import type { Settings } from '../rpc/apache-definition.ts'
import type { BidiStream } from '../rpc/service.ts'
import type { Caller } from './caller.ts'

/** A client that is silent for so long is asked last (RocketMQ: channelExpiredTimeout). */
const SILENT_MS = 120_000

/** One stream whose client has sent settings. */
export interface Session {
  readonly caller: Caller
  readonly stream: BidiStream
  /** Where the client is, `host:port`. */
  readonly peer: string
  /** In monotonic time. */
  readonly connectedMono: number
  /** When the client was heard of last, in monotonic time. */
  heardMono: number
  settings: Settings
  /** What its group's policy was when it was told. */
  policy: GroupPolicy | undefined
}

/** All sessions of one node, the latest of each client id. */
export class ClientSessions {
  readonly #byClient = new Map<string, Session>()
  readonly #producers = new Map<string, Set<Session>>()

  get count(): number {
    return this.#byClient.size
  }

  all(): Iterable<Session> {
    return this.#byClient.values()
  }

  ofClient(clientId: string): Session | undefined {
    return this.#byClient.get(clientId)
  }

  /** Takes a session in, or takes over the settings that it sends anew. */
  put(session: Session, settings: Settings): void {
    const { clientId } = session.caller
    const before = this.#byClient.get(clientId)
    if (before !== undefined) this.#unlist(before)
    session.settings = settings
    this.#byClient.set(clientId, session)
    for (const topic of topicsOf(settings)) {
      const producers = this.#producers.get(topic)
      if (producers === undefined) this.#producers.set(topic, new Set([session]))
      else producers.add(session)
    }
  }

  /** The stream is over. A later one of the same client stays. */
  remove(session: Session): void {
    const { clientId } = session.caller
    if (this.#byClient.get(clientId) !== session) return
    this.#unlist(session)
    this.#byClient.delete(clientId)
  }

  heard(clientId: string, mono: number): void {
    const session = this.#byClient.get(clientId)
    if (session !== undefined) session.heardMono = mono
  }

  /**
   * The producers of a topic in the order in which they are to be asked: each in its turn, those that were not heard
   * of lately last.
   */
  producersOf(topic: string, mono: number): readonly Session[] {
    const producers = this.#producers.get(topic)
    if (producers === undefined) return []
    const [first] = producers
    if (first !== undefined && producers.size > 1) {
      producers.delete(first)
      producers.add(first)
    }
    const list = [...producers]
    const isSilent = ({ heardMono }: Session): boolean => mono - heardMono > SILENT_MS
    return [...list.filter((session) => !isSilent(session)), ...list.filter(isSilent)]
  }

  #unlist(session: Session): void {
    for (const topic of topicsOf(session.settings)) {
      const producers = this.#producers.get(topic)
      producers?.delete(session)
      if (producers?.size === 0) this.#producers.delete(topic)
    }
  }
}

/** The topics that a producer says it publishes; none for a consumer. */
function topicsOf({ publishing, subscription }: Settings): readonly string[] {
  if (subscription !== undefined || publishing === undefined) return []
  return publishing.topics.map(({ name }) => name).filter((name) => name.trim() !== '')
}
