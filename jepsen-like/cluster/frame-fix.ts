/**
 * The frames that a tunnel hands to the switch of our own. The kernel leaves the checksum of what it sends itself to
 * the network card; here there is none, so the switch has to fill it in. Pure.
 *
 *   0   VXLAN header (RFC 7348), 8 bytes
 *   8   Ethernet: destination, source, type
 *   22  IPv4 packet
 */

const ETHERNET = 8
const IP = ETHERNET + 14
const IPV4 = 0x0800
const TCP = 6
const UDP = 17
/** The first four bytes of the hardware addresses that namespaces of ours have in the tunnel. */
export const OUR_HARDWARE = [0x02, 0x64, 0x6c, 0x6a] as const

/** From whom to whom, as the last numbers of their addresses; `undefined` for what is none of ours. */
export function wayOf(frame: Buffer): { readonly from: number; readonly to: number } | undefined {
  if (frame.length < IP + 20) return undefined
  const ours = OUR_HARDWARE.every(
    (byte, n) => frame[ETHERNET + n] === byte && frame[ETHERNET + 6 + n] === byte,
  )
  return ours ? { to: frame[ETHERNET + 5] ?? 0, from: frame[ETHERNET + 11] ?? 0 } : undefined
}

/** Fills in the checksum of TCP and UDP over IPv4 (RFC 1071), in place. Leaves other and broken packets as they are. */
export function fillChecksum(frame: Buffer): void {
  if (frame.readUInt16BE(IP - 2) !== IPV4) return
  const head = ((frame[IP] ?? 0) & 15) * 4
  const protocol = frame[IP + 9] ?? 0
  const length = frame.readUInt16BE(IP + 2) - head
  const start = IP + head
  const field = protocol === TCP ? start + 16 : protocol === UDP ? start + 6 : 0
  if (field === 0 || length < 8 || start + length > frame.length) return
  frame.writeUInt16BE(0, field)
  let sum = protocol + length
  for (let at = IP + 12; at < IP + 20; at += 2) sum += frame.readUInt16BE(at)
  for (let at = 0; at + 1 < length; at += 2) sum += frame.readUInt16BE(start + at)
  if (length % 2 === 1) sum += (frame[start + length - 1] ?? 0) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000)
  frame.writeUInt16BE(sum === 0xffff ? 0xffff : 0xffff - sum, field)
}
