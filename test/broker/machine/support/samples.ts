/** One command or more of every type, with values at the ends of their ranges. */
import type { LogPosition, Millis, QueueOffset } from '../../../../src/base/brand.ts'
import type { Command, MoveTimers, Receipt, Timer } from '../../../../src/broker/machine/commands.ts'
import { plainPolicy } from '../../../../src/broker/machine/group-policy.ts'
import { clientHash, delayedMessage, requestKey, storedMessage } from './messages.ts'

const FAR = 2 ** 53 - 1
const offset = (n: number) => n as QueueOffset
const receipt: Receipt = {
  groupId: 7,
  queue: 0xffff_ffff,
  offset: offset(FAR),
  attempt: 3,
  deadline: 1_700_000_000_000 as Millis,
}
const { deadline: _, ...delivery } = receipt

const timer: Timer = {
  id: FAR,
  dueMs: FAR as Millis,
  topicId: 0xffff_ffff,
  position: FAR as LogPosition,
  size: 0xffff_ffff,
  tagHash: 0xffff_ffff,
}

function movedTimer(id: number): MoveTimers['items'][number] {
  const stored = Buffer.from(delayedMessage(id, 5))
  return { timer: { ...timer, id, size: stored.byteLength }, stored }
}

export const SAMPLES: readonly Command[] = [
  { type: 'createTopic', name: 'täst', messageType: 1, queueCount: 8 },
  { type: 'deleteTopic', name: '' },
  { type: 'createGroup', name: 'g', start: { from: 'default' }, ...plainPolicy(17) },
  { type: 'createGroup', name: 'g', start: { from: 'time', time: FAR as Millis }, ...plainPolicy(1) },
  { type: 'createGroup', name: 'g', start: { from: 'latest' }, ...plainPolicy(3), fifo: true },
  {
    type: 'createGroup',
    name: 'g',
    start: { from: 'latest' },
    attemptsMax: 3,
    fifo: false,
    backoff: { kind: 'list', delaysMs: [5 as Millis, 7_000 as Millis] },
  },
  {
    type: 'createGroup',
    name: 'g',
    start: { from: 'latest' },
    attemptsMax: 3,
    fifo: true,
    backoff: {
      kind: 'exponential',
      initialMs: 10 as Millis,
      maxMs: 1_000 as Millis,
      multiplierThousandths: 1_500,
    },
  },
  { type: 'updateTopic', name: 't', queueCount: 9, permission: null, retentionMs: null },
  { type: 'updateTopic', name: 't', queueCount: null, permission: 2, retentionMs: FAR as Millis },
  { type: 'updateGroup', name: 'g', ...plainPolicy(3) },
  { type: 'leaveTopic', group: 'g', topic: 't' },
  { type: 'deleteGroup', name: 'g' },
  { type: 'contact', group: 'g', topicId: null, timeOffsets: [] },
  { type: 'contact', group: 'g', topicId: 5, timeOffsets: [offset(1), offset(2)] },
  { type: 'send', topicId: 5, count: 1, messages: Buffer.from('anything') },
  {
    type: 'claimInOrder',
    request: Buffer.from(requestKey(4)),
    client: Buffer.from(clientHash(2)),
    groupId: 3,
    topicId: 0xffff_ffff,
    invisibleMs: 30_000 as Millis,
    autoRenew: true,
    lanes: [
      { key: FAR, messages: [{ queue: 1, offset: offset(FAR) }] },
      { key: 0, messages: [] },
    ],
    cursors: [{ queue: 0xffff_ffff, start: offset(1), end: offset(FAR) }],
    messages: [
      { queue: 1, offset: offset(7), orderHash: 0xffff_ffff, handedOut: true },
      { queue: 2, offset: offset(FAR), orderHash: 0, handedOut: false },
    ],
  },
  {
    type: 'claim',
    request: Buffer.from(requestKey(1)),
    client: Buffer.from(clientHash(2)),
    groupId: 3,
    invisibleMs: 30_000 as Millis,
    autoRenew: true,
    parts: [
      { queue: 1, start: offset(5), end: offset(9), offsets: [offset(5), offset(8)], again: [offset(2)] },
      { queue: 2, start: offset(0), end: offset(0), offsets: [], again: [] },
    ],
  },
  { type: 'ack', request: Buffer.from(requestKey(3)), receipts: [receipt, { ...receipt, attempt: 0 }] },
  { type: 'changeInvisible', request: Buffer.from(requestKey(4)), receipt, invisibleMs: 0 as Millis },
  { type: 'release', deliveries: [delivery] },
  { type: 'releaseClient', client: Buffer.from(clientHash(5)), groupId: null },
  { type: 'releaseClient', client: Buffer.from(clientHash(5)), groupId: 0 },
  { type: 'renew', invisibleMs: 60_000 as Millis, deliveries: [delivery, delivery] },
  {
    type: 'deadLetter',
    groupId: 1,
    queue: 2,
    items: [{ offset: offset(4), position: 99 as LogPosition, size: 50, tagHash: 0xffff_ffff }],
  },
  { type: 'advance' },
  { type: 'floor', rising: FAR as LogPosition, position: 0 as LogPosition },
  { type: 'trim', queues: [] },
  { type: 'trim', queues: [{ queue: 3, minOffset: offset(FAR) }] },
  { type: 'moveUp', items: [] },
  {
    type: 'moveUp',
    items: [1, 2].map((id) => ({
      queue: 3,
      offset: offset(id),
      position: FAR as LogPosition,
      stored: Buffer.from(storedMessage(id)),
    })),
  },
  { type: 'dropPages', queue: 4, endPage: FAR },
  { type: 'endTransaction', transaction: FAR as LogPosition, topicId: 5, resolution: 'commit' },
  { type: 'endTransaction', transaction: 9 as LogPosition, topicId: 0xffff_ffff, resolution: 'rollback' },
  {
    type: 'checkTransactions',
    items: [
      { transaction: 9 as LogPosition, checks: 3, nextAt: 1_700_000_000_000 as Millis },
      { transaction: 10 as LogPosition, checks: 15, nextAt: null },
    ],
  },
  {
    type: 'moveTransactions',
    items: [1, 2].map((id) => ({
      transaction: id as LogPosition,
      position: FAR as LogPosition,
      stored: Buffer.from(storedMessage(id, 'half', { messageType: 4, value: 6000 })),
    })),
  },
  { type: 'fire', timers: [timer, { ...timer, id: 3 }] },
  { type: 'recall', request: Buffer.from(requestKey(9)), timer },
  { type: 'moveTimers', items: [] },
  { type: 'moveTimers', items: [1, 2].map((id) => movedTimer(id)) },
  {
    type: 'updateOffset',
    request: Buffer.from(requestKey(6)),
    groupId: 7,
    queue: 0xffff_ffff,
    offset: offset(FAR),
  },
  { type: 'release', deliveries: [receipt] },
  {
    type: 'forwardDead',
    request: Buffer.from(requestKey(7)),
    receipt,
    pointer: { position: FAR as LogPosition, size: 9, tagHash: 0xffff_ffff },
  },
  { type: 'resetOffsets', request: Buffer.from(requestKey(8)), groupId: 1, queues: [] },
  {
    type: 'resetOffsets',
    request: Buffer.from(requestKey(8)),
    groupId: 1,
    queues: [
      { queue: 1, offset: offset(FAR) },
      { queue: 2, offset: offset(0) },
    ],
  },
  { type: 'redrive', groupId: 1, queue: 2, start: offset(3), items: [] },
  {
    type: 'redrive',
    groupId: 1,
    queue: 2,
    start: offset(FAR),
    items: [{ position: FAR as LogPosition, size: 4, tagHash: 5, topicId: 6 }],
  },
  { type: 'claimRepeat', request: Buffer.from(requestKey(9)), invisibleMs: FAR as Millis },
]
