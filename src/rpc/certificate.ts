/**
 * Certificates of the server: the user's own files, or a certificate authority and a server certificate made
 * here and kept in a folder, so that clients trust the authority once.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { BrokerError } from '../base/errors.ts'

const DAY_MS = 24 * 3600_000
const AUTHORITY_DAYS = 10 * 365
const SERVER_DAYS = 397
/** A certificate with less time left is made anew. */
const LEFT_DAYS_MIN = 30
const ALWAYS = ['localhost', '127.0.0.1', '::1']
const KEY_MODE = 0o600

/** What the server needs and where clients find whom to trust. PEM. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
  /** The file of the authority that signed: what a client names as its trusted root. */
  readonly caPath: string
}

/** Loads the user's own files. Throws `BrokerError` CONFIG_INVALID when they cannot be read or do not fit. */
export async function loadCertificate(keyPath: string, certPath: string): Promise<ServerCertificate> {
  try {
    const [key, cert] = await Promise.all([readFile(keyPath, 'utf8'), readFile(certPath, 'utf8')])
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      throw new Error('the key does not belong to the certificate')
    }
    return { key, cert, caPath: certPath }
  } catch (cause) {
    throw new BrokerError('CONFIG_INVALID', `cannot use the certificate ${certPath} with ${keyPath}`, {
      cause,
    })
  }
}

/**
 * The certificate kept in `folder`, made when it is missing, does not name all of `names` beside the local
 * ones, or expires within 30 days. `nowMs` is the wall clock.
 */
export async function keptCertificate(
  folder: string,
  names: readonly string[],
  nowMs: number,
): Promise<ServerCertificate> {
  const wanted = [...new Set([...ALWAYS, hostname(), ...names])]
  const authority = (await keptAuthority(folder, nowMs)) ?? (await makeAuthority(folder, nowMs))
  const kept = await pairIn(folder, 'server')
  const caPath = join(folder, 'ca.crt')
  if (kept !== undefined && serves(kept.cert, authority.cert, wanted, nowMs)) return { ...kept, caPath }
  return { ...(await makeServer(folder, authority, wanted, nowMs)), caPath }
}

interface Pair {
  readonly key: string
  readonly cert: string
}

async function keptAuthority(folder: string, nowMs: number): Promise<Pair | undefined> {
  const kept = await pairIn(folder, 'ca')
  return kept !== undefined && lastsFor(kept.cert, SERVER_DAYS, nowMs) ? kept : undefined
}

async function makeAuthority(folder: string, nowMs: number): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: `dledger authority of ${hostname()}` }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + AUTHORITY_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return store(folder, 'ca', { key: made.private, cert: made.cert })
}

async function makeServer(
  folder: string,
  authority: Pair,
  names: readonly string[],
  nowMs: number,
): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: 'dledger' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + SERVER_DAYS * DAY_MS),
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  })
  return store(folder, 'server', { key: made.private, cert: made.cert })
}

/** Whether a kept server certificate is of this authority, names everything and lasts. */
function serves(cert: string, authority: string, names: readonly string[], nowMs: number): boolean {
  const own = new X509Certificate(cert)
  const named = names.every((name) =>
    isIP(name) === 0 ? own.checkHost(name) !== undefined : own.checkIP(name) !== undefined,
  )
  const count = own.subjectAltName?.split(', ').length
  const signed = own.verify(new X509Certificate(authority).publicKey)
  return signed && named && count === names.length && lastsFor(cert, LEFT_DAYS_MIN, nowMs)
}

function lastsFor(cert: string, days: number, nowMs: number): boolean {
  return Date.parse(new X509Certificate(cert).validTo) > nowMs + days * DAY_MS
}

async function pairIn(folder: string, name: string): Promise<Pair | undefined> {
  try {
    const [key, cert] = await Promise.all([
      readFile(join(folder, `${name}.key`), 'utf8'),
      readFile(join(folder, `${name}.crt`), 'utf8'),
    ])
    // A file that is no certificate counts as missing.
    return isCertificate(cert) ? { key, cert } : undefined
  } catch {
    return undefined
  }
}

function isCertificate(pem: string): boolean {
  return new X509Certificate(pem).validTo !== ''
}

async function store(folder: string, name: string, pair: Pair): Promise<Pair> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await replace(join(folder, `${name}.key`), pair.key, KEY_MODE)
  await replace(join(folder, `${name}.crt`), pair.cert, 0o644)
  return pair
}

async function replace(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode })
  await chmod(`${path}.new`, mode)
  await rename(`${path}.new`, path)
}
