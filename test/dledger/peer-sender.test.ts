import { beforeEach, describe, expect, test } from 'vitest'
import { logIndex, nodeId, term } from '../../src/base/brand.ts'
import { decodeRaft } from '../../src/dledger/peers/index.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import { PeerSender } from '../../src/dledger/peer-sender.ts'
import type { OutMessage } from '../../src/raft/types.ts'
import { append, bodyOf, openLog } from '../support/log-harness.ts'
import { QuietLogger, settle } from '../support/manual-clock.ts'
import { SimDisk } from '../support/sim-disk.ts'

const PEER = nodeId(2)
const OTHER = nodeId(3)

let disk = new SimDisk()
type SentMessage = Exclude<OutMessage, { readonly type: 'installSnapshot' }>

let log: LogStore
let sender: PeerSender
let sent: string[] = []
let unread: number[] = []

beforeEach(async () => {
  disk = new SimDisk()
  log = await openLog(disk, { create: true })
  // So many that the first ones are on the disk only.
  for (let n = 0; n < 8; n++) await append(log, 1, [bodyOf(`body ${n}`, 500)])
  sent = []
  unread = []
  const link = {
    sendRaft: (to: number, chunks: readonly Uint8Array[]): boolean => {
      sent.push(`${to} ${describeSent(Buffer.concat(chunks))}`)
      return true
    },
    flush: (): void => undefined,
  }
  sender = new PeerSender(link, log, new QuietLogger(), (peer) => unread.push(peer))
})

function describeSent(body: Uint8Array): string {
  const decoded = decodeRaft(body)
  if (decoded.type === 'refused') return decoded.reason
  const { message } = decoded
  return message.type === 'append' ? `append after ${message.prevIndex}, ${message.count}` : message.type
}

function appendOf(first: number, last: number): SentMessage {
  const prevIndex = logIndex(first - 1)
  const prevTerm = log.termOf(prevIndex)
  const range = { first: logIndex(first), last: logIndex(last) }
  return { type: 'append', term: term(1), prevIndex, prevTerm, commitIndex: logIndex(1), round: 1, ...range }
}

const VOTE: SentMessage = { type: 'voteReply', term: term(1), granted: false }

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await settle()
}

describe('what goes to one peer', () => {
  test('keeps its order behind an append that is read from the disk; other peers do not wait', async () => {
    sender.send(PEER, appendOf(1, 2))
    sender.send(PEER, VOTE)
    sender.send(PEER, appendOf(8, 8))
    sender.send(OTHER, VOTE)
    expect(sent).toEqual(['3 voteReply'])
    await settled()
    expect(sent).toEqual(['3 voteReply', '2 append after 0, 2', '2 voteReply', '2 append after 7, 1'])
    expect(unread).toEqual([])
  })

  test('is never an append whose records could not be read: the core hears that the peer has a gap', async () => {
    disk.hook = (operation) => {
      if (operation.kind === 'read') throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
    }
    sender.send(PEER, appendOf(1, 2))
    sender.send(PEER, VOTE)
    await settled()
    expect(sent).toEqual(['2 voteReply'])
    expect(unread).toEqual([PEER])
  })

  test('is at once what is in memory, and a heartbeat needs no records', () => {
    sender.send(PEER, appendOf(8, 8))
    sender.send(PEER, appendOf(3, 2))
    expect(sent).toEqual(['2 append after 7, 1', '2 append after 2, 0'])
  })
})
