import { describe, expect, test } from 'vitest'
import { nodeId } from '../../../src/base/brand.ts'
import { admit, type RememberedPeer } from '../../../src/dledger/peers/admission.ts'
import type { PeerGreeting } from '../../../src/dledger/peers/api.ts'

const own = { folderId: 'own', startCount: 3, processId: 'me' }

function greeting(change: Partial<PeerGreeting> = {}): PeerGreeting {
  return {
    fromId: nodeId(2),
    channel: 'raft',
    folderId: 'f',
    startCount: 5,
    processId: 'p5',
    version: '',
    ...change,
  }
}

const known: RememberedPeer = { folderId: 'f', startCount: 5, processId: 'p5' }

describe('admission', () => {
  test('a member that was never seen is accepted and remembered', () => {
    expect(admit(undefined, greeting(), own)).toEqual({ verdict: { accepted: true }, remember: known })
  })

  test('all connections of one process are accepted, and nothing new is remembered', () => {
    for (const channel of ['raft', 'call', 'raft'] as const) {
      const admission = admit(known, greeting({ channel }), own)
      expect(admission.verdict).toEqual({ accepted: true })
      expect(admission.remember).toBe(known)
    }
  })

  test('a later start of the same folder is accepted and remembered', () => {
    const next = greeting({ startCount: 6, processId: 'p6' })
    expect(admit(known, next, own)).toEqual({
      verdict: { accepted: true },
      remember: { folderId: 'f', startCount: 6, processId: 'p6' },
    })
  })

  test('an earlier start count is an older copy of the folder, refused for good', () => {
    const { verdict, remember } = admit(known, greeting({ startCount: 4, processId: 'p4' }), own)
    expect(verdict).toMatchObject({ accepted: false, folderRefused: true })
    expect(verdict).toMatchObject({
      reason: expect.stringMatching(/older copy.*start 4.*start 5.*Replace the member/s),
    })
    expect(remember).toBe(known)
  })

  test('the same start count from another process is a folder that was set back by one start', () => {
    const { verdict } = admit(known, greeting({ processId: 'other' }), own)
    expect(verdict).toMatchObject({ accepted: false, folderRefused: true })
  })

  test('another folder is refused for good, however often it was started', () => {
    const { verdict, remember } = admit(known, greeting({ folderId: 'new', startCount: 99 }), own)
    expect(verdict).toMatchObject({ accepted: false, folderRefused: true })
    expect(verdict).toMatchObject({ reason: expect.stringContaining('comes with data folder new') })
    expect(remember).toBe(known)
  })

  test("a copy of this member's own folder is refused under another id", () => {
    const { verdict } = admit(undefined, greeting({ folderId: 'own' }), own)
    expect(verdict).toMatchObject({ accepted: false, folderRefused: true })
  })
})
