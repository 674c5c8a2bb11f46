/** `dledger.v1.Snapshots` on every member: a backup of what it holds while it runs, one at a time. */
import { broken } from '../base/assert.ts'
import { BrokerError } from '../base/errors.ts'
import { callsOf } from '../rpc/protos.ts'
import type { Flow, FlowMethod, Method } from '../rpc/service.ts'
import type { SnapshotPart } from '../rpc/snapshot-types.ts'
import { failureOf } from '../rpc/status.ts'
import { type SavedMember, saveRunning } from './snapshot-online.ts'

/** The methods for the client port. */
export function snapshotMethods(member: SavedMember): readonly Method[] {
  const call = callsOf('dledger.v1.Snapshots')['Save'] ?? broken('the service has the call')
  const encode = (data: Uint8Array): Uint8Array => call.response.encode({ data } satisfies SnapshotPart)
  let isSaving = false
  const save = async (flow: Flow): Promise<void> => {
    if (isSaving) throw new BrokerError('BUSY', 'this member is being saved already; try again later')
    isSaving = true
    try {
      await saveRunning(member, (chunks) => flow.send(encode(Buffer.concat(chunks))))
    } finally {
      isSaving = false
    }
  }
  const handle: FlowMethod = async (_context, _request, flow) => {
    try {
      await save(flow)
    } catch (error) {
      throw error instanceof BrokerError ? failureOf(error) : error
    }
  }
  return [{ type: 'flow', path: call.path, handle }]
}
