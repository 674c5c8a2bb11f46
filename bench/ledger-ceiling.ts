/**
 * The ceiling of appending: a server that does nothing but take an AppendStream, write what came to three files side
 * by side, fdatasync them, and answer. What gathers while one round is under way is the next. Usage:
 * ledger-ceiling FOLDER. Prints `ceiling on PORT`.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../src/base/ports.ts'
import type { AppendStreamResponse } from '../src/rpc/ledger-types.ts'
import { codecOf } from '../src/rpc/protos.ts'
import { startRpcServer } from '../src/rpc/server.ts'
import type { BidiStream } from '../src/rpc/service.ts'
import { RealClock } from '../src/store/real-clock.ts'

const FILES = 3
/** Files are written again from the start at this size. */
const FILE_BYTES_MAX = 512 * 1024 * 1024
/** A round takes at most about so much. */
const ROUND_BYTES_MAX = 4 * 1024 * 1024

const results = codecOf<AppendStreamResponse>('dledger.v1.AppendStreamResponse')
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

async function serve(stream: BidiStream, files: readonly FileHandle[]): Promise<void> {
  const waiting: Buffer[] = []
  let position = 0
  let busy = false
  let index = 1
  const round = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) {
      let bytes = 0
      let count = 0
      while (count < waiting.length && bytes < ROUND_BYTES_MAX) bytes += waiting[count++]?.byteLength ?? 0
      const taken = waiting.splice(0, count)
      if (position + bytes > FILE_BYTES_MAX) position = 0
      await Promise.all(
        files.map(async (file) => {
          await file.writev(taken, position)
          await file.datasync()
        }),
      )
      position += bytes
      const appended = taken.map(() => ({
        appended: { firstIndex: index++, lastIndex: index, appendedAtMs: 1_700_000_000_000, repeated: false },
      }))
      stream.send(results.encode({ results: appended }))
    }
    busy = false
  }
  for await (const message of stream) {
    waiting.push(message)
    if (!busy) setImmediate(() => void (busy ? undefined : round()))
  }
}

const folder = process.argv[2] ?? '.'
const files = await Promise.all(
  Array.from({ length: FILES }, (_, n) => open(join(folder, `ceiling-${n}`), 'w')),
)
const server = await startRpcServer({
  host: '127.0.0.1',
  port: 0,
  methods: [
    { type: 'bidi', path: '/dledger.v1.Ledger/AppendStream', handle: (_, stream) => serve(stream, files) },
  ],
  clock: new RealClock(),
  logger: quiet,
})
console.log(`ceiling on ${server.port}`)
