/** The group as one access point, for clients that do not say which address they used. */
import { isIP } from 'node:net'
import type { Endpoints } from '../rpc/apache-definition.ts'

/** apache.rocketmq.v2.AddressScheme. */
const SCHEMES = { IPv4: 1, IPv6: 2, DOMAIN_NAME: 3 } as const

/** All members as one access point; several names are not allowed in one, so only the first is given then. */
export function accessPoint(
  addresses: readonly { readonly host: string; readonly port: number }[],
): Endpoints {
  const version = isIP(addresses[0]?.host ?? '')
  if (version === 0) return { scheme: SCHEMES.DOMAIN_NAME, addresses: addresses.slice(0, 1) }
  const scheme = version === 4 ? SCHEMES.IPv4 : SCHEMES.IPv6
  return { scheme, addresses: addresses.filter((address) => isIP(address.host) === version) }
}
