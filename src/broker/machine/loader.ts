import type { BrokerMachine } from './machine.ts'
/** Rebuilds a machine from its table rows, one by one in any order. */
export interface MachineLoader {
  /** Takes one row. The bytes are copied where they are kept. Throws `UnknownVersionError`. */
  add(key: Uint8Array, value: Uint8Array): void
  /** The machine, and what is wrong with the rows: empty when the state is exactly the one written. */
  finish(): { readonly machine: BrokerMachine; readonly problems: readonly string[] }
}
