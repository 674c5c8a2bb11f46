/** Who this data folder belongs to, how often it was started, and which folders its peers had. */
import { broken } from '../base/assert.ts'
import type { NodeId } from '../base/brand.ts'
import type { Disk } from '../base/ports.ts'

/** One start of one data folder. A member whose folder is lost comes back with another `folderId`. */
export interface FolderStart {
  readonly folderId: string
  /** Grows by one at each start of the folder. */
  readonly startCount: number
}

/** What a folder says about itself. */
export interface Identity extends FolderStart {
  readonly formatVersion: number
  readonly clusterId: string
  readonly group: string
  readonly memberId: NodeId
  /** The voters, ascending. */
  readonly members: readonly NodeId[]
  readonly peers: Readonly<Record<string, FolderStart>>
}

/** What the configuration says that the folder is. */
export interface IdentityExpected {
  readonly clusterId: string
  readonly group: string
  readonly memberId: NodeId
  readonly members: readonly NodeId[]
}

export type PeerVerdict = { readonly type: 'ok' } | { readonly type: 'refused'; readonly reason: string }

export class IdentityStore {
  /**
   * Reads the identity and counts this start durably. `undefined` when the folder has none: then make the
   * log and the meta file, and after them call `create`. Throws FOLDER_REFUSED when the folder belongs to
   * another group, member or newer program, DATA_DAMAGED when it is not readable.
   */
  static async load(_disk: Disk, _expected: IdentityExpected): Promise<IdentityStore | undefined> {
    return broken('not written yet')
  }

  /** Writes the identity of a new folder, the last step of its making. `folderId` must be unique for ever. */
  static async create(_disk: Disk, _expected: IdentityExpected, _folderId: string): Promise<IdentityStore> {
    return broken('not written yet')
  }

  get identity(): Identity {
    return broken('not written yet')
  }

  /**
   * Compares what a peer says about its folder with what is remembered, and remembers it durably.
   * Refused: another folder than before (it may have lost votes and entries), or an earlier start of it (an
   * old copy was put back).
   */
  async meetPeer(_peer: NodeId, _start: FolderStart): Promise<PeerVerdict> {
    return broken('not written yet')
  }
}
