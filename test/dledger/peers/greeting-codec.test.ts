import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeId } from '../../../src/base/brand.ts'
import { FrameError } from '../../../src/dledger/peers/frame-codec.ts'
import {
  checkHello,
  decodeHello,
  decodeHelloReply,
  encodeHello,
  encodeHelloReply,
  type Hello,
} from '../../../src/dledger/peers/greeting-codec.ts'

const hello: Hello = {
  protocolVersion: 1,
  clusterId: 'c',
  group: 'g',
  fromId: nodeId(1),
  toId: nodeId(2),
  channel: 'raft',
  folderId: 'folder',
  startCount: 2 ** 40,
  processId: 'process',
  version: '1.2.3',
}
const rules = { clusterId: 'c', group: 'g', ownId: nodeId(2), isMember: (id: number) => id < 4 }

/** The sentence that a changed greeting is refused with. */
function refusal(change: Partial<Hello>): unknown {
  return checkHello({ ...hello, ...change }, rules)
}

describe('the greeting', () => {
  test('it comes back as it was, and so does its answer', () => {
    expect(decodeHello(encodeHello(hello))).toEqual(hello)
    const reply = {
      accepted: false,
      reason: 'no',
      folderRefused: true,
      folderId: 'f',
      startCount: 3,
      processId: 'p',
    }
    expect(decodeHelloReply(encodeHelloReply(reply))).toEqual(reply)
  })

  test('a right greeting is handed on to be judged', () => {
    const { fromId, channel, folderId, startCount, processId, version } = hello
    expect(checkHello(hello, rules)).toEqual({ fromId, channel, folderId, startCount, processId, version })
  })

  test('each wrong field is refused with a sentence that names it', () => {
    expect(refusal({ protocolVersion: 2 })).toMatch(/^Peer protocol version 2 is not known here, only 1/)
    expect(refusal({ clusterId: 'other' })).toMatch(/^This is cluster "c", not "other"/)
    expect(refusal({ group: 'other' })).toMatch(/^This is group "g", not "other"/)
    expect(refusal({ toId: nodeId(3) })).toMatch(/^This is member 2, not 3/)
    expect(refusal({ fromId: nodeId(2) })).toMatch(/^Member 2 is this one/)
    expect(refusal({ fromId: nodeId(0) })).toBe('0 is no member id')
    expect(refusal({ fromId: nodeId(9) })).toBe('Member 9 does not belong to group "g"')
    expect(refusal({ channel: 'gossip' })).toBe('Channel "gossip" is not known here')
    for (const change of [{ folderId: '' }, { startCount: 0 }, { processId: '' }]) {
      expect(refusal(change)).toBe('Member 1 does not say which data folder it runs on')
    }
  })

  test('random bytes give a greeting or a FrameError, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        for (const read of [decodeHello, decodeHelloReply]) {
          for (const body of [bytes, new Uint8Array([0, 0, ...bytes])]) {
            try {
              read(body)
            } catch (error) {
              expect(error).toBeInstanceOf(FrameError)
            }
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})
