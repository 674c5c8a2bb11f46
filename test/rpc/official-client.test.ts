import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { keptCertificate } from '../../src/rpc/certificate.ts'
import { serve } from './support/rpc-world.ts'
import { toyBroker } from './support/toy-broker.ts'

const script = fileURLToPath(new URL('support/official-client.mjs', import.meta.url))
const run = promisify(execFile)

test.each([
  ['plain', '127.0.0.1'],
  ['ssl', 'localhost'],
  ['ssl', '127.0.0.1'],
])('the official client works: %s, %s', async (security, host) => {
  const folder = await mkdtemp(join(tmpdir(), 'official-'))
  const certificate = await keptCertificate(folder, [], Date.now())
  const broker = toyBroker(host)
  await using server = await serve(broker.methods, { certificate, plaintext: security === 'plain' })
  // A fresh environment: gRPC has variables of its own that would overrule this one.
  const env = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: certificate.caPath }
  const { stdout } = await run(process.execPath, [script, `${host}:${server.port}`, security], {
    env,
    timeout: 20_000,
  })
  const { ids, received } = JSON.parse(stdout) as { ids: string[]; received: [string, number][] }
  expect(received).toEqual(ids.map((id, at) => [id, [5, 100_000, 3_000_000][at]]))
  expect(broker.stored.map((message) => message.body.byteLength)).toEqual([5, 100_000, 3_000_000])
  expect(broker.acknowledged.length).toBe(3)
  expect(broker.fates).toContain('delivered 3')
  await rm(folder, { recursive: true })
})
