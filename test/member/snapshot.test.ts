import { beforeAll, describe, expect, test } from 'vitest'
import { nodeId } from '../../src/base/brand.ts'
import type { Kv } from '../../src/base/ports.ts'
import { readSnapshot, type SnapshotFrame, type SnapshotManifest } from '../../src/dledger/snapshot-frames.ts'
import { restoreSnapshot } from '../../src/member/snapshot-restore.ts'
import { saveRunning } from '../../src/member/snapshot-online.ts'
import { saveSnapshot } from '../../src/member/snapshot-save.ts'
import { QuietLogger, settle } from '../support/manual-clock.ts'
import { bodyText, groupWish, message, SimBroker, SMALL_LOG } from '../support/sim-broker.ts'
import { SimDisk } from '../support/sim-disk.ts'
import { SimKv } from '../support/sim-kv.ts'

const SEGMENT_BYTES = 1 << 17
const SHAPE = { ...SMALL_LOG, segmentBytes: SEGMENT_BYTES }
const RETENTION = { hours: 1_000, bytes: 2 * SEGMENT_BYTES, awayBytes: 0 }

let saved: SimBroker
let file: Uint8Array
let manifest: SnapshotManifest
let unread: string[]
/** What was saved while the member ran, and the digest that it had at that moment. */
let online: { readonly bytes: Uint8Array; readonly index: number; readonly digest: string }

async function bytesOf(sim: SimBroker): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const identity = { clusterId: 'old', group: 'g', members: [nodeId(1)] }
  const { disk, kv, clock } = sim
  manifest = await saveSnapshot({ disk, kv, identity, clock, limits: SMALL_LOG }, async (chunks) => {
    parts.push(...chunks.map((chunk) => chunk.slice()))
    await Promise.resolve()
  })
  return new Uint8Array(Buffer.concat(parts))
}

/** Saves a member that runs, while it takes more messages. */
async function saveRunningMember(sim: SimBroker): Promise<typeof online> {
  const parts: Uint8Array[] = []
  const { machine, ledger } = sim.broker
  const member = {
    freeze: () => ledger.states.freeze(),
    log: sim.log,
    identity: { clusterId: 'old', group: 'g' },
    members: () => [nodeId(1)],
    clock: sim.clock,
  }
  const { index, digest } = machine.digests().applied
  await sim.finish(
    saveRunning(member, async (chunks) => {
      parts.push(...chunks.map((chunk) => chunk.slice()))
      if (parts.length === 10) void sim.broker.operations.send(message('other', 'while it is saved'))
      await settle()
      return true
    }),
  )
  expect(machine.appliedIndex).toBeGreaterThan(index)
  return { bytes: new Uint8Array(Buffer.concat(parts)), index, digest }
}

/** The file in chunks of a size that fits nothing in it. */
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 10_007) {
    await Promise.resolve()
    yield bytes.slice(at, at + 10_007)
  }
}

async function restored(bytes: Uint8Array, kv: Kv = new SimKv()): Promise<{ disk: SimDisk }> {
  const disk = new SimDisk()
  const folder = { disk, kv, clock: saved.clock, logger: new QuietLogger(), shape: SHAPE }
  await restoreSnapshot(readSnapshot(chunksOf(bytes)), folder)
  return { disk }
}

beforeAll(async () => {
  const sim = await SimBroker.start({ segmentBytes: SEGMENT_BYTES, retention: RETENTION })
  await sim.finish(sim.admin.createTopic('t', 0, 2))
  await sim.finish(sim.admin.createTopic('other', 0, 1))
  await sim.finish(sim.admin.createGroup(groupWish('g', 'earliest', 0, 0)))
  const bodies = Array.from({ length: 2_000 }, (_, n) => `m${n}`.padEnd(100, '.'))
  for (let at = 0; at < 1_800; at += 20) await sim.send('t', bodies.slice(at, at + 20))
  await sim.finish(sim.receive({ invisibleMs: 3_600_000 }))
  await sim.run(25_000, 500)
  for (let at = 1_800; at < 2_000; at += 20) await sim.send('t', bodies.slice(at, at + 20))
  await sim.run(1_000)
  expect(sim.broker.ledger.kept.span.start).toBeGreaterThan(0)
  online = await saveRunningMember(sim)
  expect(sim.broker.ledger.states.heldFrom).toBeUndefined()
  await sim.broker.close()
  saved = sim
  unread = bodies
  file = await bytesOf(sim)
})

test('a restored group has the digest that was saved and goes on with every message that was kept', async () => {
  const kv = new SimKv()
  const { disk } = await restored(file, kv)
  const { machine } = saved.broker
  expect(manifest).toMatchObject({ clusterId: 'old', digest: machine.digests().applied.digest })
  expect(manifest.base.position).toBeGreaterThan(0)
  const after = Object.assign(Object.create(saved) as SimBroker, { disk, kv })
  const sim = await SimBroker.start({ segmentBytes: SEGMENT_BYTES, retention: RETENTION, after })
  expect(sim.broker.machine.faults()).toEqual([])
  const got: string[] = []
  for (;;) {
    const messages = await sim.finish(sim.receive({ pollUntilMono: sim.clock.mono() + 20 }))
    if (messages.length === 0) break
    got.push(...messages.map(bodyText))
  }
  expect(got.length).toBeGreaterThan(500)
  expect(got.every((body) => unread.includes(body))).toBe(true)
  expect(got).toContain(unread.at(-1))
  await sim.send('t', ['next'])
  expect((await sim.finish(sim.receive())).map(bodyText)).toEqual(['next'])
})

test('a group that was saved while it ran is that of one moment, and is restored with its digest', async () => {
  const frames: SnapshotFrame[] = []
  for await (const frame of readSnapshot(chunksOf(online.bytes))) frames.push(frame)
  const [first] = frames
  if (first?.type !== 'manifest') throw new Error('it says what it is')
  expect(first.manifest).toMatchObject({
    appliedIndex: online.index,
    digest: online.digest,
    clusterId: 'old',
  })
  const kv = new SimKv()
  const { disk } = await restored(online.bytes, kv)
  const after = Object.assign(Object.create(saved) as SimBroker, { disk, kv })
  const sim = await SimBroker.start({ segmentBytes: SEGMENT_BYTES, retention: RETENTION, after })
  expect(sim.broker.machine.faults()).toEqual([])
  expect(sim.broker.machine.appliedIndex).toBeGreaterThanOrEqual(online.index)
})

test('saving the same at the same time gives the same bytes', async () => {
  expect(Buffer.compare(await bytesOf(saved), await bytesOf(saved))).toBe(0)
})

describe('a saved group', () => {
  async function framesOf(bytes: Uint8Array): Promise<SnapshotFrame['type'][]> {
    const types: SnapshotFrame['type'][] = []
    for await (const frame of readSnapshot(chunksOf(bytes))) types.push(frame.type)
    return types
  }

  test('is a manifest, rows, the log and an end', async () => {
    const types = await framesOf(file)
    expect([...new Set(types)]).toEqual(['manifest', 'rows', 'log', 'end'])
    expect(types.filter((type) => type === 'manifest' || type === 'end')).toHaveLength(2)
  })

  test('of which any byte is changed is refused', async () => {
    for (let at = 0; at < file.byteLength; at += Math.max(1, Math.floor(file.byteLength / 150))) {
      const changed = file.slice()
      changed[at] = (changed[at] ?? 0) ^ 4
      await expect(framesOf(changed)).rejects.toMatchObject({ name: 'BrokerError' })
    }
  })

  test('that is cut short or has something behind its end is refused', async () => {
    for (const end of [0, 7, 12, 500, file.byteLength - 30, file.byteLength - 1]) {
      await expect(restored(file.slice(0, end))).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    }
    const longer = Buffer.concat([file, Uint8Array.of(0)])
    await expect(restored(longer)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })

  test('of a newer version is refused as such', async () => {
    const newer = file.slice()
    newer[7] = 2
    await expect(framesOf(newer)).rejects.toMatchObject({ code: 'FOLDER_REFUSED' })
  })
})

test('rows that give another digest are not restored', async () => {
  const kv = new SimKv()
  let batches = 0
  kv.hook = (call) => {
    if (call === 'batch') batches++
  }
  const losing: Kv = Object.assign(Object.create(kv) as SimKv, {
    batch: async (writes: Parameters<Kv['batch']>[0]) => {
      await kv.batch(batches === 3 ? writes.slice(1) : writes)
    },
    get: kv.get.bind(kv),
    scan: kv.scan.bind(kv),
    sync: kv.sync.bind(kv),
  })
  await expect(restored(file, losing)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
})

test('a folder whose log is damaged is not saved', async () => {
  const [path = ''] = saved.disk.paths().filter((name) => name.endsWith('.segment'))
  saved.disk.edit(path, (bytes) => {
    bytes[5_000] = (bytes[5_000] ?? 0) ^ 1
    return bytes
  })
  await expect(bytesOf(saved)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  saved.disk.edit(path, (bytes) => {
    bytes[5_000] = (bytes[5_000] ?? 0) ^ 1
    return bytes
  })
})
