/** Parts of a simulated whole member: its machine from rows, and core and machine with somebody who watches. */
import type { LogIndex } from '../../src/base/brand.ts'
import type { KvRows } from '../../src/base/ports.ts'
import type { Input, Raft, Ready } from '../../src/raft/index.ts'
import { AppendMachine, type AppendReply } from './append-machine.ts'
import type { Row } from './tables.ts'

export async function machineOf(chunks: KvRows): Promise<AppendMachine> {
  const rows: Row[] = []
  for await (const some of chunks) rows.push(...some)
  return AppendMachine.fromRows(rows)
}

/** What a machine of these rows would be. */
export async function examineRows(
  chunks: KvRows,
): Promise<{ readonly index: LogIndex; readonly digest: string }> {
  return (await machineOf(chunks)).digests().applied
}

/** The core, and somebody who sees every step. */
export function watched(raft: Raft, see: (inputs: readonly Input[], ready: Ready) => void): Raft {
  const step = raft.step.bind(raft)
  raft.step = (inputs) => {
    const ready = step(inputs)
    see(inputs, ready)
    return ready
  }
  return raft
}

/** The machine, and somebody who sees every entry. */
export function watchedMachine(
  machine: AppendMachine,
  see: (index: LogIndex, data: Uint8Array, replies: readonly AppendReply[]) => void,
): AppendMachine {
  const apply = machine.apply.bind(machine)
  machine.apply = (meta, data) => {
    const replies = apply(meta, data)
    see(meta.index, data, replies)
    return replies
  }
  return machine
}
