/**
 * The messages and calls of proto/dledger/v1/members.proto as `protos.ts` decodes them.
 */

/** As in the definition file. */
export type ListMembersRequest = Readonly<Record<string, never>>

/** As in the definition file. */
export interface ListedMember {
  readonly id: number
  readonly peerEndpoint: string
  readonly clientEndpoint: string
  /** voter, learner, or leaving. */
  readonly role: string
  /** A learner that is to vote as soon as it has caught up. */
  readonly joining: boolean
  /** The voter that goes then; 0 is nobody. */
  readonly replaces: number
  /** Known from the leader only, of others than itself. */
  readonly matchIndex?: number
  readonly silentMs?: number
  readonly connected: boolean
  /** Why it is refused or refuses, in one sentence; empty when all is well. */
  readonly refusal: string
}

/** As in the definition file. */
export interface MemberList {
  readonly clusterId: string
  readonly group: string
  readonly members: readonly ListedMember[]
  /** 0 while nobody leads. */
  readonly leaderId: number
  readonly term: number
  readonly lastIndex: number
  /** Where the newest configuration stands in the log, and whether it is committed. */
  readonly index: number
  readonly committed: boolean
  /** A new member gets this id or a higher one. */
  readonly nextId: number
}

/** As in the definition file. */
export interface AddMemberRequest {
  /** `nextId` of the list, or higher. */
  readonly id: number
  readonly peerEndpoint: string
  readonly clientEndpoint: string
  readonly listens: boolean
}

/** As in the definition file. */
export type AddMemberResponse = Readonly<Record<string, never>>

/** As in the definition file. */
export interface ReplaceMemberRequest {
  readonly oldId: number
  readonly id: number
  readonly peerEndpoint: string
  readonly clientEndpoint: string
}

/** As in the definition file. */
export interface RemoveMemberRequest {
  readonly id: number
}

/** As in the definition file. */
export type RemoveMemberResponse = Readonly<Record<string, never>>

/** As in the definition file. */
export interface TransferRequest {
  /** 0: whoever has most of the log. */
  readonly to: number
}

/** As in the definition file. */
export type TransferResponse = Readonly<Record<string, never>>

/** The calls of the service: Members. */
export type MembersCalls = {
  readonly List: { readonly request: ListMembersRequest; readonly response: MemberList }
  readonly Add: { readonly request: AddMemberRequest; readonly response: AddMemberResponse }
  readonly Replace: { readonly request: ReplaceMemberRequest; readonly response: AddMemberResponse }
  readonly Remove: { readonly request: RemoveMemberRequest; readonly response: RemoveMemberResponse }
  readonly Transfer: { readonly request: TransferRequest; readonly response: TransferResponse }
}
