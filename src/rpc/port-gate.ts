/**
 * Tells by the first bytes what a new connection speaks: TLS (0x16, a ClientHello), HTTP/2 without TLS (its
 * preface), or something else, which is closed. Not a byte is lost: what was read is put back.
 */
import type { Socket } from 'node:net'
import { createServer, type Server as TlsServer, type TLSSocket } from 'node:tls'

/** What a connection speaks. */
export type Speech = 'tls' | 'http2' | 'http1' | 'unknown'

/** A key and its certificate chain, PEM. */
export interface KeyAndCertificate {
  readonly key: string | Buffer
  readonly cert: string | Buffer
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const TLS_HANDSHAKE = 0x16
/** `P` alone may be POST. The fourth byte decides. */
const DECIDING_BYTES = 4
const HTTP1_WORDS = 'This port speaks gRPC over HTTP/2.\n'
const HTTP1_ANSWER = [
  'HTTP/1.1 505 HTTP Version Not Supported',
  'connection: close',
  'content-type: text/plain',
  `content-length: ${HTTP1_WORDS.length}`,
  '',
  HTTP1_WORDS,
].join('\r\n')

/** What the first bytes say; `undefined` while they do not say it yet. */
export function speechOf(bytes: Buffer): Speech | undefined {
  const first = bytes[0]
  if (first === undefined) return undefined
  if (first === TLS_HANDSHAKE) return 'tls'
  const known = Math.min(bytes.byteLength, PREFACE.byteLength)
  if (PREFACE.subarray(0, known).equals(bytes.subarray(0, known))) {
    return bytes.byteLength < DECIDING_BYTES ? undefined : 'http2'
  }
  return /^[A-Z]{1,8}( |$)/.test(bytes.subarray(0, 9).toString('latin1')) ? 'http1' : 'unknown'
}

/** Calls `decided` once with what the socket speaks. A socket that ends before is left to its 'close'. */
export function listenFirst(socket: Socket, decided: (speech: Speech) => void): void {
  let seen: Buffer = Buffer.alloc(0)
  const readable = (): void => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    seen = seen.byteLength === 0 ? chunk : Buffer.concat([seen, chunk])
    const speech = speechOf(seen)
    if (speech === undefined) return
    socket.removeListener('readable', readable)
    socket.unshift(seen)
    decided(speech)
  }
  socket.on('readable', readable)
}

/** Tells a client of HTTP/1 in its own words that it is wrong here, and closes. */
export function refuseHttp1(socket: Socket): void {
  socket.end(HTTP1_ANSWER, () => socket.destroy())
}

/** Speaks TLS on sockets that were accepted elsewhere. */
export class TlsGate {
  readonly #server: TlsServer

  /**
   * Calls `secured` for each client that has agreed on HTTP/2 within `handshakeMsMax`; others are closed.
   */
  constructor(certificate: KeyAndCertificate, handshakeMsMax: number, secured: (socket: TLSSocket) => void) {
    const options = {
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeMsMax,
    } as const
    this.#server = createServer({ ...options, ...certificate }, (socket) => {
      socket.on('error', () => socket.destroy())
      if (socket.alpnProtocol === 'h2') secured(socket)
      else socket.destroy()
    })
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  take(socket: Socket): void {
    this.#server.emit('connection', socket)
  }

  /** Uses another certificate for connections from now on. */
  setCertificate(certificate: KeyAndCertificate): void {
    this.#server.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' })
  }
}
