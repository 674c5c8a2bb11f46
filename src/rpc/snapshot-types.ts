/**
 * The messages and calls of proto/dledger/v1/snapshots.proto as `protos.ts` decodes them.
 */

/** As in the definition file. */
export type SaveSnapshotRequest = Readonly<Record<string, never>>

/** As in the definition file. */
export interface SnapshotPart {
  readonly data: Uint8Array
}

/** The calls of the service: Snapshots. */
export type SnapshotCalls = {
  readonly Save: { readonly request: SaveSnapshotRequest; readonly response: SnapshotPart }
}
