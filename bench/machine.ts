/**
 * What a message costs the broker machine: microseconds of CPU per send, claim and ack, applied in batches.
 * CPU time of the process, its collector included, so that a busy machine does not show.
 */
import type { LogIndex, LogPosition, Millis, QueueOffset } from '../src/base/brand.ts'
import { crc32 } from '../src/base/crc32.ts'
import type { Command, Receipt } from '../src/broker/machine/commands.ts'
import { BrokerMachine, encodeCommand, encodeEntry } from '../src/broker/machine/index.ts'
import { STORED_HEADER_BYTES, writeStoredHeader } from '../src/broker/machine/stored-message.ts'

const ROUNDS = 2000
const MESSAGES_PER_ENTRY = 128
const MESSAGES_PER_CLAIM = 32
const BODY_BYTES = 1024
const DRAIN_EVERY = 50
const QUEUES = 8

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

class Bench {
  readonly machine = new BrokerMachine()
  #stamp = 1_700_000_000_000
  #position = 0
  readonly spent = { send: 0, claim: 0, ack: 0, drain: 0 }
  readonly counts = { send: 0, claim: 0, ack: 0, drain: 0 }

  apply(what: 'send' | 'claim' | 'ack', messages: number, commands: readonly Command[]) {
    this.#stamp += 2
    const data = Buffer.concat(encodeEntry(this.#stamp as Millis, commands.map(encodeCommand)).chunks)
    const index = (this.machine.appliedIndex + 1) as LogIndex
    const start = cpuMs()
    const replies = this.machine.apply({ index, position: this.#position as LogPosition }, data)
    this.spent[what] += cpuMs() - start
    this.counts[what] += messages
    this.#position += data.byteLength
    return replies
  }

  drain(): void {
    const start = cpuMs()
    this.counts.drain += this.machine.drain().length
    this.spent.drain += cpuMs() - start
  }
}

function storedMessages(first: number): Uint8Array {
  const size = STORED_HEADER_BYTES + BODY_BYTES
  const bytes = new Uint8Array(MESSAGES_PER_ENTRY * size)
  const bodyCrc = crc32(new Uint8Array(BODY_BYTES))
  for (let i = 0; i < MESSAGES_PER_ENTRY; i++) {
    writeStoredHeader(bytes.subarray(i * size), {
      messageType: 1,
      identityA: Math.imul(first + i, 0x9e3779b1) >>> 0,
      identityB: first + i,
      bodyCrc,
      tagHash: 0,
      rawLength: BODY_BYTES,
      systemStart: 0,
      systemLength: 0,
      bodyStart: 0,
      bodyLength: BODY_BYTES,
      storedAtMs: 1,
    })
  }
  return bytes
}

function key(n: number): Uint8Array {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(4, n)
  return bytes
}

/** What eight receivers get: each 32 messages of one queue. */
function claims(machine: BrokerMachine, round: number): Command[] {
  const commands: Command[] = []
  for (let queue = 1; queue <= QUEUES; queue++) {
    const start = machine.consumer(1, queue)?.cursor ?? 0
    const end = Math.min(start + MESSAGES_PER_CLAIM, machine.queue(queue)?.nextOffset ?? 0)
    const offsets = Array.from({ length: end - start }, (_, i) => (start + i) as QueueOffset)
    commands.push({
      type: 'claim',
      request: key(round * 64 + queue),
      client: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, queue),
      groupId: 1,
      invisibleMs: 60_000 as Millis,
      autoRenew: true,
      parts: [{ queue, start: start as QueueOffset, end: end as QueueOffset, offsets, again: [] }],
    })
  }
  return commands
}

const bench = new Bench()
const { machine, spent, counts } = bench
bench.apply('send', 0, [
  { type: 'createTopic', name: 'bench', messageType: 1, queueCount: QUEUES },
  { type: 'contact', group: 'readers', topicId: 1, timeOffsets: [] },
])
for (let round = 0; round < ROUNDS; round++) {
  const messages = storedMessages(round * MESSAGES_PER_ENTRY)
  bench.apply('send', MESSAGES_PER_ENTRY, [{ type: 'send', topicId: 1, count: MESSAGES_PER_ENTRY, messages }])
  const claimed = bench.apply('claim', MESSAGES_PER_ENTRY, claims(machine, round))
  const acks: Command[] = []
  for (const [i, reply] of claimed.entries()) {
    if (reply.type !== 'claimed') continue
    const receipts: Receipt[] = reply.messages.map((message) => ({ ...message, groupId: 1 }))
    acks.push({ type: 'ack', request: key(round * 64 + 32 + i), receipts })
  }
  bench.apply('ack', MESSAGES_PER_ENTRY, acks)
  if (round % DRAIN_EVERY === 0) bench.drain()
}

const perMessage = (what: 'send' | 'claim' | 'ack') => ((spent[what] * 1000) / counts[what]).toFixed(2)
const messages = counts.send
console.log(`messages ${messages}, ${MESSAGES_PER_ENTRY} an entry, ${QUEUES} queues, everything acked`)
console.log(`send  ${perMessage('send')} us a message`)
console.log(`claim ${perMessage('claim')} us a message`)
console.log(`ack   ${perMessage('ack')} us a message`)
console.log(`drain ${((spent.drain * 1000) / messages).toFixed(2)} us a message, ${counts.drain} rows`)
console.log(`heap  ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MiB`)
console.log(`bytes ${(process.memoryUsage().arrayBuffers / 2 ** 20).toFixed(0)} MiB`)
