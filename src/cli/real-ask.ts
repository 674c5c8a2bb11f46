/** Asks members and name servers over the network for `status`. One connection an address, kept for `--watch`. */
import type { AdminCalls } from '../rpc/admin-types.ts'
import { openClient, type ServiceClient } from '../rpc/client.ts'
import type { NameServerCalls } from '../rpc/namesrv-types.ts'
import { type Ask, ASK_MS_MAX } from './status-gather.ts'

/** An `Ask` that must be closed. */
export interface OpenAsk extends Ask {
  close(): void
}

export function openAsk(): OpenAsk {
  const admins = new Map<string, ServiceClient<AdminCalls>>()
  const nameServers = new Map<string, ServiceClient<NameServerCalls>>()
  const timeoutMs = ASK_MS_MAX
  return {
    describeMember(address) {
      const open = (): ServiceClient<AdminCalls> => openClient({ service: 'dledger.v1.Admin', address })
      return kept(admins, address, open).call('DescribeMember', {}, { timeoutMs })
    },
    async describeCluster(address) {
      const open = (): ServiceClient<NameServerCalls> =>
        openClient({ service: 'dledger.v1.NameServer', address })
      const answer = await kept(nameServers, address, open).call('DescribeCluster', {}, { timeoutMs })
      return answer.groups
    },
    close() {
      for (const client of [...admins.values(), ...nameServers.values()]) client.close()
    },
  }
}

function kept<T>(clients: Map<string, T>, address: string, open: () => T): T {
  const client = clients.get(address) ?? open()
  clients.set(address, client)
  return client
}
