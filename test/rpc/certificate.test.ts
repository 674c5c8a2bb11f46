import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { ChannelCredentials, Client, status } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keptCertificate, loadCertificate } from '../../src/rpc/certificate.ts'
import type { Method } from '../../src/rpc/service.ts'
import { grpcClient, plainSocket, same, serve, unary } from './support/rpc-world.ts'

const DAY_MS = 24 * 3600_000
const path = '/t.T/Echo'
const echo: Method = { type: 'unary', path, handle: (_context, request) => Promise.resolve(request) }
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'))
})
afterEach(() => rm(folder, { recursive: true }))

function call(target: string, caPem: string): Promise<Buffer | undefined> {
  const client = new Client(target, ChannelCredentials.createSsl(Buffer.from(caPem)), {
    'grpc.use_local_subchannel_pool': 1,
  })
  return new Promise<Buffer | undefined>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      same,
      same,
      Buffer.from('hello'),
      { deadline: Date.now() + 2000 },
      (error, got) => {
        if (error === null) resolve(got)
        else reject(error)
      },
    )
  }).finally(() => client.close())
}

test('clients that trust the authority reach the server by each local name, others do not', async () => {
  const certificate = await keptCertificate(folder, [], Date.now())
  const ca = await readFile(certificate.caPath, 'utf8')
  await using server = await serve([echo], { certificate })
  expect(String(await call(`localhost:${server.port}`, ca))).toBe('hello')
  expect(String(await call(`127.0.0.1:${server.port}`, ca))).toBe('hello')
  const other = await keptCertificate(join(folder, 'other'), [], Date.now())
  const otherCa = await readFile(other.caPath, 'utf8')
  await expect(call(`localhost:${server.port}`, otherCa)).rejects.toMatchObject({ code: status.UNAVAILABLE })
  const plain = grpcClient(server.port)
  expect(String(await unary(plain, path, Buffer.from('plain too')))).toBe('plain too')
  plain.close()
})

test('a server takes a new certificate without a restart', async () => {
  const first = await keptCertificate(join(folder, 'first'), [], Date.now())
  const second = await keptCertificate(join(folder, 'second'), [], Date.now())
  const ca = await readFile(second.caPath, 'utf8')
  await using server = await serve([echo], { certificate: first })
  await expect(call(`localhost:${server.port}`, ca)).rejects.toMatchObject({ code: status.UNAVAILABLE })
  server.setCertificate(second)
  expect(String(await call(`localhost:${server.port}`, ca))).toBe('hello')
})

test('the same certificate serves again at the next start', async () => {
  const now = Date.now()
  const first = await keptCertificate(folder, ['broker.example', '10.1.2.3'], now)
  expect(await keptCertificate(folder, ['broker.example', '10.1.2.3'], now + 300 * DAY_MS)).toEqual(first)
  const names = new X509Certificate(first.cert).subjectAltName
  for (const name of [
    'DNS:localhost',
    'IP Address:127.0.0.1',
    'IP Address:0:0:0:0:0:0:0:1',
    'DNS:broker.example',
    'IP Address:10.1.2.3',
  ]) {
    expect(names).toContain(name)
  }
})

test('only the owner reads the keys', async () => {
  await keptCertificate(folder, [], Date.now())
  for (const name of ['ca.key', 'server.key'])
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
})

test.each([
  ['other names', ['new.example'], 0],
  ['little time left', [], 368],
])('%s make a new server certificate of the same authority', async (_name, names, days) => {
  const now = Date.now()
  const first = await keptCertificate(folder, [], now)
  const ca = await readFile(first.caPath, 'utf8')
  const next = await keptCertificate(folder, names, now + days * DAY_MS)
  expect(next.cert).not.toBe(first.cert)
  expect(await readFile(next.caPath, 'utf8')).toBe(ca)
})

test('a damaged file is made anew', async () => {
  const first = await keptCertificate(folder, [], Date.now())
  await writeFile(join(folder, 'server.crt'), 'nothing of use')
  expect((await keptCertificate(folder, [], Date.now())).cert).not.toBe(first.cert)
})

test("the user's own files are used as they are, if they fit", async () => {
  const made = await keptCertificate(folder, [], Date.now())
  const files = [join(folder, 'server.key'), join(folder, 'server.crt')] as const
  expect(await loadCertificate(...files)).toEqual({ key: made.key, cert: made.cert, caPath: files[1] })
  await expect(loadCertificate(join(folder, 'ca.key'), files[1])).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  })
  await expect(loadCertificate(join(folder, 'none'), files[1])).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  })
})

test('TLS that stops half-way or does not speak HTTP/2 is closed, and the server serves on', async () => {
  const certificate = await keptCertificate(folder, [], Date.now())
  const ca = await readFile(certificate.caPath, 'utf8')
  await using server = await serve([echo], { certificate, prefaceMsMax: 200 })
  const half = await plainSocket(server.port)
  half.socket.write(Buffer.of(0x16, 3, 1, 2, 0, 1, 0))
  const garbage = await plainSocket(server.port)
  garbage.socket.write(Buffer.concat([Buffer.of(0x16, 3, 1, 0, 200), Buffer.alloc(500, 7)]))
  const http1 = connect({ port: server.port, host: 'localhost', ca, ALPNProtocols: ['http/1.1'] })
  const refused = new Promise((resolve) => http1.on('error', () => undefined).on('close', resolve))
  const silent = connect({ port: server.port, host: 'localhost', ca, ALPNProtocols: ['h2'] })
  const dropped = new Promise((resolve) => silent.on('error', () => undefined).on('close', resolve))
  silent.resume()
  await Promise.all([half.closed, garbage.closed, refused, dropped])
  expect(String(await call(`localhost:${server.port}`, ca))).toBe('hello')
})
