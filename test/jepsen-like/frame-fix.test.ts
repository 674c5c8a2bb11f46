import { expect, test } from 'vitest'
import { fillChecksum, wayOf } from '../../jepsen-like/cluster/frame-fix.ts'

/** A VXLAN frame from member 1 to member 2 with a UDP datagram of `body` whose checksum is not filled in. */
function frameOf(body: Buffer): Buffer {
  const tunnel = Buffer.from('0800000000004d00', 'hex')
  const ethernet = Buffer.from('02646c6a000202646c6a00010800', 'hex')
  const ip = Buffer.from('4500000000004000401100000a0000010a000002', 'hex')
  const udp = Buffer.from('1f901f9100000000', 'hex')
  ip.writeUInt16BE(ip.length + udp.length + body.length, 2)
  udp.writeUInt16BE(udp.length + body.length, 4)
  return Buffer.concat([tunnel, ethernet, ip, udp, body])
}

/** The sum of all 16-bit words that the checksum covers; all ones when it is right (RFC 1071). */
function sumOf(frame: Buffer): number {
  const datagram = frame.subarray(42)
  const addresses = frame.subarray(34, 42)
  const padded = Buffer.concat([addresses, datagram, Buffer.alloc(datagram.length % 2)])
  let sum = 17 + datagram.length
  for (let at = 0; at < padded.length; at += 2) sum += padded.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}

test('the checksum of a datagram is filled in, of even and odd length', () => {
  for (const body of ['', 'a', 'ab', 'abc', 'x'.repeat(1_401)]) {
    const frame = frameOf(Buffer.from(body))
    fillChecksum(frame)
    expect(sumOf(frame)).toBe(0xffff)
  }
})

test('a frame that is cut short is left as it is', () => {
  const whole = frameOf(Buffer.from('hello'))
  for (let length = 42; length < whole.length; length++) {
    const frame = Buffer.from(whole.subarray(0, length))
    fillChecksum(frame)
    expect(frame.equals(whole.subarray(0, length))).toBe(true)
  }
})

test('the way of a frame is told by the hardware addresses of ours, and others are none of our business', () => {
  const frame = frameOf(Buffer.from('hello'))
  expect(wayOf(frame)).toEqual({ from: 1, to: 2 })
  const multicast = Buffer.from(frame)
  multicast.write('333300000016', 8, 'hex')
  expect(wayOf(multicast)).toBeUndefined()
  expect(wayOf(frame.subarray(0, 30))).toBeUndefined()
})
