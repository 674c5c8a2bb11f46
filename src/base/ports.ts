/**
 * The few places where the outside comes in. Production gives real ones, the simulator gives its own, and
 * everything between them is the same file.
 */
import type { Millis } from './brand.ts'

/** Time. `mono` never jumps and measures durations, `wall` is what people call the time. */
export interface Clock {
  /** Milliseconds since some start, with fractions. Never goes back. */
  mono(): number
  /** Milliseconds since 1970. May jump. */
  wall(): Millis
  /** Resolves after `ms` of monotonic time; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Calls `run` once after `ms`; the returned function cancels it. */
  timer(ms: number, run: () => void): () => void
}

/** One open file. Every call may reject with the error of the operating system (`code` EIO, ENOSPC, ...). */
export interface DiskFile {
  /** Reads up to `into.byteLength` bytes at `position`; returns how many were there. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Writes all chunks one after the other at `position`. Not durable before `sync`. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>
  /** Resolves when everything written before the call, and the file's size, is on the disk (fdatasync). */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** One data folder. Paths are relative to it and use `/`. */
export interface Disk {
  /** Opens for reading and writing. `create` makes the file when it is missing. */
  open(path: string, options: { readonly create: boolean }): Promise<DiskFile>
  /** File names in a folder, sorted; empty when the folder does not exist. */
  list(folder: string): Promise<readonly string[]>
  makeFolder(folder: string): Promise<void>
  remove(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Makes creations, renames and removals in a folder durable (fsync of the folder). */
  syncFolder(folder: string): Promise<void>
  /** Bytes that can still be written, and the size of the file system. */
  space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>
}

/** One change of the table store. `value` is `null` for a deletion. */
export interface KvWrite {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

/** Chunks of rows in the order of their keys. */
export type KvRows = AsyncIterable<readonly (readonly [key: Uint8Array, value: Uint8Array])[]>

/** The rows of a table store as they were at one moment. Held until it is closed. */
export interface KvSnapshot {
  /** All rows with `start <= key < end` in the order of their keys, in chunks. */
  scan(start: Uint8Array, end: Uint8Array): KvRows
  close(): Promise<void>
}

/** The table store: ordered keys, atomic batches. */
export interface Kv {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** Applies all writes or none. Not durable by itself: the log is the truth and is replayed. */
  batch(writes: readonly KvWrite[]): Promise<void>
  /** Resolves when every batch before this call is on the disk. */
  sync(): Promise<void>
  /** All rows with `start <= key < end` in the order of their keys, in chunks. */
  scan(start: Uint8Array, end: Uint8Array): KvRows
  /** The rows as they are when this is called: with every batch that was written, without any other. */
  snapshot(): KvSnapshot
  close(): Promise<void>
}

/** Structured logging: a fixed phrase and facts as fields. */
export interface Logger {
  debug(facts: Readonly<Record<string, unknown>>, phrase: string): void
  info(facts: Readonly<Record<string, unknown>>, phrase: string): void
  warn(facts: Readonly<Record<string, unknown>>, phrase: string): void
  error(facts: Readonly<Record<string, unknown>>, phrase: string): void
  child(fields: Readonly<Record<string, unknown>>): Logger
}
