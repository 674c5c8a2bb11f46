/**
 * Whether a peer's data folder is the one that belongs to the member. A member that comes back with an older
 * or an empty folder has forgotten votes and acknowledged entries; let in, it could help to elect a leader
 * that misses acknowledged messages. So it is refused for good and has to be replaced.
 * Pure.
 */
import type { PeerGreeting, PeerIdentity, Verdict } from './api.ts'

/** What is remembered of a member. */
export interface RememberedPeer {
  readonly folderId: string
  /** The highest start count that it came with. */
  readonly startCount: number
  /** The process that came with it. */
  readonly processId: string
}

/** The verdict and, when accepted, what to remember from now on: the same object when nothing is new. */
export interface Admission {
  readonly verdict: Verdict
  readonly remember: RememberedPeer | undefined
}

/**
 * Judges a greeting whose cluster, group and members are right. All connections of one process come with the
 * same start count and process id and are accepted; a start count that another process came with before is an
 * older copy of the folder. `own` is this member: a peer that shows this member's own folder is a copy of it.
 */
export function admit(
  remembered: RememberedPeer | undefined,
  greeting: PeerGreeting,
  own: PeerIdentity,
): Admission {
  const fault = faultOf(remembered, greeting, own)
  if (fault !== null) {
    const reason = `${fault}. Replace the member: stop it and put its own newest data folder back; when that is lost, it may only come back as a new member under a new id`
    return { verdict: { accepted: false, reason, folderRefused: true }, remember: remembered }
  }
  const known =
    remembered !== undefined &&
    remembered.startCount === greeting.startCount &&
    remembered.processId === greeting.processId
  const { folderId, startCount, processId } = greeting
  return { verdict: { accepted: true }, remember: known ? remembered : { folderId, startCount, processId } }
}

function faultOf(
  remembered: RememberedPeer | undefined,
  greeting: PeerGreeting,
  own: PeerIdentity,
): string | null {
  const member = `Member ${greeting.fromId}`
  if (greeting.folderId === own.folderId) return `${member} runs on a copy of another member's data folder`
  if (remembered === undefined) return null
  if (greeting.folderId !== remembered.folderId) {
    return `${member} comes with data folder ${greeting.folderId}, but its folder is ${remembered.folderId}`
  }
  const older =
    greeting.startCount < remembered.startCount ||
    (greeting.startCount === remembered.startCount && greeting.processId !== remembered.processId)
  if (!older) return null
  return `${member} comes with an older copy of its data folder (start ${greeting.startCount}, but start ${remembered.startCount} was seen before)`
}
