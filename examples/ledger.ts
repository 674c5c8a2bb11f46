/**
 * A ledger from TypeScript: makes one, appends in a stream, and reads it back. With the development cluster
 * (`npm start`) running: `npx tsc -p examples && node dist-examples/ledger.js localhost:8081`.
 */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const includeDirs = [fileURLToPath(new URL('../proto', import.meta.url))]
const definitions = loadSync('dledger/v1/ledger.proto', { includeDirs, longs: Number, oneofs: true })
const { dledger } = loadPackageDefinition(definitions) as unknown as {
  dledger: { v1: { Ledger: ServiceClientConstructor } }
}
const client = new dledger.v1.Ledger(process.argv[2] ?? 'localhost:8081', credentials.createInsecure())

// One call. The error of a call that failed has "dledger-code" and "dledger-outcome" in its metadata.
await new Promise<void>((resolve, reject) => {
  const retention = { entriesMax: 100_000, whenFull: 'WHEN_FULL_DROP_OLDEST' }
  client['CreateLedger']?.({ name: 'example', retention }, (error: Error | null) =>
    error === null ? resolve() : reject(error),
  )
})

// Pipelined appends: the n-th result is that of the n-th request. The key makes a repeat harmless.
const appending = client['AppendStream']?.()
appending.on('data', ({ results }: { results: { appended?: { firstIndex: number }; failed?: object }[] }) => {
  for (const { appended, failed } of results) console.log(failed ?? `appended at ${appended?.firstIndex}`)
})
for (let n = 1; n <= 5; n++) {
  const entries = [Buffer.from(`event ${n}`), Buffer.from(`detail of event ${n}`)]
  appending.write({ ledger: 'example', entries, idempotencyKey: `${process.pid}-${n}` })
}
appending.end()
await once(appending, 'end')

// Everything so far; with `follow: true` it would go on with what is still to come.
const reading = client['Read']?.({ ledger: 'example' })
for await (const { entries } of reading) {
  for (const { index, body } of entries) console.log(index, body.toString())
}
client.close()
