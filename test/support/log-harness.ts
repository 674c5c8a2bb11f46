/** A small log for tests: tiny segments, a model of what is durable, and ways to change both. */
import { logIndex, term } from '../../src/base/brand.ts'
import { utf8Text } from '../../src/base/bytes.ts'
import { LogStore, type LogStoreOptions } from '../../src/dledger/log-store.ts'
import type { LogRecord } from '../../src/dledger/record-codec.ts'
import { ManualClock, QuietLogger } from './manual-clock.ts'
import type { SimDisk } from './sim-disk.ts'

export const SEGMENT = 4096
export const WRITE_MAX = 2048

/** Opens a log with tiny sizes. */
export async function openLog(disk: SimDisk, options: Partial<LogStoreOptions> = {}): Promise<LogStore> {
  const sizes = {
    segmentBytes: SEGMENT,
    recordBytesMax: 1024,
    writeBytesMax: WRITE_MAX,
    tailCacheBytesMax: 1500,
  }
  return LogStore.open(
    disk,
    { clock: new ManualClock(), create: false, ...sizes, ...options },
    new QuietLogger(),
  )
}

/** Appends records with these bodies to the in-memory log. */
export function prepare(log: LogStore, atTerm: number, bodies: readonly Uint8Array[]): LogRecord[] {
  return bodies.map((body) => log.prepareRecord(term(atTerm), logIndex(log.lastIndex + 1), [body]))
}

/** Appends records and makes them durable. */
export async function append(
  log: LogStore,
  atTerm: number,
  bodies: readonly Uint8Array[],
): Promise<LogRecord[]> {
  const records = prepare(log, atTerm, bodies)
  await log.write([{ cut: null, records }])
  return records
}

/** A body of `size` bytes that tells where it is from. */
export function bodyOf(name: string, size = name.length): Uint8Array {
  return Buffer.from(name.padEnd(size, '.'))
}

/** What the log says: one text for each record. */
export async function contentOf(log: LogStore): Promise<string[]> {
  const content: string[] = []
  for (let i = 1; i <= log.lastIndex; i++) {
    const index = logIndex(i)
    const body = await log.readBody(index)
    content.push(textOf(log.termOf(index), body))
  }
  return content
}

/** The text of one record in `contentOf`. */
export function textOf(atTerm: number, body: Uint8Array): string {
  return `${atTerm}:${body.byteLength}:${utf8Text(body.subarray(0, 20)).replace(/\.*$/, '')}`
}

/** All records of a log as a peer would be sent them. */
export async function allBytes(log: LogStore): Promise<Uint8Array> {
  if (log.lastIndex === 0) return new Uint8Array(0)
  return log.readRecords(logIndex(1), log.lastIndex, Number.MAX_SAFE_INTEGER)
}

/** The segment files of a disk with their bytes. */
export function segmentsOf(disk: SimDisk): [string, string][] {
  return disk
    .paths()
    .filter((path) => path.endsWith('.segment'))
    .map((path) => [path, Buffer.from(disk.bytesOf(path)).toString('hex')])
}
