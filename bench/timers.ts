/**
 * What delayed messages cost and how late they come: memory and load time of a million that wait, in one process with
 * real tables; and the time from due to received in an idle group of three, as a client sees it.
 */
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { LogIndex, LogPosition, Millis } from '../src/base/brand.ts'
import { crc32 } from '../src/base/crc32.ts'
import { BrokerMachine, encodeCommand, encodeEntry } from '../src/broker/machine/index.ts'
import { TYPED_HEADER_BYTES, writeStoredHeader } from '../src/broker/machine/stored-message.ts'
import { MessagingClient } from '../src/client/messaging.ts'
import { loadMachine } from '../src/member/load-machine.ts'
import { LevelKv } from '../src/store/level-kv.ts'
import { adminOf } from './admin.ts'
import { sleep } from './children.ts'
import { startCluster } from './cluster.ts'
import { withOptions } from './options.ts'
import { printAims, printTable, short } from './report.ts'

const TIMERS = 1_000_000
const PER_ENTRY = 1_000
const DELAY_TOPIC = 3
const START_MS = 1_800_000_000_000
const DAY_MS = 24 * 3600_000
/** Delayed messages a second while lateness is measured: hardly anything. */
const RATE = 20
const BODY = new Uint8Array(100)

/** A send of `PER_ENTRY` messages that are due at some time of the next day. */
function sendOf(first: number): Uint8Array {
  const size = TYPED_HEADER_BYTES + BODY.byteLength
  const messages = new Uint8Array(PER_ENTRY * size)
  for (let i = 0; i < PER_ENTRY; i++) {
    const id = first + i
    writeStoredHeader(messages.subarray(i * size), {
      messageType: DELAY_TOPIC,
      identityA: Math.imul(id, 0x9e3779b1) >>> 0,
      identityB: id,
      bodyCrc: crc32(BODY),
      tagHash: 0,
      rawLength: BODY.byteLength,
      systemStart: 0,
      systemLength: 0,
      bodyStart: 0,
      bodyLength: BODY.byteLength,
      storedAtMs: START_MS,
      value: START_MS + 1 + (Math.imul(id, 0x9e3779b1) >>> 0) * (DAY_MS / 2 ** 32),
    })
  }
  const command = { type: 'send', topicId: 1, count: PER_ENTRY, messages } as const
  return Buffer.concat(encodeEntry(START_MS as Millis, [encodeCommand(command)]).chunks)
}

function memoryBytes(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}

/** Puts a million timers into tables at `path`. Returns what each takes in memory. */
async function fill(path: string): Promise<number> {
  const kv = await LevelKv.open(path)
  const machine = BrokerMachine.withWindows({ dedupeIdsMax: 1 << 10, requestsMax: 1 << 10 })
  let position = 0
  const apply = async (data: Uint8Array): Promise<void> => {
    const index = (machine.appliedIndex + 1) as LogIndex
    machine.apply({ index, position: position as LogPosition }, data)
    position += data.byteLength
    machine.takeEffects()
    await kv.batch(machine.drain())
  }
  const create = { type: 'createTopic', name: 't', messageType: DELAY_TOPIC, queueCount: 8 } as const
  await apply(Buffer.concat(encodeEntry(START_MS as Millis, [encodeCommand(create)]).chunks))
  await apply(sendOf(0))
  await settle()
  const before = memoryBytes()
  for (let at = PER_ENTRY; at < TIMERS; at += PER_ENTRY) await apply(sendOf(at))
  await settle()
  const bytes = (memoryBytes() - before) / (machine.timers.count - PER_ENTRY)
  await kv.close()
  return bytes
}

/** Leaves nothing in memory that nobody holds. */
async function settle(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await sleep(100)
  collect()
}

/** Milliseconds from due to received, sorted. */
async function lateness(folder: string, seconds: number): Promise<number[]> {
  const cluster = await startCluster(3, folder)
  const leader = await cluster.healthy()
  await adminOf(leader.clientAddress).createTopic('later', DELAY_TOPIC)
  const client = new MessagingClient(cluster.addresses())
  const late: number[] = []
  try {
    const first = Date.now() + 3_000
    const count = seconds * RATE
    const dues = Array.from({ length: count }, (_, i) => first + (i * 1_000) / RATE)
    await client.send(
      'later',
      dues.map((dueMs) => ({ body: Buffer.from(String(dueMs)), dueMs })),
    )
    if (Date.now() > first) throw new Error('the sends took longer than the messages were to wait')
    const end = first + seconds * 1_000 + 5_000
    while (late.length < count && Date.now() < end) {
      const got = await client.receive({
        topic: 'later',
        group: 'g',
        messagesMax: 32,
        waitMs: 2_000,
        invisibleMs: 60_000,
      })
      const now = Date.now()
      for (const { body } of got) late.push(now - Number(Buffer.from(body).toString()))
    }
    if (late.length !== count) throw new Error(`${late.length} of ${count} delayed messages came`)
  } finally {
    await client.close()
    await cluster.close()
  }
  return late.sort((one, other) => one - other)
}

await withOptions({ seconds: 10, rounds: 1 }, async (options) => {
  const path = join(options.folder, 'tables')
  const bytes = await fill(path)
  const kv = await LevelKv.open(path)
  const start = process.cpuUsage()
  const { machine, problems } = await loadMachine(kv)
  const { user, system } = process.cpuUsage(start)
  const loadSeconds = (user + system) / 1e6
  if (machine.timers.count !== TIMERS || problems.length > 0)
    throw new Error('the timers were not all loaded')
  await kv.close()
  const late = await lateness(join(options.folder, 'group'), options.seconds)
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(share * late.length))] ?? 0
  printTable(
    ['delayed messages', ''],
    [
      ['memory of one of a million, bytes', short(bytes)],
      ['loading a million at a start, CPU s', short(loadSeconds)],
      ['from due to received, ms: least', short(late[0] ?? 0)],
      ['half', short(at(0.5))],
      ['99 of 100', short(at(0.99))],
      ['most', short(late.at(-1) ?? 0)],
    ],
  )
  printAims([
    {
      what: 'a million delayed messages, memory',
      value: (bytes * TIMERS) / 1e6,
      rule: 'under',
      bound: 50,
      unit: 'MB',
    },
    { what: 'delayed messages, lateness', value: at(0.99), rule: 'under', bound: 100, unit: 'ms' },
  ])
})
